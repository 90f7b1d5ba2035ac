use std::sync::Arc;

use serde_json::Value;
use strongroom_types::AccountId;

/// A part of a record.
#[derive(Clone, Debug)]
pub enum Recorded {
    /// What it says.
    Value(Value),
    /// What it says in JSON, where that is cheaper to make.
    Json(String),
    /// Such JSON that is the same in many records.
    Kept(Arc<str>),
}

impl From<Value> for Recorded {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

/// A resource of an event.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The owner.
    pub account: AccountId,
    /// `AWS::KMS::Key`.
    pub r#type: &'static str,
    /// The ARN.
    pub arn: Arc<str>,
}
