/// Why a step failed, named as AWS's templates, which are written in Python,
/// name it.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Too many rotations wait for the same host: to be tried again later.
    #[error("The host {0} is busy with other rotations.")]
    Busy(String),
    /// Secrets Manager refused a call of the function.
    #[error("An error occurred ({code}) when calling the {operation} operation: {message}")]
    Client {
        /// The exception, `AccessDeniedException`.
        code: String,
        /// The operation.
        operation: &'static str,
        /// Its text.
        message: String,
    },
    /// The database refused a statement.
    #[error("{0}")]
    Database(String),
    /// The database takes no such password. Nothing was changed there, so
    /// another password may be tried.
    #[error("The database refused the new password: {0}")]
    PasswordRefused(String),
    /// A member of the secret is missing or wrong.
    #[error("{0}")]
    Key(String),
    /// Anything else that is not as it should be.
    #[error("{0}")]
    Value(String),
}

impl StepError {
    /// `errorType` of the function's answer.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Busy(_) => "HostBusyError",
            Self::Client { .. } => "ClientError",
            Self::Database(_) => "DatabaseError",
            Self::PasswordRefused(_) => "PasswordRefusedError",
            Self::Key(_) => "KeyError",
            Self::Value(_) => "ValueError",
        }
    }
}

/// What a database answered instead of doing what was asked. Never holds a
/// password: see [`DatabaseError::without`].
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct DatabaseError {
    /// In the database's words.
    pub text: String,
    /// Whether it is the new password that it does not take.
    pub password_refused: bool,
}

impl DatabaseError {
    /// An error in the driver's words.
    #[must_use]
    pub fn new(text: impl ToString) -> Self {
        Self {
            text: text.to_string(),
            password_refused: false,
        }
    }

    /// A server may quote the statement that it refuses, so that secrets are
    /// taken out.
    #[must_use]
    pub fn without(mut self, secrets: &[&str]) -> Self {
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            self.text = self.text.replace(secret, "[sensitive]");
        }
        self
    }
}

impl From<DatabaseError> for StepError {
    fn from(error: DatabaseError) -> Self {
        if error.password_refused {
            Self::PasswordRefused(error.text)
        } else {
            Self::Database(error.text)
        }
    }
}
