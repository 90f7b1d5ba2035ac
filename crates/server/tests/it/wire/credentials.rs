//! No request of a credential that is not good reaches an operation, whatever
//! the service and its protocol.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use strongroom::routes::{SERVICES, Served};
use strongroom_crypto::SystemRandom;
use strongroom_services::{
    iam::{AccessKey, Role},
    operation::Route,
    protocol::Protocol,
    sts::session::{Holder, RoleHolder, Session, UserHolder},
    tables::{AccessKeys, Roles, Users},
};
use strongroom_store::{Mode, Table};
use strongroom_types::{AccountId, Timestamp};

use super::{
    normal::Names,
    transcript::Request,
    world::{ACCOUNT, EVERYTHING, SECRET_ACCESS_KEY, Sender, World, access_key_id, user},
};
use crate::http::support::run;

/// A credential, why it is not good, and what is answered.
struct Bad {
    why: &'static str,
    sender: Option<Sender>,
    signed_at: Timestamp,
    refusal: Refused,
}

/// What AWS calls a refusal in JSON; in Query it has another name and is not
/// recorded either.
#[derive(Clone, Copy)]
enum Refused {
    Expired,
    Invalid,
    Missing,
    Signature,
}

impl Refused {
    const ALL: [Self; 4] = [Self::Expired, Self::Invalid, Self::Missing, Self::Signature];

    fn code(self, protocol: Protocol) -> &'static str {
        let is_query = matches!(protocol, Protocol::Query(_));
        match (self, is_query) {
            (Self::Expired, false) => "ExpiredTokenException",
            (Self::Expired, true) => "ExpiredToken",
            (Self::Invalid, false) => "UnrecognizedClientException",
            (Self::Invalid, true) => "InvalidClientTokenId",
            (Self::Missing, false) => "MissingAuthenticationTokenException",
            (Self::Missing, true) => "MissingAuthenticationToken",
            (Self::Signature, false) => "InvalidSignatureException",
            (Self::Signature, true) => "SignatureDoesNotMatch",
        }
    }
}

/// Operations that nobody signs: who calls is told by an identity provider.
const UNSIGNED: &[&str] = &["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"];

#[test]
fn no_request_of_a_bad_credential_reaches_an_operation() {
    run(async {
        let world = World::new().await;
        let names = Names::of(String::new());
        let bad = bad(&world, &names).await;
        let log = world.log();
        let mut unsigned = BTreeSet::new();
        for served in SERVICES {
            for route in served.routes() {
                if !route.signed {
                    unsigned.insert(route.name);
                    continue;
                }
                let request = request(served, route);
                for Bad {
                    why,
                    sender,
                    signed_at,
                    refusal,
                } in &bad
                {
                    let sent = world.send_as(&request, &names, sender.as_ref(), *signed_at);
                    let reply = sent.await;
                    let code = refusal.code((served.protocol)());
                    let place = format!("{} of {}, {why}", route.name, served.signing_name);
                    assert!(reply.has_code(code), "{place}: {reply:?}");
                    let status = match (served.protocol)() {
                        Protocol::Json(_) => 400,
                        Protocol::Query(_) | Protocol::RestJson => 403,
                    };
                    assert_eq!(reply.status, status, "{place}");
                }
            }
        }
        assert_eq!(unsigned, UNSIGNED.iter().copied().collect());
        let after = world.log();
        assert_eq!(
            after.strip_prefix(&log),
            Some(""),
            "operations left records"
        );
    });
}

/// The same requests of good credentials do.
#[test]
fn requests_of_good_credentials_reach_their_operations() {
    run(async {
        let world = World::new().await;
        let names = Names::of(String::new());
        put::<Roles>(
            &world,
            (account(), "good".to_owned()),
            Some(role("good", "AROAOLD")),
        )
        .await;
        let good = [
            world.sender("nobody", &names),
            session(&world, &role_session("good"), 900).await,
        ];
        for served in SERVICES {
            for route in served.routes().iter().filter(|route| route.signed) {
                for sender in &good {
                    let request = request(served, route);
                    let sent = world.send_as(&request, &names, Some(sender), world.now());
                    let reply = sent.await;
                    let place = format!("{} of {}", route.name, served.signing_name);
                    for refusal in Refused::ALL {
                        let code = refusal.code((served.protocol)());
                        assert!(!reply.has_code(code), "{place}: {reply:?}");
                    }
                }
            }
        }
    });
}

/// A request that is addressed to an operation and says nothing.
fn request(served: &Served, route: &Route) -> Request {
    let mut request = Request::default();
    request.service = served.signing_name.to_owned();
    request.line = match &route.http {
        None => route.name.to_owned(),
        Some(http) => {
            let segments = http.path.split('/').map(|segment| {
                if segment.starts_with('{') {
                    "a"
                } else {
                    segment
                }
            });
            format!("{} {}", http.method, segments.collect::<Vec<_>>().join("/"))
        }
    };
    if !matches!((served.protocol)(), Protocol::Query(_)) {
        request.body = "{}".to_owned();
    }
    request
}

/// Every kind of credential that is not good.
async fn bad(world: &World, names: &Names) -> Vec<Bad> {
    let now = world.now();
    let mut bad = Vec::new();
    let mut add = |why, sender, refusal| {
        bad.push(Bad {
            why,
            sender,
            signed_at: now,
            refusal,
        });
    };
    add("unsigned", None, Refused::Missing);
    for (why, name, refusal) in [
        ("wrong secret", "forger", Refused::Signature),
        ("unknown access key", "unknown", Refused::Invalid),
    ] {
        add(why, Some(world.sender(name, names)), refusal);
    }

    let long_term = |name: &str| Sender {
        access_key_id: access_key_id(ACCOUNT, name),
        secret_access_key: SECRET_ACCESS_KEY.to_owned(),
        session_token: None,
    };
    for name in ["inactive", "keyless", "gone"] {
        user(&world.app, ACCOUNT, name, EVERYTHING).await;
        // A caller that is known already must be forgotten.
        reaches(world, &long_term(name)).await;
    }
    let key = AccessKey {
        account: ACCOUNT,
        user_name: "inactive".to_owned(),
        secret: SECRET_ACCESS_KEY.to_owned(),
        active: false,
        created_ms: 0,
    };
    put::<AccessKeys>(world, (access_key_id(ACCOUNT, "inactive"),), Some(key)).await;
    put::<AccessKeys>(world, (access_key_id(ACCOUNT, "keyless"),), None).await;
    put::<Users>(world, (account(), "gone".to_owned()), None).await;
    for (why, name) in [
        ("inactive access key", "inactive"),
        ("deleted access key", "keyless"),
        ("access key of a deleted user", "gone"),
    ] {
        add(why, Some(long_term(name)), Refused::Invalid);
    }

    put::<Roles>(
        world,
        (account(), "good".to_owned()),
        Some(role("good", "AROAOLD")),
    )
    .await;
    let good = session(world, &role_session("good"), 900).await;
    let other = session(world, &role_session("good"), 900).await;
    reaches(world, &good).await;
    add(
        "expired session",
        Some(session(world, &user_session("nobody"), 0).await),
        Refused::Expired,
    );
    let altered = good
        .session_token
        .as_ref()
        .map(|token| token.replacen('A', "B", 1));
    for (why, session_token) in [
        ("session without its token", None),
        ("token of another session", other.session_token),
        ("altered token", altered),
        ("no token at all", Some("token".to_owned())),
    ] {
        add(
            why,
            Some(Sender {
                session_token,
                ..good.clone()
            }),
            Refused::Invalid,
        );
    }
    let secret_access_key = other.secret_access_key;
    add(
        "session with another's secret",
        Some(Sender {
            secret_access_key,
            ..good
        }),
        Refused::Signature,
    );

    user(&world.app, ACCOUNT, "left", EVERYTHING).await;
    let of_user = session(world, &user_session("left"), 900).await;
    reaches(world, &of_user).await;
    put::<Users>(world, (account(), "left".to_owned()), None).await;
    add("session of a deleted user", Some(of_user), Refused::Invalid);
    for (why, name, next) in [
        ("session of a deleted role", "deleted", None),
        (
            "session of a role that was made anew",
            "anew",
            Some("AROANEW"),
        ),
    ] {
        put::<Roles>(
            world,
            (account(), name.to_owned()),
            Some(role(name, "AROAOLD")),
        )
        .await;
        let of_role = session(world, &role_session(name), 900).await;
        reaches(world, &of_role).await;
        let next = next.map(|id| role(name, id));
        put::<Roles>(world, (account(), name.to_owned()), next).await;
        add(why, Some(of_role), Refused::Invalid);
    }
    for (why, hours) in [("signed an hour ago", -1), ("signed an hour early", 1)] {
        bad.push(Bad {
            why,
            sender: Some(world.sender("admin", names)),
            signed_at: now
                .saturating_add(SignedDuration::from_hours(hours))
                .unwrap(),
            refusal: Refused::Signature,
        });
    }
    bad
}

/// Asserts that a credential is good, for now.
async fn reaches(world: &World, sender: &Sender) {
    let mut request = Request::default();
    request.service = "sts".to_owned();
    request.line = "GetCallerIdentity".to_owned();
    let names = Names::of(String::new());
    let sent = world.send_as(&request, &names, Some(sender), world.now());
    let reply = sent.await;
    assert_eq!(reply.status, 200, "{sender:?}: {reply:?}");
}

/// Temporary credentials as the deployment makes them.
async fn session(world: &World, holder: &Holder, seconds: i64) -> Sender {
    let now_ms = world.now().as_millisecond();
    let session = Session {
        issued_ms: now_ms - 1_000_000,
        expires_ms: now_ms + seconds * 1000,
        holder: Some(holder.clone()),
        ..Session::default()
    };
    let tokens = world.app.services.callers.tokens();
    let issued = tokens.issue(&SystemRandom, session, account(), 0);
    Sender {
        access_key_id: issued.access_key_id,
        secret_access_key: issued.secret_access_key.expose().clone(),
        session_token: Some(issued.session_token.expose().clone()),
    }
}

fn user_session(name: &str) -> Holder {
    Holder::User(UserHolder {
        name: name.to_owned(),
        id: format!("AIDA{ACCOUNT}{}", name.to_uppercase()),
    })
}

fn role_session(name: &str) -> Holder {
    Holder::Role(RoleHolder {
        name: name.to_owned(),
        id: "AROAOLD".to_owned(),
        session_name: "session".to_owned(),
    })
}

fn role(name: &str, id: &str) -> Role {
    Role {
        name: name.to_owned(),
        path: "/".to_owned(),
        id: id.to_owned(),
        ..Role::default()
    }
}

async fn put<T: Table>(world: &World, key: T::Key, row: Option<T::Record>) {
    let mut tx = world.app.services.store.begin(Mode::Write).await.unwrap();
    match row {
        Some(row) => tx.put::<T>(&key, &row).unwrap(),
        None => tx.delete::<T>(&key).unwrap(),
    }
    tx.commit(Vec::new()).await.unwrap();
}

fn account() -> AccountId {
    AccountId::new(ACCOUNT).unwrap()
}
