//! What happens, told to others: CloudTrail records in EventBridge's envelope,
//! and the patterns by which somebody chooses among them.
//!
//! Pure. The server follows the audit log and sends what is wanted.
//!
//! - `pattern.rs`: which events somebody wants
//! - `envelope.rs`: from a record to events
//! - `record.rs`: the rows that say how far somebody was told

mod envelope;
pub mod pattern;
mod record;

pub(crate) use envelope::{COMPLIANCE_CHANGE, CONFIG};
pub use envelope::{Event, events_of};
pub use pattern::Pattern;
pub(crate) use pattern::Wildcard;
pub use record::{AcceptedLoss, DeadLetter, LogReach, Progress};
