//! What the system says of the process.

use std::fs;

use nix::sys::{
    resource::{Resource, UsageWho, getrlimit, getrusage},
    time::TimeVal,
};

/// Seconds of processor time.
pub(super) fn cpu_seconds() -> f64 {
    let seconds = |time: TimeVal| {
        let micros = u32::try_from(time.tv_usec()).unwrap_or(0);
        time.tv_sec() as f64 + f64::from(micros) / 1e6
    };
    getrusage(UsageWho::RUSAGE_SELF).map_or(0.0, |usage| {
        seconds(usage.user_time()) + seconds(usage.system_time())
    })
}

/// Bytes of memory, and threads.
pub(super) fn memory_and_threads() -> (Option<f64>, Option<f64>) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    let kibibytes = number("VmRSS:");
    (kibibytes.map(|kib| kib * 1024.0), number("Threads:"))
}

/// Files that are open, but for the one that counts them.
pub(super) fn open_files() -> Option<f64> {
    let files = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(files.saturating_sub(1) as f64)
}

/// Files that may be open.
pub(super) fn most_files() -> Option<f64> {
    let (most, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    Some(most as f64)
}
