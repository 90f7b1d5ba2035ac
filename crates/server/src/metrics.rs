//! Metrics in Prometheus' text format, for the operator.
//!
//! What happens on the way of a request is counted in places that were made at
//! start: an addition each, no lock and no allocation. Everything else is
//! asked for when somebody scrapes. No metric has a label that clients choose.
//!
//! - `requests.rs`: what is answered, by operation and result
//! - `histogram.rs`: how long things take
//! - `page.rs`: the text format
//! - `process.rs`: what the system says of the process
//! - `scrape.rs`: which metrics there are
//! - `server.rs`: the admin listener

mod histogram;
mod page;
mod process;
mod requests;
mod scrape;
mod server;

pub(crate) use self::{histogram::Histogram, requests::Requests};
pub use server::AdminPages;
