//! The commands that confine a function's process.

use std::{fs, path::PathBuf};

use crate::process::{AUTHORITIES, DISK_BYTES, FIRST_ID, Program, script};

/// Bytes of directories in memory that are not for files.
const SMALL: &str = "1048576";

/// The first process in a namespace takes all others with it. It makes the
/// places, gives up its rights and becomes the function.
pub(crate) fn namespaces(program: &Program<'_>, function: &[String]) -> Vec<String> {
    // Every file system is first made one to read; what is mounted after that
    // is the function's own. Nothing stays in memory that no process has: there
    // are no System V segments and queues.
    //
    // Over `/etc` comes a layer with the function's user, and the authorities
    // where handlers for AWS look for them. Where the kernel has no layers for
    // us there is the user alone.
    const PLACES: &str = "set -e; umask 022; task=$1; runtime=$2; size=$3; user=$4; shift 4; \
         while read -r _ _ _ _ place _; do case $place in /proc*|/sys*) ;; \
         *) mount -o remount,bind,ro \"$place\" 2>/dev/null || : ;; esac; \
         done < /proc/self/mountinfo; \
         while [ \"$1\" != -- ]; do mount -t tmpfs -o size=4k,mode=0 none \"$1\"; shift; done; shift; \
         mount -t tmpfs -o size=1m,mode=755 none /mnt; mkdir /mnt/task /mnt/runtime; \
         mount --bind \"$task\" /mnt/task; mount --bind \"$runtime\" /mnt/runtime; \
         mount -o remount,bind,ro /mnt/task; mount -o remount,bind,ro /mnt/runtime; \
         mkdir -p /mnt/etc /mnt/machine; \
         { cat /etc/passwd; echo \"function:x:$user:$user::/tmp:/bin/sh\"; } > /mnt/etc/passwd; \
         [ ! -e /mnt/runtime/cert.pem ] || { mkdir -p /mnt/etc/pki/tls; \
         ln -s /mnt/runtime/cert.pem /mnt/etc/pki/tls/cert.pem; }; \
         mount --rbind /etc /mnt/machine; \
         if mount -t overlay -o ro,lowerdir=/mnt/etc:/etc none /etc 2>/dev/null; then \
         while read -r _ _ _ _ place _; do case $place in /mnt/machine/passwd) ;; \
         /mnt/machine/*) mount --bind \"$place\" \"/etc${place#/mnt/machine}\" ;; esac; \
         done < /proc/self/mountinfo; \
         else mount --bind /mnt/etc/passwd /etc/passwd; fi; \
         mount -t tmpfs -o size=$size,mode=1777,nosuid,nodev none /tmp; \
         [ ! -d /var/tmp ] || mount --bind /tmp /var/tmp; \
         mount -t tmpfs -o size=1m,mode=1777,nosuid,nodev none /dev/shm; \
         for name in shmmni msgmni; do echo 0 > /proc/sys/kernel/$name; done; \
         cd /mnt/task; exec \"$@\"";
    let user = program.user.unwrap_or(FIRST_ID);
    let mut words: Vec<String> = [
        "/usr/bin/unshare",
        "--mount",
        "--pid",
        "--ipc",
        "--fork",
        "--mount-proc",
        "--kill-child=KILL",
    ]
    .map(str::to_owned)
    .to_vec();
    words.extend(script(PLACES));
    words.push(program.task.display().to_string());
    words.push(program.bootstraps.display().to_string());
    words.push(DISK_BYTES.to_string());
    words.push(user.to_string());
    // What is under `/tmp` is hidden by the new one already; hiding the
    // server's directories first would hide the function's own files.
    words.push("--".to_owned());
    words.extend([
        "/usr/bin/setpriv".to_owned(),
        format!("--reuid={user}"),
        format!("--regid={user}"),
        "--clear-groups".to_owned(),
        "--no-new-privs".to_owned(),
        "--bounding-set=-all".to_owned(),
        "--inh-caps=-all".to_owned(),
    ]);
    words.extend_from_slice(function);
    words
}

/// The same by bubblewrap, as the server's user.
pub(crate) fn bubblewrap(program: &Program<'_>, function: &[String]) -> Vec<String> {
    let mut words = vec![program.bubblewrap.display().to_string()];
    let mut say = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
    say(&[
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--share-net",
    ]);
    say(&["--die-with-parent", "--new-session", "--ro-bind", "/", "/"]);
    say(&["--dev", "/dev", "--proc", "/proc"]);
    // All that is in memory has a size, or can only be read.
    let size = DISK_BYTES.to_string();
    say(&["--size", &size, "--tmpfs", "/tmp"]);
    say(&[
        "--size",
        SMALL,
        "--tmpfs",
        "/dev/shm",
        "--remount-ro",
        "/dev",
    ]);
    say(&["--size", SMALL, "--tmpfs", "/mnt"]);
    say(&["--ro-bind", &program.task.to_string_lossy(), "/mnt/task"]);
    say(&[
        "--ro-bind",
        &program.bootstraps.to_string_lossy(),
        "/mnt/runtime",
    ]);
    say(&["--remount-ro", "/mnt"]);
    if program.bootstraps.join(AUTHORITIES).exists() {
        etc(&mut say);
    }
    // What is under `/tmp` is not there anyway.
    let hidden = program.hidden.iter();
    for hidden in hidden.filter(|hidden| !hidden.starts_with("/tmp")) {
        let hidden = hidden.to_string_lossy();
        say(&["--size", SMALL, "--tmpfs", &hidden, "--remount-ro", &hidden]);
    }
    say(&["--chdir", "/mnt/task", "--"]);
    words.extend_from_slice(function);
    words
}

/// `/etc` as the machine has it, and in it the authorities where handlers for AWS
/// look for them.
fn etc(say: &mut impl FnMut(&[&str])) {
    let mut place = PathBuf::from("/etc");
    say(&["--size", SMALL, "--tmpfs", "/etc"]);
    for own in ["pki", "tls", AUTHORITIES] {
        let entries = fs::read_dir(&place).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name() != own) {
            let path = entry.path();
            let shown = path.to_string_lossy();
            match fs::read_link(&path) {
                Ok(target) => say(&["--symlink", &target.to_string_lossy(), &shown]),
                Err(_) => say(&["--ro-bind-try", &shown, &shown]),
            }
        }
        place.push(own);
    }
    say(&[
        "--symlink",
        "/mnt/runtime/cert.pem",
        "/etc/pki/tls/cert.pem",
    ]);
    say(&["--remount-ro", "/etc"]);
}
