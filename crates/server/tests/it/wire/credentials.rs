//! No request of a credential that is not good reaches an operation, whatever
//! the service and its protocol.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use strongroom::routes::{SERVICES, Served};
use strongroom_crypto::SystemRandom;
use strongroom_services::{
    iam::{AccessKey, Role, User},
    operation::Route,
    protocol::Protocol,
    sts::session::{FederatedHolder, Holder, RoleHolder, RootHolder, Session, UserHolder},
    tables::{AccessKeys, Roles, Users},
};
use strongroom_store::{Mode, Table};
use strongroom_types::{AccountId, Timestamp};

use super::{
    normal::Names,
    transcript::Request,
    world::{ACCOUNT, EVERYTHING, Reply, SECRET_ACCESS_KEY, Sender, World, access_key_id, user},
};
use crate::http::support::run;

/// A credential, why it is not good, and what is answered.
struct Bad {
    why: &'static str,
    sender: Option<Sender>,
    signed_at: Timestamp,
    refusal: Refused,
}

impl Bad {
    /// The replies to a request with the signature in its headers, and in its
    /// query.
    async fn sent(&self, world: &World, request: &Request, names: &Names) -> Vec<Reply> {
        let Self { signed_at, .. } = *self;
        let sender = self.sender.as_ref();
        let mut replies = vec![world.send_as(request, names, sender, signed_at).await];
        if let Some(sender) = sender {
            let sent = world.send_presigned(request, names, sender, signed_at);
            replies.push(sent.await);
        }
        replies
    }

    #[track_caller]
    fn assert_refused(&self, reply: &Reply, protocol: Protocol, place: &str) {
        let status = match protocol {
            Protocol::Json(_) => 400,
            Protocol::Query(_) | Protocol::RestJson => 403,
        };
        assert!(
            reply.has_code(self.refusal.code(protocol)),
            "{place}: {reply:?}"
        );
        assert_eq!(reply.status, status, "{place}");
    }
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
                for bad in &bad {
                    let place = format!("{} of {}, {}", route.name, served.signing_name, bad.why);
                    for reply in bad.sent(&world, &request, &names).await {
                        bad.assert_refused(&reply, (served.protocol)(), &place);
                    }
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
                    let place = format!("{} of {}", route.name, served.signing_name);
                    let good = world.send_as(&request, &names, Some(sender), world.now());
                    let presigned = world.send_presigned(&request, &names, sender, world.now());
                    for reply in [good.await, presigned.await] {
                        for refusal in Refused::ALL {
                            let code = refusal.code((served.protocol)());
                            assert!(!reply.has_code(code), "{place}: {reply:?}");
                        }
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
    for (why, holder) in [
        ("expired session of a role", role_session("good")),
        ("expired session of a user", user_session("nobody")),
        (
            "expired session of a federated user",
            federated(Some("nobody")),
        ),
        (
            "expired session of the root's federated user",
            federated(None),
        ),
        (
            "expired session of the root user",
            Holder::Root(RootHolder {}),
        ),
    ] {
        let expired = session(world, &holder, 0).await;
        add(why, Some(expired), Refused::Expired);
    }
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

    for (why, name, holder) in [
        ("session of a deleted user", "left", user_session("left")),
        (
            "session of a federated user whose user is deleted",
            "sender",
            federated(Some("sender")),
        ),
    ] {
        user(&world.app, ACCOUNT, name, EVERYTHING).await;
        let of_user = session(world, &holder, 900).await;
        reaches(world, &of_user).await;
        put::<Users>(world, (account(), name.to_owned()), None).await;
        add(why, Some(of_user), Refused::Invalid);
    }
    user(&world.app, ACCOUNT, "again", EVERYTHING).await;
    let of_old = session(world, &user_session("again"), 900).await;
    reaches(world, &of_old).await;
    let anew = User {
        name: "again".to_owned(),
        path: "/".to_owned(),
        id: "AIDAANEW".to_owned(),
        ..User::default()
    };
    put::<Users>(world, (account(), "again".to_owned()), Some(anew)).await;
    add(
        "session of a user who was made anew",
        Some(of_old),
        Refused::Invalid,
    );
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

/// A federated user of a user, or of the root user.
fn federated(issuer: Option<&str>) -> Holder {
    let issuer = issuer.map(|name| UserHolder {
        name: name.to_owned(),
        id: format!("AIDA{ACCOUNT}{}", name.to_uppercase()),
    });
    Holder::Federated(FederatedHolder {
        name: "ann".to_owned(),
        issuer,
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
