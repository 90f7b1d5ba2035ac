//! A deployment in memory, its callers, and a clock that only tests move.

use std::sync::Arc;

use serde_json::Value;
use strongroom_crypto::{Random, SystemRandom};
use strongroom_services::{
    cloudtrail::{self, NoHistory},
    context::{Request, Services},
    iam::{self, AccessKey, Account, Caller, Callers, User},
    kms::{self, KeyMaterial},
    lambda,
    operation::{Records, Route, Turns},
    organizations::{self, Organizations},
    protocol::Message,
    secretsmanager::{Shared, operations::ROUTES},
    sts::{self, IdentityProviders},
    tables::{AccessKeys, Accounts, Users},
};
use strongroom_store::{Mode, Store};
use strongroom_types::{AccountId, Clock, ManualClock, Partition, Region, Timestamp};

use crate::query;

/// Allows everything.
pub const ADMINISTRATOR: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// A deployment in memory.
pub struct World {
    pub services: Services,
    pub clock: Arc<ManualClock>,
    admin: Arc<Caller>,
}

/// What a call came to.
#[derive(Debug)]
pub struct Reply {
    /// The answer, or code and message of the refusal.
    pub result: Result<Value, (String, String)>,
    /// The records of a call that changes nothing, parsed.
    pub records: Vec<Value>,
}

impl World {
    pub async fn new() -> Self {
        let store = Store::in_memory();
        let clock = Arc::new(ManualClock::new(
            "2026-11-23T13:00:00Z".parse::<Timestamp>().unwrap(),
        ));
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let services = Services {
            partition: Partition::default(),
            callers: Callers::of(&store),
            key_material: KeyMaterial::new(&[1; 32], &store),
            organizations: Organizations::of(&store, Partition::default()),
            secrets: Shared::of(&store, &[2; 32]),
            turns: Turns::default(),
            identity_providers: IdentityProviders::unreachable(),
            history: Arc::new(NoHistory),
            rules: Arc::default(),
            store,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random,
        };
        let admin = caller(&services, 1, "admin", ADMINISTRATOR).await;
        Self {
            services,
            clock,
            admin,
        }
    }

    /// Seconds since the epoch.
    pub fn clock_now_seconds(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// A user of an account with one inline policy.
    pub async fn user(&self, account: u64, name: &str, policy: &str) -> Arc<Caller> {
        caller(&self.services, account, name, policy).await
    }

    /// Calls an operation as the administrator of account 1 in us-east-1, a
    /// millisecond after the call before.
    pub async fn call(&self, operation: &str, input: Value) -> Reply {
        self.call_as(&self.admin, Region::US_EAST_1, operation, input)
            .await
    }

    /// Calls an operation that must succeed.
    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        self.call(operation, input).await.result.unwrap()
    }

    /// Calls an operation that must be refused; its code and message.
    pub async fn refused(&self, operation: &str, input: Value) -> (String, String) {
        self.call(operation, input).await.result.unwrap_err()
    }

    pub async fn call_as(
        &self,
        caller: &Arc<Caller>,
        region: Region,
        operation: &str,
        input: Value,
    ) -> Reply {
        self.clock.advance(jiff::SignedDuration::from_millis(1));
        let request = Request {
            id: self.services.random.uuid().to_string(),
            caller: Arc::clone(caller),
            region,
            source_ip: [127, 0, 0, 1].into(),
            user_agent: None,
            referer: None,
            vpc_endpoint: None,
            host: None,
            tls: None,
        };
        let route = route(operation);
        let text = body(operation, &input);
        let message = Message {
            body: text.as_bytes(),
            bound: &outside(route, &input),
        };
        let answer = route.call(&self.services, &request, message).await;
        let records = match answer.records {
            Records::Pending(lines) => lines
                .iter()
                .map(|line| serde_json::from_slice(line).unwrap())
                .collect(),
            Records::Committed => Vec::new(),
        };
        let result = answer
            .result
            .map(|body| query::answer(&body))
            .map_err(|refusal| (refusal.code.to_owned(), refusal.message.into_owned()));
        Reply { result, records }
    }

    /// The administrator of account 1.
    pub fn admin(&self) -> Arc<Caller> {
        Arc::clone(&self.admin)
    }

    /// Makes a secret with a value.
    pub async fn secret(&self, name: &str) -> Value {
        self.secret_with(serde_json::json!({"Name": name, "SecretString": name}))
            .await
    }

    /// Makes a secret; the token is filled in as an SDK does.
    pub async fn secret_with(&self, mut input: Value) -> Value {
        input["ClientRequestToken"] = self.services.random.uuid().to_string().into();
        self.ok("CreateSecret", input).await
    }
}

/// An operation: `iam:CreateRole`, or without a service one of Secrets
/// Manager's.
pub fn route(operation: &str) -> &'static Route {
    let (routes, name) = match operation.split_once(':') {
        Some(("cloudtrail", name)) => (cloudtrail::operations::ROUTES, name),
        Some(("iam", name)) => (iam::operations::ROUTES, name),
        Some(("kms", name)) => (kms::operations::ROUTES, name),
        Some(("lambda", name)) => (lambda::operations::ROUTES, name),
        Some(("organizations", name)) => (organizations::operations::ROUTES, name),
        Some(("sts", name)) => (sts::operations::ROUTES, name),
        Some((service, _)) => panic!("no service {service}"),
        None => (ROUTES, operation),
    };
    routes.iter().find(|route| route.name == name).unwrap()
}

/// The members that are not in the body, of an operation whose body is no
/// document.
pub fn outside(route: &Route, input: &Value) -> Vec<(&'static str, String)> {
    if route.http.is_none_or(|http| http.payload.is_none()) {
        return Vec::new();
    }
    let text = |name| Some((name, input[name].as_str()?.to_owned()));
    ["FunctionName", "InvocationType", "Qualifier"]
        .into_iter()
        .filter_map(text)
        .collect()
}

/// A request's body: a form for services that speak Query.
pub fn body(operation: &str, input: &Value) -> String {
    match operation.split_once(':') {
        Some(("iam" | "sts", _)) => query::form(input),
        _ => input.to_string(),
    }
}

async fn caller(services: &Services, account: u64, name: &str, policy: &str) -> Arc<Caller> {
    let mut user = User {
        name: name.to_owned(),
        path: "/".to_owned(),
        id: format!("AIDA{account:012}{}", name.to_uppercase()),
        inline_policies: vec![Default::default()],
        access_key_ids: vec![format!("AKIA{account}{name}")],
        ..User::default()
    };
    "inline".clone_into(&mut user.inline_policies[0].name);
    policy.clone_into(&mut user.inline_policies[0].document);
    let id = format!("AKIA{account}{name}");
    let key = AccessKey {
        account,
        user_name: name.to_owned(),
        secret: "not used here".to_owned(),
        active: true,
        created_ms: 0,
    };
    let mut tx = services.store.begin(Mode::Write).await.unwrap();
    let owner = AccountId::new(account).unwrap();
    tx.put::<Accounts>(&(owner,), &Account::default()).unwrap();
    tx.put::<Users>(&(owner, name.to_owned()), &user).unwrap();
    tx.put::<AccessKeys>(&(id.clone(),), &key).unwrap();
    tx.commit(Vec::new()).await.unwrap();
    let found = services
        .callers
        .find(&services.store, services.partition, &id)
        .await;
    found.unwrap().unwrap()
}

/// The names in a list of secrets or values.
pub fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["Name"].as_str().unwrap())
        .collect()
}
