//! AWS Organizations: accounts, units, and the policies that bound them.
//!
//! The management account makes the organization and everything in it; each
//! member account bears the policies of every level from the root down to
//! itself. What that means for a request is a [`Bearing`], made of rows once
//! and kept until a commit changes one of them: see [`Organizations`].
//!
//! Left out: invitations of accounts that exist elsewhere, delegated
//! administrators, and types of policy for services that are not here.

mod account;
mod bearing;
mod describe;
mod entity;
mod error;
mod id;
mod invariants;
pub mod operations;
mod paging;
mod policy;
mod policy_type;
mod record;
mod service_event;
mod shapes;
mod subject;
mod tags;
mod unit;

use crate::{
    operation::{Endpoints, Service},
    protocol::Json,
    refusal::Refusal,
};

pub use bearing::{Bearing, BearingError, Bearings, LevelPolicy, Organizations};
pub use error::{Error, Result};
pub(crate) use invariants::check_organizations;
pub use record::{AccountRequest, Attachment, Member, Organization, Policy, Tag, Unit};

/// AWS Organizations.
pub struct AwsOrganizations;

impl Service for AwsOrganizations {
    const NAME: &'static str = "organizations";
    const EVENT_SOURCE: &'static str = "organizations.amazonaws.com";
    type Protocol = Json;
    const PROTOCOL: Json = Json {
        capital_message: true,
        empty_answers: true,
        ..Json::new("AWSOrganizationsV20161128")
    };
    const ENDPOINTS: Endpoints = Endpoints::Global;
    type Error = Error;

    fn unreadable(refusal: Refusal) -> Refusal {
        error::invalid_input(refusal)
    }
}
