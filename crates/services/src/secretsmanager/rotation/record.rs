//! How a secret rotates, as it is stored within the secret's row.

/// The rotation of a secret. Absent until RotateSecret is called.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Rotation {
    /// Whether it rotates: false after CancelRotateSecret.
    #[prost(bool, tag = "1")]
    pub enabled: bool,
    /// The function that rotates it.
    #[prost(string, tag = "2")]
    pub lambda_arn: String,
    /// `AutomaticallyAfterDays`, if the schedule was given so.
    #[prost(int64, optional, tag = "3")]
    pub automatically_after_days: Option<i64>,
    /// `ScheduleExpression`, if the schedule was given so.
    #[prost(string, optional, tag = "4")]
    pub schedule_expression: Option<String>,
    /// `Duration`, as `3h`.
    #[prost(string, optional, tag = "5")]
    pub duration: Option<String>,
    /// Milliseconds since the epoch, of the last rotation that succeeded.
    #[prost(int64, optional, tag = "6")]
    pub last_rotated_ms: Option<i64>,
    /// The window of the next rotation, in milliseconds since the epoch.
    #[prost(int64, optional, tag = "7")]
    pub window_start_ms: Option<i64>,
    /// The end of that window.
    #[prost(int64, optional, tag = "8")]
    pub window_end_ms: Option<i64>,
    /// Counts what makes the job that there is obsolete. A job of another
    /// generation does nothing.
    #[prost(uint64, tag = "9")]
    pub generation: u64,
    /// The key of the job's row, in milliseconds since the epoch, as long as
    /// nobody has claimed it.
    #[prost(uint64, optional, tag = "10")]
    pub job_due_ms: Option<u64>,
    /// The rotation that was begun and is not finished.
    #[prost(message, optional, tag = "11")]
    pub running: Option<Running>,
}

/// A rotation that was begun.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Running {
    /// The version that is being made.
    #[prost(string, tag = "1")]
    pub version_id: String,
    /// Shows that a function acts for this rotation. Never logged.
    #[prost(string, tag = "2")]
    pub rotation_token: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub started_ms: i64,
    /// Attempts that failed since it was begun or taken up again.
    #[prost(uint32, tag = "4")]
    pub failed_attempts: u32,
    /// Whether only testSecret is to run, on a copy of the current value.
    #[prost(bool, tag = "5")]
    pub test: bool,
    /// Why the last attempt failed, in words that hold no secret.
    #[prost(string, optional, tag = "6")]
    pub failure: Option<String>,
    /// Whether the next attempt makes a new version, because the database
    /// refused the password of this one.
    #[prost(bool, tag = "7")]
    pub refused: bool,
    /// Whether the database may have the new password already, so that nobody
    /// can wait for the next window.
    #[prost(bool, tag = "8")]
    pub touched: bool,
}
