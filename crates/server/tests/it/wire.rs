//! Golden transcripts: what is asked and, byte for byte, what is answered.
//!
//! A transcript is a file `tests/wire/<service>/<Operation>/<case>.txt`, or
//! `tests/wire/requests/<case>.txt` for what no operation gets to see:
//!
//! ```text
//! origin: reference §12 [R]
//! date: 2026-11-23
//!
//! = CreateSecret
//! = {"Name": "db", "ClientRequestToken": "…", "SecretString": "hunter2"}
//!
//! > GetSecretValue
//! > {"SecretId": "db", "VersionStage": "mine"}
//! < 400 application/x-amz-json-1.1
//! < {"__type":"ResourceNotFoundException","Message":"…"}
//! ```
//!
//! - `origin` says where the answers are known from; `[R]`, `[E]` and
//!   "inferred" mean what they do in the reference.
//! - `>` is a request, `<` its reply: status, content type, other headers, the
//!   body. `x-amzn-requestid` is always there, always a UUID, and not shown.
//! - `=` is a request that must succeed and whose reply is of no interest.
//! - A request's first line is an operation, or a method and a path. Headers
//!   may follow, `name: value`, then the body; of services that speak Query the
//!   parameters, one on a line as they are before they are encoded, or in JSON. Some
//!   headers are the test's own: `as` names the sender (`world.rs`; admin if
//!   absent), `region` and `service` the signature's scope (`us-east-1`, the
//!   service of the directory).
//! - `#` begins a comment.
//!
//! What differs from run to run is shown as `{suffix}`, `{uuid}`, `{token}`
//! (the same one whenever it comes back; a second is `{suffix2}`, and requests
//! may use them), `{blob}`, `{hex}`, `{mrk}`, `{time}`, `{time+30d}`, `{today}`,
//! `{password 32}`; in XML also `{time+1h}`, `{session-token}`, `{request-id}`, `{secret}`, `{marker}`, and unique
//! ids as `{AROA}`. A letter
//! many times over is `{x*600}`.
//!
//! A transcript with `{issuer}` has an OpenID Connect provider on this machine,
//! and in `{jwt}` its word (`provider.rs`); `{encoded}` is what a record keeps of
//! why somebody was denied.
//!
//! With `UPDATE_TRANSCRIPTS=1` the replies are written anew. Read them before
//! you keep them: what the code does is not what AWS does for that.

mod credentials;
mod normal;
mod provider;
mod transcript;
mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use self::{
    normal::Names,
    provider::IdentityProvider,
    transcript::{Request, Transcript},
    world::World,
};
use crate::http::support::run;
use strongroom::routes::SERVICES;

/// Replies of each operation that are errors, at least.
const ERRORS: usize = 2;

/// Where transcripts are that tell of no operation.
const REQUESTS: &str = "requests";

/// Operations without transcripts. The list may only shrink.
///
/// Those of custom key stores never succeed, as there are none, and material is
/// wrapped for each import anew.
const UNCOVERED: &[&str] = &[
    "kms/ConnectCustomKeyStore",
    "kms/CreateCustomKeyStore",
    "kms/DeleteCustomKeyStore",
    "kms/DescribeCustomKeyStores",
    "kms/DisconnectCustomKeyStore",
    "kms/ImportKeyMaterial",
    "kms/UpdateCustomKeyStore",
    // No assertion is taken for genuine.
    "sts/AssumeRoleWithSAML",
    // No user has a password for the console before there is a console.
    "iam/DeleteLoginProfile",
    "iam/GetLoginProfile",
];

#[test]
fn replies_are_as_written() {
    let update = std::env::var_os("UPDATE_TRANSCRIPTS").is_some();
    let mut wrong = Vec::new();
    for path in transcripts() {
        let text = fs::read_to_string(&path).unwrap();
        let replayed = run(replay(&Transcript::parse(&text, &path)));
        if replayed == text {
            continue;
        }
        if update {
            fs::write(&path, replayed).unwrap();
        } else {
            wrong.push(difference(&path, &text, &replayed));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nUPDATE_TRANSCRIPTS=1 writes the replies anew",
        wrong.join("\n")
    );
}

#[test]
fn every_operation_has_a_success_and_errors() {
    let mut statuses: BTreeMap<String, Vec<u16>> = BTreeMap::new();
    for path in transcripts() {
        let text = fs::read_to_string(&path).unwrap();
        let transcript = Transcript::parse(&text, &path);
        let operation = operation_of(&path);
        let replies = statuses.entry(operation.clone()).or_default();
        let of_operation = transcript.requests().filter(|request| {
            operation == REQUESTS || operation.ends_with(&format!("/{}", called(request)))
        });
        replies.extend(of_operation.filter_map(|request| request.status()));
    }
    let mut uncovered = BTreeSet::new();
    for operation in operations() {
        let replies = statuses.remove(&operation).unwrap_or_default();
        let errors = replies.iter().filter(|status| **status >= 300).count();
        if errors == replies.len() || errors < ERRORS {
            uncovered.insert(operation);
        }
    }
    assert_eq!(
        uncovered,
        UNCOVERED.iter().map(|name| (*name).to_owned()).collect(),
        "each needs a transcript of a success, and {ERRORS} of errors"
    );
    statuses.remove(REQUESTS);
    assert!(statuses.is_empty(), "of no operation: {statuses:?}");
}

async fn replay(transcript: &Transcript) -> String {
    let world = World::new().await;
    let mut names = Names::of(transcript.text());
    if transcript.text().contains("{issuer}") {
        let provider = IdentityProvider::start().await;
        for (name, text) in provider.names(world.now()) {
            names.know(name, text);
        }
    }
    let mut replies = Vec::new();
    for request in transcript.requests() {
        let reply = world.send(request, &names).await;
        if request.is_given {
            assert!(reply.status < 300, "{}: {reply:?}", request.line);
        }
        let normal = names.normalize(&reply.body, world.now());
        if !request.is_given {
            replies.push(reply.written(&normal));
        }
    }
    transcript.with_replies(&replies)
}

/// The operation that a request calls; of REST the one with its method and
/// path.
fn called(request: &Request) -> &str {
    let Some((method, uri)) = request.line.split_once(' ') else {
        return &request.line;
    };
    let path = uri.split('?').next().unwrap_or_default();
    let mut services = SERVICES.iter();
    let served = services.find(|served| served.signing_name == request.service);
    let mut routes = served.map_or(&[][..], |served| served.routes()).iter();
    let route = routes.find(|route| {
        let http = route.http.as_ref();
        http.is_some_and(|http| http.method == method && http.matches(path).is_some())
    });
    route.map_or("", |route| route.name)
}

/// `secretsmanager/GetSecretValue`
fn operation_of(path: &Path) -> String {
    let place = path.parent().unwrap().strip_prefix(directory()).unwrap();
    place.to_str().unwrap().to_owned()
}

fn operations() -> Vec<String> {
    let services = strongroom::routes::describe();
    let mut operations = Vec::new();
    for (service, shapes) in services.as_object().unwrap() {
        let names = shapes["operations"].as_object().unwrap().keys();
        operations.extend(names.map(|name| format!("{service}/{name}")));
    }
    operations
}

fn transcripts() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![directory()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire")
}

/// The first lines that differ.
fn difference(path: &Path, written: &str, replayed: &str) -> String {
    let mut lines = written.lines().zip(replayed.lines()).zip(1..);
    let place = lines.find(|((written, replayed), _)| written != replayed);
    let Some(((written, replayed), number)) = place else {
        return format!("{}: more or fewer lines", path.display());
    };
    format!(
        "{}:{number}\n  written: {written}\n  replied: {replayed}",
        path.display()
    )
}
