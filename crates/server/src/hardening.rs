//! Keeping what is in memory in memory.

use std::{fs, io};

use nix::sys::{
    prctl,
    resource::{Resource, setrlimit},
    stat::{Mode, umask},
};

/// Makes the process one whose memory ends up in no file: no core dumps, not
/// readable or traceable by other processes of the same user, and new files
/// for the owner alone. To be called first in `main`.
///
/// # Errors
///
/// When the system refuses, which it has no reason to.
pub fn harden() -> io::Result<()> {
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    prctl::set_dumpable(false)?;
    Ok(())
}

/// Closes what the process was started with beside its three streams: whatever
/// that is, functions would inherit it. To be called before anything is opened.
pub fn close_inherited() {
    let Ok(open) = fs::read_dir("/proc/self/fd") else {
        return;
    };
    let numbers: Vec<i32> = open
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    for number in numbers {
        if number > 2 {
            // The directory that was just read is among them, and closed.
            let _ = nix::unistd::close(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::resource::getrlimit;

    use super::*;

    #[test]
    fn a_hardened_process_leaves_no_dump() {
        harden().unwrap();
        assert_eq!(getrlimit(Resource::RLIMIT_CORE), Ok((0, 0)));
        assert_eq!(prctl::get_dumpable(), Ok(false));
        let old = umask(Mode::empty());
        umask(old);
        assert_eq!(old, Mode::S_IRWXG | Mode::S_IRWXO);
    }
}
