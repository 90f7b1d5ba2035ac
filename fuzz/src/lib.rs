//! What several targets need: a deployment in memory that is made the same at
//! every run, and calls into it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use jiff::SignedDuration;
use serde_json::{Value, json};
use strongroom_crypto::Random;
use strongroom_services::{
    cloudtrail::NoHistory,
    context::{Request, Services},
    iam::{AccessKey, Account, Caller, Callers, InlinePolicy, User},
    invariants,
    kms::{self, KeyMaterial},
    operation::{Answer, Records, Route, Turns},
    organizations::Organizations,
    refusal::Refusal,
    secretsmanager::{Shared, flush_accesses, operations::ROUTES},
    sts::IdentityProviders,
    tables::{AccessKeys, Accounts, Users},
};
use strongroom_store::{Change, CommitObserver, Mode, Store};
use strongroom_types::{AccountId, Clock, ManualClock, Partition, Region, Timestamp};

/// The time at which every run begins.
pub const NOW: &str = "2026-11-23T13:00:00Z";
/// The account whose administrator owns the secrets.
pub const ACCOUNT: u64 = 111_122_223_333;
/// The account of a stranger who may do anything in it.
pub const OTHER_ACCOUNT: u64 = 444_455_556_666;

const ADMINISTRATOR: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
/// Of a user who reads some secrets, and whose rights hang on tags.
const READER: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":["secretsmanager:Get*","secretsmanager:Batch*"],
     "Resource":"arn:aws:secretsmanager:*:*:secret:a/*"},
    {"Effect":"Allow","Action":"secretsmanager:*","Resource":"*",
     "Condition":{"StringLike":{"aws:ResourceTag/team":"${aws:username}*"}}}]}"#;

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// The administrator of [`ACCOUNT`].
    Admin,
    /// A user of [`ACCOUNT`] with few rights.
    Reader,
    /// The administrator of [`OTHER_ACCOUNT`].
    Stranger,
}

/// A deployment in memory. Its chance is counted, its clock moves by a
/// millisecond with each call.
pub struct Deployment {
    /// The deployment's parts.
    pub services: Services,
    clock: Arc<ManualClock>,
    commits: Arc<Commits>,
    callers: [Arc<Caller>; 3],
}

/// An answer, parsed.
pub type Outcome = Result<Value, Refusal>;

impl Deployment {
    /// A deployment with three users and three secrets.
    pub async fn new() -> Self {
        let store = Store::in_memory();
        let clock = Arc::new(ManualClock::new(NOW.parse::<Timestamp>().unwrap()));
        let commits = Arc::new(Commits::default());
        let services = Services {
            partition: Partition::default(),
            callers: Callers::of(&store),
            key_material: KeyMaterial::new(&[1; 32], &store),
            secrets: Shared::of(&store, &[2; 32]),
            identity_providers: IdentityProviders::unreachable(),
            organizations: Organizations::of(&store, Partition::default()),
            history: Arc::new(NoHistory),
            rules: Arc::default(),
            turns: Turns::default(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: Arc::new(Counted::default()),
            store,
        };
        services
            .store
            .observe(Arc::clone(&commits) as Arc<dyn CommitObserver>);
        let callers = [
            caller(&services, ACCOUNT, "admin", ADMINISTRATOR).await,
            caller(&services, ACCOUNT, "reader", READER).await,
            caller(&services, OTHER_ACCOUNT, "admin", ADMINISTRATOR).await,
        ];
        let this = Self {
            services,
            clock,
            commits,
            callers,
        };
        for (name, token, team) in [("a/one", '1', "reader"), ("b", '2', "x"), ("c", '3', "y")] {
            this.ok(
                "CreateSecret",
                &json!({
                    "Name": name, "SecretString": "s3cret",
                    "ClientRequestToken": token.to_string().repeat(32),
                    "Tags": [{"Key": "team", "Value": team}],
                }),
            )
            .await;
        }
        this
    }

    /// Who this is.
    pub fn caller(&self, who: Who) -> &Arc<Caller> {
        &self.callers[who as usize]
    }

    /// A call that must succeed.
    pub async fn ok(&self, operation: &str, input: &Value) -> Value {
        let route = route(operation).unwrap();
        let body = input.to_string();
        let outcome = self.call(Who::Admin, route, body.as_bytes()).await;
        outcome.unwrap_or_else(|refusal| panic!("{operation}: {refusal:?}"))
    }

    /// A call. What must hold of every one is asserted: the answer is JSON, a
    /// refusal has a known code and leaves the store as it was, and there are
    /// records without the secret.
    pub async fn call(&self, who: Who, route: &Route, body: &[u8]) -> Outcome {
        let before = self.commits.count();
        let answer = self.answer(who, route, body).await;
        let changed = self.commits.count() - before;
        match answer.result {
            // Operations without an output answer nothing at all.
            Ok(body) if body.is_empty() => Ok(Value::Null),
            Ok(body) => Ok(serde_json::from_slice(&body).unwrap()),
            Err(refusal) => {
                assert_eq!(changed, 0, "a refusal that changed the store");
                let framework = ["SerializationException", "ValidationException"];
                let known = framework.contains(&refusal.code)
                    || refusal.code == "AccessDeniedException"
                    || route.errors.contains(&refusal.code);
                assert!(known, "{} does not answer {refusal:?}", route.name);
                assert_eq!(refusal.status, 400, "{refusal:?}");
                assert!(refusal.detail.is_none(), "{refusal:?}");
                Err(refusal)
            }
        }
    }

    /// A call in whatever protocol. A refusal leaves the store as it was, and
    /// there are records.
    pub async fn answer(&self, who: Who, route: &Route, body: &[u8]) -> Answer {
        self.clock.advance(SignedDuration::from_millis(1));
        let request = Request {
            id: "00000000-0000-4000-8000-000000000000".to_owned(),
            caller: Arc::clone(self.caller(who)),
            region: Region::US_EAST_1,
            source_ip: [127, 0, 0, 1].into(),
            user_agent: None,
            referer: None,
            vpc_endpoint: None,
            host: None,
            tls: None,
        };
        let before = self.commits.count();
        let answer = route.call(&self.services, &request, body).await;
        let changed = self.commits.count() - before;
        match &answer.records {
            Records::Committed => assert!(answer.result.is_ok(), "a refusal that committed"),
            Records::Pending(lines) => {
                assert_eq!(changed, 0, "a change without its record");
                assert!(!lines.is_empty(), "an answer without a record");
                for line in lines {
                    serde_json::from_slice::<Value>(line).unwrap();
                    assert!(!line.contains(&b'\n') && !line.contains(&0));
                }
            }
        }
        answer
    }

    /// What must be true of the stored rows.
    pub async fn check(&self) {
        flush_accesses(&self.services).await.unwrap();
        let problems = invariants::check(&self.services).await.unwrap();
        assert!(problems.is_empty(), "{problems:#?}");
    }
}

/// The operation of this name: one of Secrets Manager, or of KMS where `kms:`
/// stands before it.
pub fn route(name: &str) -> Option<&'static Route> {
    let (routes, name) = match name.strip_prefix("kms:") {
        Some(name) => (kms::operations::ROUTES, name),
        None => (ROUTES, name),
    };
    routes.iter().find(|route| route.name == name)
}

/// Runs a future that waits for nothing outside this process.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}

async fn caller(services: &Services, account: u64, name: &str, policy: &str) -> Arc<Caller> {
    let user = User {
        name: name.to_owned(),
        path: "/".to_owned(),
        id: format!("AIDA{account:012}{}", name.to_uppercase()),
        inline_policies: vec![InlinePolicy {
            name: "inline".to_owned(),
            document: policy.to_owned(),
        }],
        access_key_ids: vec![format!("AKIA{account}{name}")],
        ..User::default()
    };
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
        .find(&services.store, services.partition, &id);
    found.await.unwrap().unwrap()
}

/// Counts commits that changed a row.
#[derive(Default)]
struct Commits(AtomicUsize);

impl Commits {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl CommitObserver for Commits {
    fn committed(&self, changes: &[Change]) {
        if !changes.is_empty() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Chance that comes out the same at every run: the numbers of splitmix64.
#[derive(Default)]
struct Counted(AtomicU64);

impl Random for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            let mut number = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            number ^= number >> 31;
            chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
        }
    }
}
