use nix::unistd::{Uid, User, getuid};
use serde_json::{Value, json};

/// The user of the machine who runs a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The user's number.
    pub uid: u32,
}

impl Operator {
    /// Whose process this is.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            uid: getuid().as_raw(),
        }
    }

    /// As records tell it: the number, and the name if the machine knows one.
    #[must_use]
    pub fn on_record(self) -> Value {
        let mut told = json!({"uid": self.uid});
        let known = User::from_uid(Uid::from_raw(self.uid)).ok().flatten();
        if let (Some(user), Some(members)) = (known, told.as_object_mut()) {
            members.insert("userName".to_owned(), user.name.into());
        }
        told
    }
}
