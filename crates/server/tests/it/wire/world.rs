//! The product in this process, and who talks to it.

use std::{path::PathBuf, sync::Arc};

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use http_body_util::BodyExt as _;
use serde_json::Value;
use strongroom::{
    app::{App, Setup, StartError},
    audit::Options,
    http::{Handler as _, Request as HttpRequest, RequestId, RequestIds},
    outbound::Outbound,
    routes::SERVICES,
};
use strongroom_crypto::SystemRandom;
use strongroom_services::{
    iam::{AccessKey, Account, InlinePolicy, User, bootstrap},
    protocol::Protocol,
    secretsmanager::flush_accesses,
    tables::{AccessKeys, Accounts, OrganizationMembers, Users},
};
use strongroom_sigv4::{Credentials, Request as SigningRequest, presign, sign_headers};
use strongroom_store::{Mode, StoreError, UnsealSource};
use strongroom_types::{AccountId, Partition, Region, Timestamp};

use super::{normal::Names, transcript::Request};

pub(super) const ACCOUNT: u64 = 111_122_223_333;
const OTHER_ACCOUNT: u64 = 444_455_556_666;
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// What a transcript says of the signature, not to the server.
const OWN_HEADERS: [&str; 3] = ["as", "region", "service"];
/// The sender in an account that an organization made.
const MEMBER: &str = "member";
pub(super) const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

const NOTHING: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"none:None","Resource":"*"}}"#;
pub(super) const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// A node with an empty store. Its senders: `admin` of the account
/// 111122223333 may do everything there and `nobody` nothing, `stranger` may
/// do everything in 444455556666, and `member` in the account that the
/// transcript's organization made; a request of `unsigned` has no signature,
/// one of `forger` the admin's made with another secret, one of `unknown` that
/// of an access key that does not exist. `ASIA` is whoever has the temporary
/// credentials that an earlier reply told, `ASIA2` those of the second.
pub(super) struct World {
    pub(super) app: Arc<App>,
    admin: Sender,
    ids: RequestIds,
    directory: tempfile::TempDir,
}

/// Credentials.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
    pub(super) session_token: Option<String>,
}

impl Sender {
    fn credentials<'a>(&'a self, request: &'a Request) -> Credentials<'a> {
        Credentials {
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: self.session_token.as_deref(),
            region: request.header("region").unwrap_or("us-east-1"),
            service: &request.service,
        }
    }
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    content_type: String,
    other_headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl World {
    pub(super) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        let key = UnsealSource::File(place.join("root.key"));
        let setup = || Setup {
            store: place.join("store"),
            root_key: key.read_or_create(&SystemRandom).unwrap(),
            audit: place.join("audit"),
            audit_options: Options::default(),
            partition: Partition::default(),
            regions: Region::all().collect(),
            authorities: None,
            outbound: Outbound::new(None).unwrap(),
            endpoints: Vec::new(),
            rules: strongroom_services::config_rules::Rules::default(),
            function_endpoints: Vec::new(),
        };
        // A process that another test is just starting may hold a copy of the
        // store's lock for a moment, until it runs its program.
        let mut app = App::open(setup()).await;
        while let Err(StartError::Store(StoreError::InUse { .. })) = app {
            std::thread::yield_now();
            app = App::open(setup()).await;
        }
        let app = app.unwrap();
        let admin = bootstrap(&app.services, AccountId::new(ACCOUNT)).await;
        let admin = admin.unwrap().unwrap();
        for (account, name, policy) in [
            (ACCOUNT, "nobody", NOTHING),
            (OTHER_ACCOUNT, "stranger", EVERYTHING),
        ] {
            user(&app, account, name, policy).await;
        }
        Self {
            app,
            admin: Sender {
                access_key_id: admin.access_key_id.clone(),
                secret_access_key: admin.secret_access_key.expose().clone(),
                session_token: None,
            },
            ids: RequestIds::new(Arc::new(SystemRandom)),
            directory,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.app.services.clock.now()
    }

    pub(super) async fn send(&self, request: &Request, names: &Names) -> Reply {
        if request.header("as") == Some(MEMBER) {
            self.make_member().await;
        }
        let sender = match request.header("as").unwrap_or("admin") {
            "unsigned" => None,
            name => Some(self.sender(name, names)),
        };
        self.send_as(request, names, sender.as_ref(), self.now())
            .await
    }

    /// Sends a request that somebody signed at some time, or nobody.
    pub(super) async fn send_as(
        &self,
        request: &Request,
        names: &Names,
        sender: Option<&Sender>,
        signed_at: Timestamp,
    ) -> Reply {
        let mut http = Self::request(request, names, self.ids.fresh());
        if let Some(sender) = sender {
            sign(&mut http, &sender.credentials(request), signed_at);
        }
        self.exchange(http).await
    }

    /// Sends a request with the signature in its query, good for a quarter of an
    /// hour.
    pub(super) async fn send_presigned(
        &self,
        request: &Request,
        names: &Names,
        sender: &Sender,
        signed_at: Timestamp,
    ) -> Reply {
        let mut http = Self::request(request, names, self.ids.fresh());
        presigned(&mut http, &sender.credentials(request), signed_at);
        self.exchange(http).await
    }

    async fn exchange(&self, http: HttpRequest) -> Reply {
        let id = http.id;
        let answer = self.app.handle(http).await;
        // The date of a read is written a moment later; here, now.
        flush_accesses(&self.app.services).await.unwrap();

        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let mut headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let mut take = |name: &str| {
            let place = headers.iter().position(|(known, _)| known == name);
            headers.remove(place.unwrap()).1
        };
        assert_eq!(take("x-amzn-requestid"), id.as_str());
        let body = String::from_utf8(body.to_vec()).unwrap();
        Reply {
            status: head.status.as_u16(),
            content_type: take("content-type"),
            other_headers: headers,
            body: body.replace(id.as_str(), "{request-id}"),
        }
    }

    fn request(request: &Request, names: &Names, id: RequestId) -> HttpRequest {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("localhost"));
        let mut body = names.resolve(&request.body);
        let (method, uri) = request.line.split_once(' ').unwrap_or_else(|| {
            match protocol(&request.service) {
                Protocol::Json(json) => {
                    let target_prefix = json.target_prefix;
                    let target = format!("{target_prefix}.{}", request.line);
                    headers.insert("x-amz-target", HeaderValue::try_from(target).unwrap());
                    headers.insert("content-type", HeaderValue::from_static(CONTENT_TYPE));
                }
                Protocol::Query(query) => {
                    body = form(&request.line, query.version, &body);
                    headers.insert("content-type", HeaderValue::from_static(FORM));
                }
                Protocol::RestJson => panic!("{} needs a method and a path", request.line),
            }
            ("POST", "/")
        });
        let sent = request
            .headers
            .iter()
            .filter(|(name, _)| !OWN_HEADERS.contains(&name.as_str()));
        for (name, value) in sent {
            headers.insert(
                HeaderName::try_from(name).unwrap(),
                HeaderValue::try_from(names.resolve(value)).unwrap(),
            );
        }
        HttpRequest {
            id,
            method: Method::try_from(method).unwrap(),
            uri: uri.parse().unwrap(),
            version: Version::HTTP_11,
            headers,
            body: body.into_bytes().into(),
            peer: "127.0.0.1:50000".parse().unwrap(),
            tls: None,
            vpc_endpoint: None,
        }
    }

    /// Makes the user who may do everything in an account of the organization.
    async fn make_member(&self) {
        let mut tx = self.app.services.store.begin(Mode::Read).await.unwrap();
        let members = tx.range::<OrganizationMembers>((), None, 10).await.unwrap();
        let mut accounts = members.iter().map(|((account,), _)| account.number());
        if let Some(account) = accounts.find(|account| *account != ACCOUNT) {
            user(&self.app, account, MEMBER, EVERYTHING).await;
        }
    }

    /// The audit log's records, all of them.
    pub(super) fn log(&self) -> String {
        let directory = std::fs::read_dir(self.directory.path().join("audit")).unwrap();
        let mut paths: Vec<_> = directory.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let segment = |path: &&PathBuf| path.extension().is_some_and(|end| end == "jsonl");
        let text = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        // Zeros fill up the last one.
        let texts = paths.iter().filter(segment).map(text);
        texts
            .map(|text| text.trim_end_matches('\0').to_owned())
            .collect()
    }

    /// What a sender signs with.
    pub(super) fn sender(&self, name: &str, names: &Names) -> Sender {
        let of_user = |account, name| Sender {
            access_key_id: access_key_id(account, name),
            secret_access_key: SECRET_ACCESS_KEY.to_owned(),
            session_token: None,
        };
        match name {
            "admin" => self.admin.clone(),
            "forger" => Sender {
                secret_access_key: SECRET_ACCESS_KEY.to_owned(),
                ..self.admin.clone()
            },
            MEMBER => of_user(0, MEMBER),
            "nobody" | "unknown" => of_user(ACCOUNT, name),
            "stranger" => of_user(OTHER_ACCOUNT, name),
            temporary if temporary.starts_with("ASIA") => {
                let number = temporary.trim_start_matches("ASIA");
                let known = |kind: &str| names.value(&format!("{kind}{number}")).to_owned();
                Sender {
                    access_key_id: known("ASIA"),
                    secret_access_key: known("secret"),
                    session_token: Some(known("session-token")),
                }
            }
            other => panic!("who is `{other}`?"),
        }
    }
}

/// How a service is spoken to.
fn protocol(service: &str) -> Protocol {
    let mut services = SERVICES.iter();
    let served = services.find(|served| served.signing_name == service);
    (served.expect("a service that is served").protocol)()
}

/// The form of a request whose parameters stand one on a line, or in JSON.
fn form(operation: &str, version: &str, parameters: &str) -> String {
    let mut form = format!("Action={operation}&Version={version}");
    if parameters.starts_with('{') {
        let input: Value = serde_json::from_str(parameters).unwrap();
        flatten(&mut form, "", &input);
        return form;
    }
    for parameter in parameters.lines() {
        let (name, value) = parameter.split_once('=').unwrap();
        add(&mut form, name, value);
    }
    form
}

/// Members as `Tags.member.1.Key`.
fn flatten(form: &mut String, name: &str, value: &Value) {
    let dot = if name.is_empty() { "" } else { "." };
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                flatten(form, &format!("{name}{dot}{member}"), value);
            }
        }
        Value::Array(items) if items.is_empty() => add(form, name, ""),
        Value::Array(items) => {
            for (item, number) in items.iter().zip(1..) {
                flatten(form, &format!("{name}.member.{number}"), item);
            }
        }
        Value::Null => {}
        Value::String(text) => add(form, name, text),
        scalar => add(form, name, &scalar.to_string()),
    }
}

fn add(form: &mut String, name: &str, value: &str) {
    *form += &format!("&{name}=");
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            form.push(char::from(byte));
        } else {
            *form += &format!("%{byte:02X}");
        }
    }
}

fn sign(request: &mut HttpRequest, credentials: &Credentials<'_>, at: Timestamp) {
    let added = viewed(request, |view| sign_headers(view, credentials, at).unwrap());
    for (name, value) in added {
        let value = HeaderValue::try_from(value).unwrap();
        request.headers.insert(name, value);
    }
}

fn presigned(request: &mut HttpRequest, credentials: &Credentials<'_>, at: Timestamp) {
    let query = viewed(request, |view| presign(view, credentials, at, 900).unwrap());
    let uri = format!("{}?{query}", request.uri.path());
    request.uri = uri.parse().unwrap();
}

/// What comes of a request as signers see it.
fn viewed<T>(request: &HttpRequest, of: impl FnOnce(&SigningRequest<'_>) -> T) -> T {
    let headers: Vec<(&str, &[u8])> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    of(&SigningRequest {
        method: request.method.as_str(),
        path: request.uri.path(),
        query: request.uri.query().unwrap_or_default(),
        headers: &headers,
        body: &request.body,
    })
}

impl Reply {
    /// Whether this is the reply's error.
    pub(super) fn has_code(&self, code: &str) -> bool {
        let in_header =
            |(name, value): &(String, String)| name == "x-amzn-errortype" && value == code;
        self.body.contains(code) || self.other_headers.iter().any(in_header)
    }

    /// The lines of a transcript, with the body as it is shown.
    pub(super) fn written(&self, body: &str) -> String {
        let mut lines = vec![format!("{} {}", self.status, self.content_type)];
        let headers = self.other_headers.iter();
        lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
        lines.extend(body.lines().map(str::to_owned));
        lines.iter().map(|line| format!("< {line}\n")).collect()
    }
}

pub(super) fn access_key_id(account: u64, name: &str) -> String {
    if name == MEMBER {
        // Whatever number its account was given.
        return "AKIAMEMBER".to_owned();
    }
    format!("AKIA{account}{}", name.to_uppercase())
}

pub(super) async fn user(app: &App, account: u64, name: &str, policy: &str) {
    let owner = AccountId::new(account).unwrap();
    let user = User {
        name: name.to_owned(),
        path: "/".to_owned(),
        id: format!("AIDA{account}{}", name.to_uppercase()),
        inline_policies: vec![InlinePolicy {
            name: "inline".to_owned(),
            document: policy.to_owned(),
        }],
        access_key_ids: vec![access_key_id(account, name)],
        ..User::default()
    };
    let key = AccessKey {
        account,
        user_name: name.to_owned(),
        secret: SECRET_ACCESS_KEY.to_owned(),
        active: true,
        created_ms: 0,
    };
    let mut tx = app.services.store.begin(Mode::Write).await.unwrap();
    tx.put::<Accounts>(&(owner,), &Account::default()).unwrap();
    tx.put::<Users>(&(owner, name.to_owned()), &user).unwrap();
    tx.put::<AccessKeys>(&(access_key_id(account, name),), &key)
        .unwrap();
    tx.commit(Vec::new()).await.unwrap();
}
