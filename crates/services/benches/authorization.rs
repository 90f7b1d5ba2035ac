//! What it costs to authorise `GetSecretValue` for a role's session with five
//! attached policies, a boundary, a service control policy and tags.
//!
//! `cargo xtask bench` runs it. CPU time of this one thread, by the kernel's
//! count, the best and the middle of many rounds.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot be made ends, and its result is printed"
)]

use std::{fs, sync::Arc};

use serde_json::{Value, json};
use strongroom_crypto::{Random, SystemRandom};
use strongroom_services::{
    authorize::{Keys, check},
    cloudtrail::NoHistory,
    context::{Context, Request, Services},
    iam::{
        AccessKey, Account, Callers, Found, InlinePolicy, ManagedPolicy, PolicyVersion, Role, Tag,
        User,
    },
    kms::KeyMaterial,
    operation::{Route, Turns},
    organizations::{self, Organizations},
    secretsmanager::{self, SecretRef, Shared},
    sts::{
        self, IdentityProviders,
        session::{Holder, RoleHolder, Session, SessionTag},
    },
    tables::{AccessKeys, Accounts, ManagedPolicies, Roles, Users},
};
use strongroom_store::{Mode, Store};
use strongroom_types::{AccountId, Clock, Partition, Region, SystemClock};

const ACCOUNT: u64 = 111_122_223_333;
const ROUNDS: usize = 50;
const CALLS: u32 = 20_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(run());
}

async fn run() {
    let services = services();
    let account = AccountId::new(ACCOUNT).expect("an account");
    let admin = admin(&services, account).await;
    let call = |routes: &'static [Route], operation: &'static str, input: Value| {
        let (services, admin) = (&services, &admin);
        async move {
            let route = routes.iter().find(|route| route.name == operation);
            let body = input.to_string();
            let answer = route
                .expect("an operation")
                .call(services, admin, body.as_bytes())
                .await;
            let body = answer
                .result
                .unwrap_or_else(|refusal| panic!("{operation}: {refusal:?}"));
            serde_json::from_slice::<Value>(&body).unwrap_or_default()
        }
    };
    perimeter(&call).await;
    let made = call(
        secretsmanager::operations::ROUTES,
        "CreateSecret",
        json!({
            "Name": "prod/db", "SecretString": "s3cret",
            "ClientRequestToken": "0123456789abcdef0123456789abcdef",
            "Tags": [{"Key": "team", "Value": "red"}, {"Key": "stage", "Value": "prod"}],
        }),
    )
    .await;
    let arn = made["ARN"].as_str().expect("an ARN").to_owned();
    let request = session(&services, &admin, account).await;

    let now = services.clock.now();
    let mut cx = Context::begin(&services, &request, now, Mode::Read)
        .await
        .expect("a transaction");
    let target = SecretRef::resolve(&mut cx, &arn).await.expect("a secret");
    let keys = Keys::default();
    let authorise = || check(&cx, &target, "secretsmanager:GetSecretValue", &keys);
    authorise().expect("allowed");
    assert!(check(&cx, &target, "secretsmanager:DeleteSecret", &keys).is_err());

    let mut rounds: Vec<u64> = (0..ROUNDS)
        .map(|_| {
            let before = cpu_nanoseconds();
            for _ in 0..CALLS {
                std::hint::black_box(authorise()).expect("allowed");
            }
            (cpu_nanoseconds() - before) / u64::from(CALLS)
        })
        .collect();
    rounds.sort_unstable();
    let (best, middle) = (rounds[0], rounds[ROUNDS / 2]);
    println!(
        "authorisation of GetSecretValue, role session, five policies, boundary, SCP, tags: \
         {middle} ns of CPU (best {best} ns)"
    );
}

/// Nanoseconds that this thread was on a CPU.
fn cpu_nanoseconds() -> u64 {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").expect("statistics");
    let first = statistics.split(' ').next().expect("a number");
    first.parse().expect("a number")
}

fn services() -> Services {
    let store = Store::in_memory();
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Services {
        partition: Partition::default(),
        callers: Callers::of(&store),
        key_material: KeyMaterial::new(&[1; 32], &store),
        organizations: Organizations::of(&store, Partition::default()),
        secrets: Shared::of(&store, &[2; 32]),
        turns: Turns::default(),
        history: Arc::new(NoHistory),
        rules: Arc::default(),
        identity_providers: IdentityProviders::unreachable(),
        store,
        clock,
        random,
    }
}

/// An organization whose service control policies let the account do what it
/// does, but for two things.
async fn perimeter<F, R>(call: &F)
where
    F: Fn(&'static [Route], &'static str, Value) -> R,
    R: Future<Output = Value>,
{
    let routes = organizations::operations::ROUTES;
    call(routes, "CreateOrganization", json!({"FeatureSet": "ALL"})).await;
    let roots = call(routes, "ListRoots", json!({})).await;
    let root = roots["Roots"][0]["Id"].as_str().expect("a root").to_owned();
    call(
        routes,
        "EnablePolicyType",
        json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"}),
    )
    .await;
    let content = policy(&json!([{
        "Effect": "Deny",
        "Action": ["secretsmanager:PutResourcePolicy", "organizations:LeaveOrganization"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalTag/role": "admin"}},
    }]));
    let made = call(
        routes,
        "CreatePolicy",
        json!({"Content": content, "Description": "", "Name": "perimeter", "Type": "SERVICE_CONTROL_POLICY"}),
    )
    .await;
    let id = made["Policy"]["PolicySummary"]["Id"]
        .as_str()
        .expect("an id")
        .to_owned();
    call(
        routes,
        "AttachPolicy",
        json!({"PolicyId": id, "TargetId": root}),
    )
    .await;
}

async fn admin(services: &Services, account: AccountId) -> Request {
    let mut tx = services
        .store
        .begin(Mode::Write)
        .await
        .expect("a transaction");
    let user = User {
        name: "admin".to_owned(),
        path: "/".to_owned(),
        id: "AIDAADMIN".to_owned(),
        inline_policies: vec![InlinePolicy {
            name: "all".to_owned(),
            document: policy(&json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])),
        }],
        ..User::default()
    };
    let key = AccessKey {
        account: account.number(),
        user_name: "admin".to_owned(),
        secret: "never used".to_owned(),
        active: true,
        created_ms: 0,
    };
    let put = || -> Result<(), strongroom_store::StoreError> {
        tx.put::<Accounts>(&(account,), &Account::default())?;
        tx.put::<Users>(&(account, "admin".to_owned()), &user)?;
        tx.put::<AccessKeys>(&("AKIAADMIN".to_owned(),), &key)
    };
    let mut put = put;
    put().expect("rows");
    tx.commit(Vec::new()).await.expect("a commit");
    let found = services
        .callers
        .find(&services.store, services.partition, "AKIAADMIN")
        .await;
    Request {
        id: "00000000-0000-4000-8000-000000000000".to_owned(),
        caller: found.expect("an answer").expect("a caller"),
        region: Region::US_EAST_1,
        source_ip: [192, 0, 2, 7].into(),
        user_agent: Some("bench".to_owned()),
        referer: None,
        vpc_endpoint: None,
        host: None,
        tls: None,
    }
}

/// A tagged session of a role with five attached policies, of which the last
/// allows, and a boundary.
async fn session(services: &Services, admin: &Request, account: AccountId) -> Request {
    let documents = [
        json!([{"Effect": "Allow", "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"}]),
        json!([{"Effect": "Allow", "Action": "secretsmanager:List*", "Resource": "*"}]),
        json!([{"Effect": "Allow", "Action": ["iam:Get*", "iam:List*", "sts:*"], "Resource": "*"}]),
        json!([{"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*",
                "Condition": {"StringNotEqualsIfExists": {"aws:ResourceTag/stage": ["prod", "test"]},
                              "NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}]),
        json!([{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                "Resource": "arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/stage}/*",
                "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}}]),
    ];
    let mut tx = services
        .store
        .begin(Mode::Write)
        .await
        .expect("a transaction");
    let mut attached = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        let name = format!("policy-{number}");
        let row = ManagedPolicy {
            name: name.clone(),
            path: "/".to_owned(),
            id: format!("ANPA{number}"),
            versions: vec![PolicyVersion {
                number: 1,
                document: policy(document),
                created_ms: 0,
            }],
            default_version: 1,
            ..ManagedPolicy::default()
        };
        attached.push(format!("arn:aws:iam::{account}:policy/{name}"));
        tx.put::<ManagedPolicies>(&(account, name), &row)
            .expect("a row");
    }
    let role = Role {
        name: "Reader".to_owned(),
        path: "/".to_owned(),
        id: "AROAREADER".to_owned(),
        attached_policies: attached,
        permissions_boundary: Some("arn:aws:iam::aws:policy/PowerUserAccess".to_owned()),
        tags: vec![Tag {
            key: "team".to_owned(),
            value: "red".to_owned(),
        }],
        trust_policy: "{}".to_owned(),
        max_session_seconds: 3600,
        ..Role::default()
    };
    tx.put::<Roles>(&(account, "reader".to_owned()), &role)
        .expect("a row");
    tx.commit(Vec::new()).await.expect("a commit");
    let now = services.clock.now();
    let issued = services.callers.tokens().issue(
        services.random.as_ref(),
        Session {
            issued_ms: now.as_millisecond(),
            expires_ms: now.as_millisecond() + 3_600_000,
            holder: Some(Holder::Role(RoleHolder {
                name: "Reader".to_owned(),
                id: "AROAREADER".to_owned(),
                session_name: "pod-1".to_owned(),
            })),
            tags: vec![SessionTag {
                key: "stage".to_owned(),
                value: "prod".to_owned(),
                transitive: true,
            }],
            ..Session::default()
        },
        account,
        0,
    );
    let sts::token::Credentials {
        access_key_id,
        session_token,
        ..
    } = issued;
    let found = services
        .callers
        .find_session(
            &services.store,
            services.partition,
            &access_key_id,
            session_token.expose(),
            now,
        )
        .await
        .expect("an answer");
    let Found::Caller(caller) = found else {
        panic!("{found:?}");
    };
    Request {
        id: admin.id.clone(),
        caller,
        user_agent: None,
        referer: None,
        vpc_endpoint: None,
        host: None,
        tls: None,
        ..*admin
    }
}

fn policy(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}
