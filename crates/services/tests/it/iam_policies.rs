//! Roles, managed policies and how they hang together, after any calls.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use strongroom_services::{
    iam::{ManagedPolicy, PolicyAttachment, Role},
    tables::{ManagedPolicies, PolicyAttachments, Roles},
};
use strongroom_store::{Mode, Table};

use crate::{
    client::{Client, OWNER, account, add_row, administrator, policy, problems, rows},
    query::element,
};

/// What is done to a row, and what the invariants say of it.
type Change<T> = (&'static str, fn(&mut T));

/// A call of a test: about the role and the policy of these numbers.
#[derive(Clone, Copy, Debug)]
enum Call {
    Attach(u8, u8),
    Bound(u8, u8),
    CreatePolicy(u8),
    CreateRole(u8),
    DeletePolicy(u8),
    DeleteRole(u8),
    Detach(u8, u8),
    Unbound(u8),
    Version(u8),
}

/// What there should be.
#[derive(Debug, Default)]
struct Model {
    /// Versions of each policy.
    policies: BTreeMap<u8, usize>,
    /// Attached policies and the boundary of each role.
    roles: BTreeMap<u8, (BTreeSet<u8>, Option<u8>)>,
}

impl Model {
    fn used(&self, policy: u8) -> (usize, usize) {
        let roles = self.roles.values();
        (
            roles.clone().filter(|(it, _)| it.contains(&policy)).count(),
            roles.filter(|(_, it)| *it == Some(policy)).count(),
        )
    }

    /// Whether the call succeeds; then it is done.
    fn call(&mut self, call: Call) -> bool {
        match call {
            Call::Attach(role, policy) => match self.roles.get_mut(&role) {
                Some((attached, _)) if self.policies.contains_key(&policy) => {
                    attached.insert(policy);
                    true
                }
                _ => false,
            },
            Call::Bound(role, policy) => match self.roles.get_mut(&role) {
                Some((_, boundary)) if self.policies.contains_key(&policy) => {
                    *boundary = Some(policy);
                    true
                }
                _ => false,
            },
            Call::CreatePolicy(policy) => match self.policies.contains_key(&policy) {
                true => false,
                false => self.policies.insert(policy, 1).is_none(),
            },
            Call::CreateRole(role) => match self.roles.contains_key(&role) {
                true => false,
                false => self.roles.insert(role, Default::default()).is_none(),
            },
            Call::DeletePolicy(policy) => {
                let only = self.policies.get(&policy) == Some(&1);
                let free = self.used(policy) == (0, 0);
                only && free && self.policies.remove(&policy).is_some()
            }
            Call::DeleteRole(role) => match self.roles.get(&role) {
                Some((attached, _)) if attached.is_empty() => self.roles.remove(&role).is_some(),
                _ => false,
            },
            Call::Detach(role, policy) => match self.roles.get_mut(&role) {
                Some((attached, _)) => attached.remove(&policy),
                None => false,
            },
            Call::Unbound(role) => match self.roles.get_mut(&role) {
                Some((_, boundary)) => boundary.take().is_some(),
                None => false,
            },
            Call::Version(policy) => match self.policies.get_mut(&policy) {
                Some(versions) if *versions < 5 => {
                    *versions += 1;
                    true
                }
                _ => false,
            },
        }
    }
}

fn arn(policy: u8) -> String {
    format!("arn:aws:iam::{OWNER}:policy/p/{policy}")
}

fn request(call: Call) -> (&'static str, Value) {
    let trust = policy(&json!({
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }));
    let document = policy(&json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"}));
    let role = |role: u8| json!({"RoleName": format!("Role{role}")});
    let with = |mut input: Value, name: &str, value: String| {
        input[name] = value.into();
        input
    };
    match call {
        Call::Attach(of, policy) => (
            "iam:AttachRolePolicy",
            with(role(of), "PolicyArn", arn(policy)),
        ),
        Call::Bound(of, policy) => (
            "iam:PutRolePermissionsBoundary",
            with(role(of), "PermissionsBoundary", arn(policy)),
        ),
        Call::CreatePolicy(policy) => (
            "iam:CreatePolicy",
            json!({"PolicyName": policy.to_string(), "Path": "/p/", "PolicyDocument": document}),
        ),
        Call::CreateRole(of) => (
            "iam:CreateRole",
            with(role(of), "AssumeRolePolicyDocument", trust),
        ),
        Call::DeletePolicy(policy) => ("iam:DeletePolicy", json!({"PolicyArn": arn(policy)})),
        Call::DeleteRole(of) => ("iam:DeleteRole", role(of)),
        Call::Detach(of, policy) => (
            "iam:DetachRolePolicy",
            with(role(of), "PolicyArn", arn(policy)),
        ),
        Call::Unbound(of) => ("iam:DeleteRolePermissionsBoundary", role(of)),
        Call::Version(policy) => (
            "iam:CreatePolicyVersion",
            json!({"PolicyArn": arn(policy), "PolicyDocument": document}),
        ),
    }
}

fn call() -> impl Strategy<Value = Call> {
    let (role, policy) = (0_u8..3, 0_u8..3);
    prop_oneof![
        4 => (role.clone(), policy.clone()).prop_map(|(role, policy)| Call::Attach(role, policy)),
        2 => (role.clone(), policy.clone()).prop_map(|(role, policy)| Call::Bound(role, policy)),
        3 => policy.clone().prop_map(Call::CreatePolicy),
        3 => role.clone().prop_map(Call::CreateRole),
        2 => policy.clone().prop_map(Call::DeletePolicy),
        1 => role.clone().prop_map(Call::DeleteRole),
        2 => (role.clone(), policy.clone()).prop_map(|(role, policy)| Call::Detach(role, policy)),
        1 => role.prop_map(Call::Unbound),
        1 => policy.prop_map(Call::Version),
    ]
}

async fn check(client: &Client, calls: &[Call]) {
    let mut model = Model::default();
    for call in calls {
        let (operation, input) = request(*call);
        let answer = client.call(operation, input).await;
        assert_eq!(
            answer.is_ok(),
            model.call(*call),
            "{call:?} of {calls:?}: {answer:?}"
        );
    }
    for policy in 0..3 {
        let answer = client
            .call("iam:GetPolicy", json!({"PolicyArn": arn(policy)}))
            .await;
        assert_eq!(answer.is_ok(), model.policies.contains_key(&policy));
        if let Ok(xml) = answer {
            let (attached, bounds) = model.used(policy);
            assert_eq!(
                element(&xml, "AttachmentCount"),
                attached.to_string(),
                "{calls:?}"
            );
            assert_eq!(
                element(&xml, "PermissionsBoundaryUsageCount"),
                bounds.to_string()
            );
        }
    }
    assert_eq!(problems(&client.world).await, [""; 0], "{calls:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn counts_and_rows_agree_after_any_calls(calls in prop::collection::vec(call(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { check(&administrator().await, &calls).await });
    }
}

/// An account with a role `app` in a profile, and the policy `1` attached to
/// it and bounding it.
async fn account_of() -> Client {
    let client = administrator().await;
    let calls = [
        Call::CreatePolicy(1),
        Call::CreateRole(1),
        Call::Attach(1, 1),
        Call::Bound(1, 1),
    ];
    for call in calls {
        let (operation, input) = request(call);
        client.ok(operation, input).await;
    }
    let profile = json!({"InstanceProfileName": "web"});
    client.ok("iam:CreateInstanceProfile", profile).await;
    let add = json!({"InstanceProfileName": "web", "RoleName": "Role1"});
    client.ok("iam:AddRoleToInstanceProfile", add).await;
    assert_eq!(problems(&client.world).await, [""; 0]);
    client
}

async fn complaint(client: &Client, words: &str) {
    let problems = problems(&client.world).await;
    let found = problems.iter().any(|problem| problem.contains(words));
    assert!(found, "{words}: {problems:?}");
}

async fn remove<T: Table>(client: &Client, key: &T::Key) {
    let mut tx = client
        .world
        .services
        .store
        .begin(Mode::Write)
        .await
        .unwrap();
    tx.delete::<T>(key).unwrap();
    tx.commit(Vec::new()).await.unwrap();
}

#[tokio::test]
async fn the_check_finds_what_does_not_hang_together() {
    let owner = account(OWNER);
    for kind in [2, 4] {
        let client = account_of().await;
        remove::<PolicyAttachments>(&client, &(owner, arn(1), kind, "role1".to_owned())).await;
        complaint(&client, "has no row").await;
    }
    let client = account_of().await;
    let stray = (owner, arn(1), 1, "nobody".to_owned());
    add_row::<PolicyAttachments>(&client.world, stray, PolicyAttachment {}).await;
    complaint(&client, "is not in the entity's record").await;

    let client = account_of().await;
    remove::<ManagedPolicies>(&client, &(owner, "1".to_owned())).await;
    complaint(&client, "which is not there").await;

    let client = account_of().await;
    remove::<Roles>(&client, &(owner, "role1".to_owned())).await;
    complaint(&client, "the role of instance profile").await;
    complaint(&client, "is of nobody").await;
}

#[tokio::test]
async fn the_check_finds_records_that_cannot_be() {
    let changes: &[Change<Role>] = &[
        ("the trust policy", |role| {
            role.trust_policy = "{}".to_owned()
        }),
        ("has another's key", |role| role.name = "other".to_owned()),
        ("an impossible length", |role| role.max_session_seconds = 1),
        ("is none", |role| {
            role.inline_policies = vec![Default::default()]
        }),
    ];
    for (words, change) in changes {
        let client = account_of().await;
        let (key, mut role) = rows::<Roles>(&client.world).await.remove(0);
        change(&mut role);
        add_row::<Roles>(&client.world, key, role).await;
        complaint(&client, words).await;
    }
    let changes: &[Change<ManagedPolicy>] = &[
        ("the default version", |policy| policy.default_version = 7),
        ("that it never made", |policy| policy.last_version = 0),
        ("version 1 of", |policy| {
            policy.versions[0].document = "{}".to_owned()
        }),
        ("not in their order", |policy| {
            policy.versions.push(policy.versions[0].clone());
        }),
    ];
    for (words, change) in changes {
        let client = account_of().await;
        let (key, mut policy) = rows::<ManagedPolicies>(&client.world).await.remove(0);
        change(&mut policy);
        add_row::<ManagedPolicies>(&client.world, key, policy).await;
        complaint(&client, words).await;
    }
}
