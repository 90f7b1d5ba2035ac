//! Names and values that two or more of Strongroom's crates share.
//!
//! Everything here is plain data: no I/O, no cryptography, no policy. A type
//! belongs here when two crates that do not know each other need it; parse
//! once at the edge into one of these, then stop checking.

mod account;
mod arn;
mod clock;
mod partition;
mod principal;
mod region;
mod sensitive;

pub use account::{AccountId, InvalidAccountId};
pub use arn::{Arn, InvalidArn};
pub use clock::{Clock, ManualClock, SystemClock};
pub use jiff::Timestamp;
pub use partition::{InvalidPartition, Partition};
pub use principal::Principal;
pub use region::{InvalidRegion, Region};
pub use sensitive::Sensitive;
