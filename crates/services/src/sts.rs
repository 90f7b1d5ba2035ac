//! The Security Token Service: sessions, and the credentials they are used
//! with.
//!
//! `session.rs` is what a session is, `token.rs` seals it into the token that
//! travels with every request. `role.rs`, `assumed.rs`, `passed.rs`: roles that
//! are assumed, and what is passed when they are. Each operation is a file under
//! `operations/`.

mod assumed;
pub(crate) mod authorization_message;
mod error;
pub mod operations;
pub mod packed;
mod passed;
mod role;
pub mod session;
mod shapes;
pub mod token;
mod web_identity;

pub use error::{Error, Result};
pub(crate) use role::RoleRef;
pub use web_identity::{Fetch, FetchError, Fetched, Fetching, IdentityProviders, Trusted};

use crate::{
    operation::{Endpoints, Service},
    protocol::Query,
};

/// The service. It is in each Region, and global too.
pub struct Sts;

impl Service for Sts {
    const NAME: &'static str = "sts";
    const EVENT_SOURCE: &'static str = "sts.amazonaws.com";
    type Protocol = Query;
    const PROTOCOL: Query = Query {
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
        hides_values: false,
        internal_error: "InternalFailure",
    };
    const ENDPOINTS: Endpoints = Endpoints::Both;
    type Error = Error;
}
