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

/// Types of errors that are words of Lambda's and of the languages', and so
/// nobody's secret.
const KINDS: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BlockingIOError",
    "BrokenPipeError",
    "ClientError",
    "ConnectTimeoutError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "EndpointConnectionError",
    "Error",
    "EvalError",
    "Exception",
    "FileNotFoundError",
    "Function.ResponseSizeTooLarge",
    "ImportError",
    "IndexError",
    "JSONDecodeError",
    "KeyError",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NoCredentialsError",
    "NotImplementedError",
    "OSError",
    "ParamValidationError",
    "PermissionError",
    "RangeError",
    "ReadTimeoutError",
    "RecursionError",
    "ReferenceError",
    "RuntimeError",
    "Runtime.ExitError",
    "Runtime.HandlerNotFound",
    "Runtime.ImportModuleError",
    "Runtime.MalformedHandlerName",
    "Runtime.MarshalError",
    "Runtime.OutOfMemory",
    "Runtime.UnhandledPromiseRejection",
    "Runtime.UserCodeSyntaxError",
    "SSLError",
    "SyntaxError",
    "TimeoutError",
    "TypeError",
    "URIError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "ValueError",
    "ZeroDivisionError",
];

/// Where a function runs, and with that who knows more.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// Here, with a log that is kept.
    Host,
    /// At an endpoint of somebody else.
    Endpoint,
}

/// Why a function of a user failed: by the type of its error, if that is one
/// that others have too. What a function says in words of its own, its types
/// among them, may hold a secret.
pub(super) fn told(kind: &str, handled: bool, place: Place) -> String {
    let more = match place {
        Place::Host => "its log says why",
        Place::Endpoint => "its endpoint may know why",
    };
    match kind {
        "Sandbox.Timedout" => "the function timed out".to_owned(),
        "Runtime.OutOfMemory" => {
            format!("the function used more memory than it may (Runtime.OutOfMemory); {more}")
        }
        kind if !handled => format!("the function broke off ({kind}); {more}"),
        kind if KINDS.contains(&kind) => format!("the function failed with {kind}; {more}"),
        _ => format!("the function failed; {more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_words_of_a_function_are_told() {
        for (kind, handled, place, expected) in [
            (
                "KeyError",
                true,
                Place::Host,
                "the function failed with KeyError; its log says why",
            ),
            (
                "KeyError",
                true,
                Place::Endpoint,
                "the function failed with KeyError; its endpoint may know why",
            ),
            (
                "hunter2",
                true,
                Place::Host,
                "the function failed; its log says why",
            ),
            (
                "hunter2",
                true,
                Place::Endpoint,
                "the function failed; its endpoint may know why",
            ),
            (
                "Runtime.hunter2",
                true,
                Place::Host,
                "the function failed; its log says why",
            ),
            (
                "KeyError: hunter2",
                true,
                Place::Host,
                "the function failed; its log says why",
            ),
            (
                "Sandbox.Timedout",
                false,
                Place::Host,
                "the function timed out",
            ),
            (
                "Runtime.ExitError",
                false,
                Place::Host,
                "the function broke off (Runtime.ExitError); its log says why",
            ),
        ] {
            assert_eq!(told(kind, handled, place), expected);
        }
    }
}
