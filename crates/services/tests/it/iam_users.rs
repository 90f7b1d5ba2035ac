//! Users, groups and keys, and that their rows agree after any calls.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use strongroom_services::{
    iam::{Found, Uses, flush_uses},
    sts::session::{Holder, RoleHolder, UserHolder},
    tables::{AccessKeyUses, RoleUses},
};
use strongroom_types::Region;

use crate::{
    client::{Client, OWNER, administrator, policy, problems, rows, session},
    query::element,
};

const POLICY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

/// A call of a test: about the user and the group of these numbers.
#[derive(Clone, Copy, Debug)]
enum Call {
    Add(u8, u8),
    Attach(u8),
    CreateGroup(u8),
    CreateKey(u8),
    CreateUser(u8),
    DeleteGroup(u8),
    DeleteUser(u8),
    Detach(u8),
    Remove(u8, u8),
    RenameGroup(u8, u8),
    RenameUser(u8, u8),
}

/// What there should be.
#[derive(Clone, Debug, Default)]
struct User {
    groups: BTreeSet<u8>,
    is_attached: bool,
    keys: usize,
}

#[derive(Debug, Default)]
struct Model {
    groups: BTreeSet<u8>,
    users: BTreeMap<u8, User>,
}

impl Model {
    /// Whether the call succeeds; then it is done.
    fn call(&mut self, call: Call) -> bool {
        let Self { groups, users } = self;
        match call {
            Call::Add(user, group) => match users.get_mut(&user) {
                Some(user) if groups.contains(&group) => {
                    user.groups.insert(group);
                    true
                }
                _ => false,
            },
            Call::Attach(user) => users
                .get_mut(&user)
                .map(|user| user.is_attached = true)
                .is_some(),
            Call::CreateGroup(group) => groups.insert(group),
            Call::CreateKey(user) => match users.get_mut(&user) {
                Some(user) if user.keys < 2 => {
                    user.keys += 1;
                    true
                }
                _ => false,
            },
            Call::CreateUser(user) => {
                let is_new = !users.contains_key(&user);
                users.entry(user).or_default();
                is_new
            }
            Call::DeleteGroup(group) => {
                let is_empty = users.values().all(|user| !user.groups.contains(&group));
                is_empty && groups.remove(&group)
            }
            Call::DeleteUser(number) => match users.get(&number) {
                Some(user) if user.groups.is_empty() && !user.is_attached && user.keys == 0 => {
                    users.remove(&number).is_some()
                }
                _ => false,
            },
            Call::Detach(user) => users
                .get_mut(&user)
                .is_some_and(|user| std::mem::take(&mut user.is_attached)),
            Call::Remove(user, group) => users
                .get_mut(&user)
                .is_some_and(|user| groups.contains(&group) && user.groups.remove(&group)),
            Call::RenameGroup(from, to) => {
                if !groups.contains(&from) || from != to && groups.contains(&to) {
                    return false;
                }
                groups.remove(&from);
                groups.insert(to);
                for user in users.values_mut() {
                    if user.groups.remove(&from) {
                        user.groups.insert(to);
                    }
                }
                true
            }
            Call::RenameUser(from, to) => {
                if from != to && users.contains_key(&to) {
                    return false;
                }
                let user = users.remove(&from);
                user.map(|user| users.insert(to, user)).is_some()
            }
        }
    }
}

/// Names in one case where they are made and in another where they are used.
fn name(number: u8) -> String {
    format!("NAME{number}")
}

fn request(call: Call) -> (&'static str, Value) {
    let user = |number: u8| json!({"UserName": name(number)});
    let group = |number: u8| json!({"GroupName": name(number)});
    let both = |user: u8, group: u8| json!({"UserName": name(user).to_lowercase(), "GroupName": name(group).to_lowercase()});
    let policy = |number: u8| json!({"UserName": name(number), "PolicyArn": POLICY});
    match call {
        Call::Add(of, to) => ("iam:AddUserToGroup", both(of, to)),
        Call::Attach(of) => ("iam:AttachUserPolicy", policy(of)),
        Call::CreateGroup(of) => ("iam:CreateGroup", group(of)),
        Call::CreateKey(of) => ("iam:CreateAccessKey", user(of)),
        Call::CreateUser(of) => ("iam:CreateUser", user(of)),
        Call::DeleteGroup(of) => ("iam:DeleteGroup", group(of)),
        Call::DeleteUser(of) => ("iam:DeleteUser", user(of)),
        Call::Detach(of) => ("iam:DetachUserPolicy", policy(of)),
        Call::Remove(of, from) => ("iam:RemoveUserFromGroup", both(of, from)),
        Call::RenameGroup(from, to) => (
            "iam:UpdateGroup",
            json!({"GroupName": name(from), "NewGroupName": name(to)}),
        ),
        Call::RenameUser(from, to) => (
            "iam:UpdateUser",
            json!({"UserName": name(from), "NewUserName": name(to)}),
        ),
    }
}

fn call() -> impl Strategy<Value = Call> {
    let (user, group) = (0_u8..3, 0_u8..3);
    let two = (user.clone(), group.clone());
    prop_oneof![
        4 => two.clone().prop_map(|(user, group)| Call::Add(user, group)),
        2 => user.clone().prop_map(Call::Attach),
        3 => group.clone().prop_map(Call::CreateGroup),
        2 => user.clone().prop_map(Call::CreateKey),
        3 => user.clone().prop_map(Call::CreateUser),
        2 => group.prop_map(Call::DeleteGroup),
        2 => user.clone().prop_map(Call::DeleteUser),
        1 => user.prop_map(Call::Detach),
        2 => two.clone().prop_map(|(user, group)| Call::Remove(user, group)),
        2 => two.clone().prop_map(|(from, to)| Call::RenameGroup(from, to)),
        2 => two.prop_map(|(from, to)| Call::RenameUser(from, to)),
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
    for (number, user) in &model.users {
        let input = json!({"UserName": name(*number)});
        let groups = client.ok("iam:ListGroupsForUser", input.clone()).await;
        let groups = groups.as_str().unwrap().matches("<GroupName>").count();
        assert_eq!(groups, user.groups.len(), "{calls:?}");
        let keys = client.ok("iam:ListAccessKeys", input).await;
        let keys = keys.as_str().unwrap().matches("<AccessKeyId>").count();
        assert_eq!(keys, user.keys, "{calls:?}");
    }
    assert_eq!(problems(&client.world).await, [""; 0], "{calls:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rows_agree_after_any_calls(calls in prop::collection::vec(call(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { check(&administrator().await, &calls).await });
    }
}

#[tokio::test]
async fn a_name_that_was_renamed_away_is_free_and_grants_nothing() {
    let admin = administrator().await;
    admin.ok("iam:CreateUser", json!({"UserName": "ann"})).await;
    let rename = json!({"UserName": "ann", "NewUserName": "bea"});
    admin.ok("iam:UpdateUser", rename).await;
    let first = admin.ok("iam:GetUser", json!({"UserName": "bea"})).await;
    let second = admin.ok("iam:CreateUser", json!({"UserName": "Ann"})).await;
    assert_ne!(element(&first, "UserId"), element(&second, "UserId"));
}

#[tokio::test]
async fn who_may_rename_may_rename_both() {
    let admin = administrator().await;
    admin.ok("iam:CreateUser", json!({"UserName": "ann"})).await;
    let policy = crate::client::policy(&json!({
        "Effect": "Allow", "Action": "iam:UpdateUser",
        "Resource": ["arn:aws:iam::*:user/ann", "arn:aws:iam::*:user/ann2"],
    }));
    let helper =
        crate::client::user(&admin.world, crate::client::OWNER, "helper", &[&policy]).await;
    let rename = |to: &str| json!({"UserName": "ann", "NewUserName": to});
    let (code, message) = helper.refused("iam:UpdateUser", rename("root2")).await;
    assert_eq!(code, "AccessDenied");
    assert!(message.contains("user/root2"), "{message}");
    helper.ok("iam:UpdateUser", rename("ann2")).await;
}

#[tokio::test]
async fn uses_of_keys_are_noted_a_minute_apart_and_written_later() {
    let admin = administrator().await;
    let services = &admin.world.services;
    let uses: &Uses = services.callers.uses();
    let note = |service: &str| {
        let now = services.clock.now();
        uses.note(&admin.caller, now, service, Region::US_EAST_1);
    };
    let written = async || {
        flush_uses(services).await.unwrap();
        let rows = rows::<AccessKeyUses>(&admin.world).await;
        let services = rows.into_iter().map(|(_, used)| used.service);
        services.collect::<Vec<_>>()
    };
    note("kms");
    note("iam");
    assert_eq!(written().await, ["kms"]);
    admin
        .world
        .clock
        .advance(jiff::SignedDuration::from_secs(59));
    note("iam");
    assert_eq!(written().await, ["kms"]);
    admin
        .world
        .clock
        .advance(jiff::SignedDuration::from_secs(1));
    note("iam");
    assert_eq!(written().await, ["iam"]);
    assert_eq!(problems(&admin.world).await, [""; 0]);
}

#[tokio::test]
async fn uses_of_roles_are_noted_by_their_sessions() {
    let admin = administrator().await;
    let services = &admin.world.services;
    let trust = crate::client::policy(&json!({
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }));
    let role = json!({"RoleName": "App", "AssumeRolePolicyDocument": trust});
    let named = json!({"RoleName": "App"});
    let make = async || {
        let made = admin.ok("iam:CreateRole", role.clone()).await;
        let holder = Holder::Role(RoleHolder {
            name: "App".to_owned(),
            id: element(&made, "RoleId"),
            session_name: "s".to_owned(),
        });
        session(&admin, OWNER, holder, None).await
    };
    let told = async || {
        let role = admin.ok("iam:GetRole", named.clone()).await;
        let role = role.as_str().unwrap().to_owned();
        let (_, last) = role.split_once("<RoleLastUsed").unwrap();
        last.split_once("RoleLastUsed>")
            .map(|(last, _)| last.to_owned())
    };
    let use_it = |client: &Client, region: Region| {
        let now = services.clock.now();
        services
            .callers
            .uses()
            .note(&client.caller, now, "kms", region);
    };
    let client = make().await;
    assert_eq!(told().await, None);
    use_it(&client, Region::US_EAST_1);
    // At once, and after it is written.
    let at_once = told().await.unwrap();
    assert!(at_once.contains("<Region>us-east-1</Region>"), "{at_once}");
    assert!(at_once.contains("<LastUsedDate>2026-11-23T13:00:00Z</LastUsedDate>"));
    flush_uses(services).await.unwrap();
    assert_eq!(told().await.unwrap(), at_once);
    // Of every session, whichever was last.
    admin
        .world
        .clock
        .advance(jiff::SignedDuration::from_hours(1));
    use_it(&client, "eu-west-1".parse().unwrap());
    assert!(told().await.unwrap().contains("eu-west-1"));
    // A token of GetSessionToken is a use of neither.
    let user = UserHolder {
        name: "admin".to_owned(),
        id: admin.caller.standing.id.to_string(),
    };
    let token = session(&admin, OWNER, Holder::User(user), None).await;
    use_it(&token, Region::US_EAST_1);
    flush_uses(services).await.unwrap();
    assert_eq!(rows::<AccessKeyUses>(&admin.world).await.len(), 0);
    // A new role of the name was never used, even if the old one's use is
    // written after it was made.
    admin
        .world
        .clock
        .advance(jiff::SignedDuration::from_hours(1));
    use_it(&client, Region::US_EAST_1);
    admin.ok("iam:DeleteRole", named.clone()).await;
    let again = make().await;
    assert_eq!(told().await, None);
    flush_uses(services).await.unwrap();
    assert_eq!(told().await, None);
    assert_eq!(problems(&admin.world).await, [""; 0]);
    // A use is forgotten after 400 days.
    use_it(&again, Region::US_EAST_1);
    flush_uses(services).await.unwrap();
    assert_eq!(rows::<RoleUses>(&admin.world).await.len(), 1);
    admin
        .world
        .clock
        .advance(jiff::SignedDuration::from_secs(400 * 86_400 - 1));
    assert!(told().await.is_some());
    admin
        .world
        .clock
        .advance(jiff::SignedDuration::from_secs(2));
    assert_eq!(told().await, None);
}

/// Whether it is remembered or not, a session is over when its time is.
#[tokio::test]
async fn sessions_that_are_known_expire_too() {
    let admin = administrator().await;
    let services = &admin.world.services;
    let user = UserHolder {
        name: "admin".to_owned(),
        id: admin.caller.standing.id.to_string(),
    };
    let client = session(&admin, OWNER, Holder::User(user), None).await;
    let id = &client.caller.access_key_id;
    let token = &client.caller.session.as_ref().unwrap().token;
    let found = async || {
        let (store, partition, now) = (&services.store, services.partition, services.clock.now());
        let token = token.expose();
        let found = services
            .callers
            .find_session(store, partition, id, token, now);
        found.await.unwrap()
    };
    let clock = &admin.world.clock;
    clock.advance(jiff::SignedDuration::from_secs(3_598));
    assert!(matches!(found().await, Found::Caller(_)));
    clock.advance(jiff::SignedDuration::from_secs(2));
    assert!(matches!(found().await, Found::Expired));
    // A commit that concerns callers has all of them forgotten.
    admin.ok("iam:CreateUser", json!({"UserName": "ann"})).await;
    assert!(matches!(found().await, Found::Expired));
}

/// A list that cannot be read whole is refused: a session policy that is passed
/// over would limit nobody.
#[tokio::test]
async fn no_item_of_a_list_is_passed_over() {
    let admin = administrator().await;
    let trust = policy(&json!({
        "Effect": "Allow", "Principal": {"AWS": OWNER.to_string()},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }));
    let role = json!({"RoleName": "r", "AssumeRolePolicyDocument": trust});
    admin.ok("iam:CreateRole", role).await;
    admin.ok("iam:CreateUser", json!({"UserName": "u"})).await;
    let arn = POLICY;
    let assume = format!("RoleArn=arn:aws:iam::{OWNER}:role/r&RoleSessionName=session");
    let null = "null at 'policyArns.1.member.arn'";
    for (operation, form, code, part) in [
        (
            "sts:AssumeRole",
            format!("{assume}&PolicyArns.1.arn={arn}"),
            "MalformedInput",
            "",
        ),
        (
            "sts:AssumeRole",
            format!("{assume}&PolicyArns.member.1={arn}"),
            "MalformedInput",
            "",
        ),
        (
            "sts:AssumeRole",
            format!("{assume}&PolicyArns.member.18446744073709551616.arn={arn}"),
            "MalformedInput",
            "",
        ),
        (
            "sts:AssumeRole",
            format!("{assume}&PolicyArns.member.1.Arn="),
            "ValidationError",
            null,
        ),
        (
            "sts:AssumeRole",
            format!("{assume}&Tags.member.x.Key=a&Tags.member.x.Value=b"),
            "MalformedInput",
            "",
        ),
        (
            "iam:TagUser",
            "UserName=u&Tags.member.x.Key=a&Tags.member.x.Value=b".to_owned(),
            "MalformedInput",
            "",
        ),
    ] {
        let found = admin.recorded_bytes(operation, form.as_bytes()).await;
        let (found, message) = found.result.unwrap_err();
        assert_eq!(found, code, "{form}: {message}");
        assert!(message.contains(part), "{form}: {message}");
    }
    let none = format!("{assume}&PolicyArns=&Tags=");
    let session = admin.recorded_bytes("sts:AssumeRole", none.as_bytes());
    session.await.result.unwrap();
}
