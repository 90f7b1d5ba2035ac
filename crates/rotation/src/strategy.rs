use std::future::Future;

use strongroom_types::Sensitive;

use crate::{
    Credential, Description, Document, Environment, Home, Hosts, Layout, Permit, StepError, Trust,
};

const AWSCURRENT: &str = "AWSCURRENT";
const AWSPENDING: &str = "AWSPENDING";
const AWSPREVIOUS: &str = "AWSPREVIOUS";

/// The steps of a rotation, in order.
///
/// Source: Secrets Manager User Guide, "Lambda rotation functions".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Makes the new credential and keeps it as AWSPENDING.
    CreateSecret,
    /// Makes the database take it.
    SetSecret,
    /// Logs in with it.
    TestSecret,
    /// Makes it AWSCURRENT.
    FinishSecret,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [
        Self::CreateSecret,
        Self::SetSecret,
        Self::TestSecret,
        Self::FinishSecret,
    ];

    /// The step's name in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateSecret => "createSecret",
            Self::FinishSecret => "finishSecret",
            Self::SetSecret => "setSecret",
            Self::TestSecret => "testSecret",
        }
    }

    /// The step of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }
}

/// One call of a rotation function: the secret, the version, and what the
/// function may use.
pub struct Call<'a, H> {
    /// Secrets Manager.
    pub home: &'a H,
    /// Who is connected to which host.
    pub hosts: &'a Hosts,
    /// The authorities by which databases are verified.
    pub trust: &'a Trust,
    /// The function's environment variables.
    pub environment: &'a Environment,
    /// The secret's ARN.
    pub secret_id: &'a str,
    /// The version that is being made.
    pub token: &'a str,
}

/// A way to rotate a credential: the four steps, each of which may be called
/// again after it was done or half done.
pub trait Strategy<H: Home>: Sync {
    /// Makes the new credential and keeps it as AWSPENDING, unless there is
    /// one already.
    ///
    /// # Errors
    /// [`StepError`], as for every step.
    fn create_secret(
        &self,
        call: &Call<'_, H>,
    ) -> impl Future<Output = Result<(), StepError>> + Send;

    /// Makes the database take the new credential.
    ///
    /// # Errors
    /// [`StepError`].
    fn set_secret(&self, call: &Call<'_, H>) -> impl Future<Output = Result<(), StepError>> + Send;

    /// Logs in with the new credential.
    ///
    /// # Errors
    /// [`StepError`].
    fn test_secret(&self, call: &Call<'_, H>)
    -> impl Future<Output = Result<(), StepError>> + Send;

    /// Makes the new credential AWSCURRENT.
    ///
    /// # Errors
    /// [`StepError`].
    fn finish_secret(
        &self,
        call: &Call<'_, H>,
    ) -> impl Future<Output = Result<(), StepError>> + Send {
        async move {
            let description = call.home.describe_secret(call.secret_id).await?;
            let current = description.holder(AWSCURRENT);
            if current == Some(call.token) {
                return Ok(());
            }
            call.home
                .make_current(call.secret_id, call.token, current)
                .await
        }
    }
}

/// Runs one step, after the checks that all of AWS's templates begin with.
///
/// # Errors
/// [`StepError`].
pub async fn run<H: Home, S: Strategy<H>>(
    strategy: &S,
    step: Step,
    call: &Call<'_, H>,
) -> Result<(), StepError> {
    let Call {
        secret_id, token, ..
    } = call;
    let description = call.home.describe_secret(secret_id).await?;
    if description.rotation_enabled == Some(false) {
        return Err(StepError::Value(format!(
            "Secret {secret_id} is not enabled for rotation"
        )));
    }
    let Some(labels) = description.version_ids_to_stages.get(*token) else {
        return Err(StepError::Value(format!(
            "Secret version {token} has no stage for rotation of secret {secret_id}."
        )));
    };
    let has = |label: &str| labels.iter().any(|held| held == label);
    if has(AWSCURRENT) {
        return Ok(());
    }
    if !has(AWSPENDING) {
        return Err(StepError::Value(format!(
            "Secret version {token} not set as AWSPENDING for rotation of secret {secret_id}."
        )));
    }
    match step {
        Step::CreateSecret => strategy.create_secret(call).await,
        Step::FinishSecret => strategy.finish_secret(call).await,
        Step::SetSecret => strategy.set_secret(call).await,
        Step::TestSecret => strategy.test_secret(call).await,
    }
}

impl Description {
    fn holder(&self, label: &str) -> Option<&str> {
        let mut versions = self.version_ids_to_stages.iter();
        let (id, _) = versions.find(|(_, labels)| labels.iter().any(|held| held == label))?;
        Some(id)
    }
}

impl<H: Home> Call<'_, H> {
    /// The version that applications use.
    pub(crate) async fn current(&self) -> Result<Document, StepError> {
        self.version(None, AWSCURRENT).await?.ok_or_else(|| {
            StepError::Value(format!(
                "Secret {} has no value with the label AWSCURRENT.",
                self.secret_id
            ))
        })
    }

    /// The version before it, if there is one.
    pub(crate) async fn previous(&self) -> Result<Option<Document>, StepError> {
        self.version(None, AWSPREVIOUS).await
    }

    /// The version that is being made.
    pub(crate) async fn pending(&self) -> Result<Document, StepError> {
        self.version(Some(self.token), AWSPENDING)
            .await?
            .ok_or_else(|| {
                StepError::Value(format!(
                    "Secret version {} of secret {} has no value.",
                    self.token, self.secret_id
                ))
            })
    }

    pub(crate) async fn has_pending(&self) -> Result<bool, StepError> {
        Ok(self.version(Some(self.token), AWSPENDING).await?.is_some())
    }

    /// The superuser's credential, for the database that the user is of.
    pub(crate) async fn master(
        &self,
        current: &Credential,
        layout: &Layout,
    ) -> Result<Credential, StepError> {
        let arn = current.master_arn.as_deref();
        let arn = arn.ok_or_else(|| {
            StepError::Key("masterarn key is missing from secret JSON".to_owned())
        })?;
        let text = self.home.get_secret_value(arn, None, AWSCURRENT).await?;
        let text = text.ok_or_else(|| {
            StepError::Value(format!(
                "Secret {arn} has no value with the label AWSCURRENT."
            ))
        })?;
        let mut master = Credential::read(&Document::parse(text)?, layout)?;
        // A superuser's password goes to the superuser's own server only, and
        // who logs in at another one proves nothing to this.
        if let Some((host, master)) = current.servers_apart(&master) {
            return Err(StepError::Value(format!(
                "setSecret: Current database host {host} is not the same host as/rds replica of \
                 master {master}"
            )));
        }
        master.dbname.clone_from(&current.dbname);
        Ok(master)
    }

    /// Leave to connect to a host.
    pub(crate) async fn enter(&self, host: &str) -> Result<Permit, StepError> {
        let permit = self.hosts.enter(host).await;
        permit.ok_or_else(|| StepError::Busy(host.to_owned()))
    }

    /// A new password, where the template's own rules are these.
    pub(crate) async fn new_password(
        &self,
        length: u32,
        exclude_characters: &str,
    ) -> Result<Sensitive<String>, StepError> {
        let rules = self.environment.password_rules(length, exclude_characters);
        self.home.get_random_password(&rules).await
    }

    pub(crate) async fn keep_pending(&self, value: Sensitive<String>) -> Result<(), StepError> {
        self.home
            .put_pending_value(self.secret_id, self.token, value)
            .await
    }

    async fn version(
        &self,
        version_id: Option<&str>,
        stage: &str,
    ) -> Result<Option<Document>, StepError> {
        let value = self
            .home
            .get_secret_value(self.secret_id, version_id, stage)
            .await?;
        value.map(Document::parse).transpose()
    }
}
