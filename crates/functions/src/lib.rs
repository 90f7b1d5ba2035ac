//! Runs users' functions as processes of their own, behind the Lambda Runtime
//! API.
//!
//! [`Host::invoke`] is the whole of it: a function's files are unpacked once
//! (`archive.rs`) and stay while they are used (`files.rs`), a process is
//! started in confinement (`process.rs`, `confined.rs`), fetches its one event from an endpoint
//! of its own and posts its answer there (`runtime_api.rs`), and is killed with
//! all that it started, at the latest when that uses too much together
//! (`watch.rs`, `usage.rs`). No process serves two invocations, so nothing of
//! one is seen by the next.
//!
//! How functions are confined is the operator's choice (`sandbox.rs`), and so is
//! how many run at once, which accounts share fairly (`places.rs`).
//!
//! What a function is, who may call it and under which name it acts is not
//! decided here.

pub mod archive;
mod confined;
mod environment;
mod files;
mod host;
mod log;
mod outcome;
mod places;
mod process;
mod runtime;
mod runtime_api;
mod sandbox;
mod usage;
mod watch;

pub use files::Files;
pub use host::{Host, HostError, Invocation, Job};
pub use outcome::Outcome;
pub use process::Confinement;
pub use runtime::{Interpreters, Runtime, is_interpreted};
pub use runtime_api::MAX_PAYLOAD_BYTES;
pub use sandbox::{MAX_AT_ONCE, Sandbox, SandboxError, Settings};
