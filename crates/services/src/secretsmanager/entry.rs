use std::collections::BTreeMap;

use strongroom_types::{Arn, Timestamp};

use super::{
    access::accessed,
    arguments::Tag,
    record::Secret,
    rotation::{Rotation, RotationRules},
    tags,
};
use crate::{context::Home, shape::Output};

/// A secret in a list. Members without a value are absent.
///
/// Source: Secrets Manager API Reference, SecretListEntry.
#[derive(Output)]
pub struct SecretListEntry {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
    /// The partner integration of a managed external secret.
    pub r#type: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The key as the caller named it; absent for `aws/secretsmanager`.
    pub kms_key_id: Option<String>,
    /// Whether it rotates; absent if that was never set up.
    pub rotation_enabled: Option<bool>,
    /// The function that rotates it.
    #[shape(name = "RotationLambdaARN")]
    pub rotation_lambda_arn: Option<String>,
    /// When it rotates.
    pub rotation_rules: Option<RotationRules>,
    /// When it last rotated.
    pub last_rotated_date: Option<Timestamp>,
    /// The time by which it rotates next.
    pub next_rotation_date: Option<Timestamp>,
    /// When value, metadata or labels last changed.
    pub last_changed_date: Option<Timestamp>,
    /// The day of the last read.
    pub last_accessed_date: Option<Timestamp>,
    /// When the secret was scheduled for deletion.
    pub deleted_date: Option<Timestamp>,
    /// The tags; absent if there never were any.
    pub tags: Option<Vec<Tag>>,
    /// Labels by version id. DescribeSecret calls it `VersionIdsToStages`.
    pub secret_versions_to_stages: Option<BTreeMap<String, Vec<String>>>,
    /// The service that manages the secret.
    pub owning_service: Option<String>,
    /// When the secret was made.
    pub created_date: Option<Timestamp>,
}

impl SecretListEntry {
    /// The entry of a secret that lives in `home`.
    pub(super) fn of(secret: Secret, home: &Home) -> Self {
        let rotation = secret.rotation.as_ref();
        let time = |ms| Timestamp::from_millisecond(ms).ok();
        Self {
            arn: Some(secret.arn(home)),
            tags: tags::answered(&secret),
            secret_versions_to_stages: secret.version_ids_to_stages(),
            last_changed_date: time(secret.last_changed_ms),
            last_accessed_date: accessed(secret.last_accessed_day),
            deleted_date: secret.deleted_ms.and_then(time),
            created_date: time(secret.created_ms),
            rotation_enabled: rotation.map(|rotation| rotation.enabled),
            rotation_lambda_arn: rotation.map(|rotation| rotation.lambda_arn.clone()),
            rotation_rules: rotation.and_then(Rotation::rules),
            last_rotated_date: rotation.and_then(Rotation::last_rotated_date),
            next_rotation_date: rotation.and_then(Rotation::next_rotation_date),
            name: Some(secret.name),
            r#type: secret.r#type,
            description: secret.description,
            kms_key_id: secret.kms_key_id,
            owning_service: secret.owning_service,
        }
    }
}
