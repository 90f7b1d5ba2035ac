//! Keeping what is in memory in memory.

use std::io;

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
