//! Why a call of a function for a rotation came to nothing.

/// Why a call of a function came to nothing.
pub(crate) enum Failed {
    /// The host of its database has enough to do; later.
    Busy,
    /// The function failed, for this reason, which holds no secret.
    Function {
        /// `errorType: errorMessage`.
        why: String,
        /// What it left at the database.
        target: Target,
    },
}

/// What a function that failed left at the database whose password it was to
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// What was there, or it does not say.
    Untold,
    /// What was there, for the database takes no such password.
    Refused,
    /// Perhaps the new password.
    Touched,
}

impl Failed {
    pub(super) fn because(why: impl Into<String>) -> Self {
        Self::Function {
            why: why.into(),
            target: Target::Untold,
        }
    }

    /// The function was at work, and nobody knows how far it came.
    pub(super) fn at_work(why: impl Into<String>) -> Self {
        Self::Function {
            why: why.into(),
            target: Target::Touched,
        }
    }
}

/// Why a function of a user failed, by the type of its error.
pub(super) fn told(kind: &str, handled: bool) -> String {
    let kind: String = kind
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_'))
        .take(100)
        .collect();
    match kind.as_str() {
        "Sandbox.Timedout" => "the function timed out".to_owned(),
        kind if handled => format!("the function failed with {kind}; its log says why"),
        kind => format!("the function broke off ({kind}); its log says why"),
    }
}
