//! Callers at a deployment, and what calls leave behind.

use std::{collections::BTreeMap, fmt::Display, sync::Arc};

use serde_json::{Value, json};
use strongroom_crypto::SystemRandom;
use strongroom_services::{
    context::Request,
    iam::{AccessKey, Account, Caller, Found, InlinePolicy, User},
    invariants,
    jobs::{Job, Kind},
    operation::Records,
    protocol::Message,
    sts::session::{Holder, Session},
    tables::{AccessKeys, Accounts, Jobs, Users},
};
use strongroom_store::{Mode, Table};
use strongroom_types::{AccountId, Region, Sensitive};

pub use crate::world::route;
use crate::{
    query,
    world::{ADMINISTRATOR, World, body, outside},
};

/// The account that owns the secrets of most tests.
pub const OWNER: u64 = 111_122_223_333;
/// Another account.
pub const FOREIGN: u64 = 444_455_556_666;

/// Code and message of a refusal.
pub type Refused = (String, String);

/// A caller in a Region of a deployment.
#[derive(Clone)]
pub struct Client {
    pub world: Arc<World>,
    pub caller: Arc<Caller>,
    pub region: Region,
}

/// A call's answer, with its records as they are or will be in the log.
#[derive(Debug)]
pub struct Recorded {
    pub result: Result<Value, Refused>,
    pub records: Vec<Value>,
    /// The records' lines, and `Debug` of the refusal.
    pub lines: Vec<String>,
}

/// A token that is long enough.
pub fn token(end: impl Display) -> String {
    format!("token-{end:0>32}")
}

/// A policy of one statement; resource policies have a principal in it.
pub fn policy(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

pub fn account(number: u64) -> AccountId {
    AccountId::new(number).unwrap()
}

/// The administrator of [`OWNER`], in a new deployment of its own.
pub async fn administrator() -> Client {
    let world = Arc::new(World::new().await);
    // The world's own user is of account 1.
    for number in [1, FOREIGN] {
        add_row::<Accounts>(&world, (account(number),), Account::default()).await;
    }
    user(&world, OWNER, "admin", &[ADMINISTRATOR]).await
}

/// The unique id of a user, in the form of AWS's.
pub fn user_id(account: u64, name: &str) -> String {
    let name = name.to_uppercase().replace(['-', '_', '.'], "0");
    format!("AIDA{account:012}{name}")
}

/// A user with these inline policies, new or changed.
pub async fn user(world: &Arc<World>, number: u64, name: &str, policies: &[&str]) -> Client {
    let key_id = format!("AKIA{number}{name}");
    let inline = |(number, document): (usize, &&str)| InlinePolicy {
        name: format!("policy-{number}"),
        document: (*document).to_owned(),
    };
    let user = User {
        name: name.to_owned(),
        path: "/".to_owned(),
        id: user_id(number, name),
        inline_policies: policies.iter().enumerate().map(inline).collect(),
        access_key_ids: vec![key_id.clone()],
        ..User::default()
    };
    let key = AccessKey {
        account: number,
        user_name: name.to_owned(),
        secret: "never used here".to_owned(),
        active: true,
        created_ms: 0,
    };
    let owner = account(number);
    add_row::<Accounts>(world, (owner,), Account::default()).await;
    add_row::<Users>(world, (owner, name.to_lowercase()), user).await;
    add_row::<AccessKeys>(world, (key_id.clone(),), key).await;
    let services = &world.services;
    let found = services
        .callers
        .find(&services.store, services.partition, &key_id)
        .await;
    client(world, found.unwrap().unwrap())
}

/// The root user of an account.
pub fn root(world: &Arc<World>, number: u64) -> Client {
    let caller = Caller::root(
        world.services.partition,
        account(number),
        "AKIAROOT",
        Sensitive::default(),
    )
    .unwrap();
    client(world, Arc::new(caller))
}

fn client(world: &Arc<World>, caller: Arc<Caller>) -> Client {
    Client {
        world: Arc::clone(world),
        caller,
        region: Region::US_EAST_1,
    }
}

/// A session as STS makes it now.
pub async fn session(admin: &Client, of: u64, holder: Holder, limit: Option<&str>) -> Client {
    let services = &admin.world.services;
    let now_ms = services.clock.now().as_second() * 1000;
    let session = Session {
        issued_ms: now_ms,
        expires_ms: now_ms + 3_600_000,
        holder: Some(holder),
        policy: limit.map(str::to_owned),
        ..Session::default()
    };
    let tokens = services.callers.tokens();
    let issued = tokens.issue(&SystemRandom, session, account(of), 0);
    let (store, partition) = (&services.store, services.partition);
    let (id, token) = (&issued.access_key_id, issued.session_token.expose());
    let found = services
        .callers
        .find_session(store, partition, id, token, services.clock.now());
    let Found::Caller(caller) = found.await.unwrap() else {
        panic!("a session that is not known");
    };
    Client {
        caller,
        ..admin.clone()
    }
}

/// Writes a row past all operations.
pub async fn add_row<T: Table>(world: &World, key: T::Key, row: T::Record) {
    let mut tx = world.services.store.begin(Mode::Write).await.unwrap();
    tx.put::<T>(&key, &row).unwrap();
    tx.commit(Vec::new()).await.unwrap();
}

/// All rows of a table.
pub async fn rows<T: Table>(world: &World) -> Vec<(T::Key, T::Record)> {
    let mut tx = world.services.store.begin(Mode::Read).await.unwrap();
    tx.range::<T>((), None, usize::MAX).await.unwrap()
}

/// The jobs about secrets. The managed key has one too, of its rotation.
pub async fn secret_jobs(world: &World) -> Vec<((u64, String), Job)> {
    let mut jobs = rows::<Jobs>(world).await;
    jobs.retain(|(_, job)| job.kind != Kind::RotateKmsKey as i32);
    jobs
}

/// Asserts that no rule of the stored rows is broken.
#[track_caller]
pub fn assert_sound(problems: &[String]) {
    assert!(problems.is_empty(), "{problems:#?}");
}

/// The rules that the stored rows break.
pub async fn problems(world: &World) -> Vec<String> {
    invariants::check(&world.services).await.unwrap()
}

impl Client {
    /// The same caller in another Region.
    pub fn region(&self, name: &str) -> Self {
        Self {
            region: name.parse().unwrap(),
            ..self.clone()
        }
    }

    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, Refused> {
        self.world
            .call_as(&self.caller, self.region, operation, input)
            .await
            .result
    }

    /// A call that must succeed.
    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        match self.call(operation, input.clone()).await {
            Ok(answer) => answer,
            Err(refused) => panic!("{operation} {input}: {refused:?}"),
        }
    }

    /// A call that must be refused; its code and message.
    pub async fn refused(&self, operation: &str, input: Value) -> Refused {
        match self.call(operation, input.clone()).await {
            Ok(answer) => panic!("{operation} {input}: {answer}"),
            Err(refused) => refused,
        }
    }

    /// The code of a call that must be refused.
    pub async fn code(&self, operation: &str, input: Value) -> String {
        self.refused(operation, input).await.0
    }

    /// Makes a secret and returns its ARN. Its version's token is that of its
    /// name.
    pub async fn secret(&self, name: &str, value: &str) -> String {
        let input = json!({"Name": name, "SecretString": value, "ClientRequestToken": token(name)});
        let answer = self.ok("CreateSecret", input).await;
        answer["ARN"].as_str().unwrap().to_owned()
    }

    /// Puts a value under a token, with labels or without.
    pub async fn put(&self, name: &str, token: &str, value: &str, labels: Option<&[&str]>) {
        let mut input =
            json!({"SecretId": name, "SecretString": value, "ClientRequestToken": token});
        if let Some(labels) = labels {
            input["VersionStages"] = json!(labels);
        }
        self.ok("PutSecretValue", input).await;
    }

    pub async fn describe(&self, name: &str) -> Value {
        self.ok("DescribeSecret", json!({"SecretId": name})).await
    }

    /// Labels by version.
    pub async fn stages(&self, name: &str) -> BTreeMap<String, Vec<String>> {
        let stages = self.describe(name).await["VersionIdsToStages"].take();
        serde_json::from_value(stages).unwrap()
    }

    /// The current value as text.
    pub async fn value(&self, name: &str) -> String {
        let answer = self.ok("GetSecretValue", json!({"SecretId": name})).await;
        answer["SecretString"].as_str().unwrap().to_owned()
    }

    /// A call with everything that it leaves for the log.
    pub async fn recorded(&self, operation: &str, input: Value) -> Recorded {
        let text = body(operation, &input);
        let message = Message {
            body: text.as_bytes(),
            bound: &outside(route(operation), &input),
        };
        self.recorded_message(operation, message).await
    }

    pub async fn recorded_bytes(&self, operation: &str, body: &[u8]) -> Recorded {
        self.recorded_message(operation, body.into()).await
    }

    async fn recorded_message(&self, operation: &str, message: Message<'_>) -> Recorded {
        let services = &self.world.services;
        let before = outbox(&self.world).await.len();
        self.world
            .clock
            .advance(jiff::SignedDuration::from_millis(1));
        let request = self.request();
        let answer = route(operation).call(services, &request, message).await;
        let mut lines = match answer.records {
            Records::Pending(lines) => lines,
            Records::Committed => outbox(&self.world).await.split_off(before),
        };
        let records = lines
            .iter()
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        if let Err(refusal) = &answer.result {
            lines.push(format!("{refusal:?}").into_bytes());
        }
        lines.push(format!("{request:?}").into_bytes());
        let result = answer
            .result
            .map(|body| query::answer(&body))
            .map_err(|refusal| (refusal.code.to_owned(), refusal.message.into_owned()));
        let lines = lines
            .into_iter()
            .map(|line| String::from_utf8(line).unwrap())
            .collect();
        Recorded {
            result,
            records,
            lines,
        }
    }

    /// A request of this caller.
    pub fn request(&self) -> Request {
        Request {
            id: self.world.services.random.uuid().to_string(),
            caller: Arc::clone(&self.caller),
            region: self.region,
            source_ip: [192, 0, 2, 7].into(),
            user_agent: Some("tests/1.0".to_owned()),
            referer: None,
            vpc_endpoint: None,
            host: Some("localhost".to_owned()),
            tls: None,
        }
    }
}

/// Every record that was committed, the oldest first.
pub async fn outbox(world: &World) -> Vec<Vec<u8>> {
    let records = world.services.store.outbox(0, usize::MAX).await.unwrap();
    records.into_iter().map(|(_, line)| line).collect()
}
