use std::{collections::BTreeMap, future::Future};

use strongroom_types::Sensitive;

use crate::{PasswordRules, StepError};

/// The calls that a rotation function makes to Secrets Manager, each as the
/// function's own identity.
pub trait Home: Send + Sync {
    /// DescribeSecret, as far as rotation asks.
    ///
    /// # Errors
    /// [`StepError::Client`], as for all of these.
    fn describe_secret(
        &self,
        secret_id: &str,
    ) -> impl Future<Output = Result<Description, StepError>> + Send;

    /// GetSecretValue; nothing if there is no such version, or it has no
    /// value.
    ///
    /// # Errors
    /// [`StepError::Client`].
    fn get_secret_value(
        &self,
        secret_id: &str,
        version_id: Option<&str>,
        version_stage: &str,
    ) -> impl Future<Output = Result<Option<Sensitive<String>>, StepError>> + Send;

    /// PutSecretValue, with the label AWSPENDING.
    ///
    /// # Errors
    /// [`StepError::Client`].
    fn put_pending_value(
        &self,
        secret_id: &str,
        token: &str,
        value: Sensitive<String>,
    ) -> impl Future<Output = Result<(), StepError>> + Send;

    /// UpdateSecretVersionStage of AWSCURRENT.
    ///
    /// # Errors
    /// [`StepError::Client`].
    fn make_current(
        &self,
        secret_id: &str,
        token: &str,
        instead_of: Option<&str>,
    ) -> impl Future<Output = Result<(), StepError>> + Send;

    /// GetRandomPassword.
    ///
    /// # Errors
    /// [`StepError::Client`].
    fn get_random_password(
        &self,
        rules: &PasswordRules,
    ) -> impl Future<Output = Result<Sensitive<String>, StepError>> + Send;
}

/// What DescribeSecret tells a rotation function.
pub struct Description {
    /// Whether rotation is on; absent if it never was.
    pub rotation_enabled: Option<bool>,
    /// Labels by version.
    pub version_ids_to_stages: BTreeMap<String, Vec<String>>,
}
