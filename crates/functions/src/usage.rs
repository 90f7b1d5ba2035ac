//! What processes use of the machine, as `/proc` tells it.
//!
//! Source: proc(5) and proc_pid_smaps(5) of Linux.

use std::{
    collections::{HashMap, HashSet},
    fs,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use nix::sys::stat::{major, minor};

/// A process, which no other is ever the same as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ProcessId {
    pub(crate) pid: i32,
    /// When it began, in ticks since the machine did.
    started: u64,
}

/// All processes of the machine at a moment.
pub(crate) struct Processes(Vec<Listed>);

struct Listed {
    id: ProcessId,
    parent: i32,
    group: i32,
    threads: u64,
}

/// The processes of one function.
pub(crate) struct Members {
    pub(crate) ids: HashSet<ProcessId>,
    pub(crate) threads: u64,
}

impl Members {
    /// Whether any of them is in another user namespace than this process.
    pub(crate) fn have_left(&self) -> bool {
        let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/user")).ok();
        let ours = namespace("self");
        let mut theirs = self
            .ids
            .iter()
            .filter_map(|id| namespace(&id.pid.to_string()));
        theirs.any(|theirs| Some(theirs) != ours)
    }
}

/// Memory that several processes may have, by device and inode.
type Shared = HashMap<(u64, u64, u64), u64>;

impl Processes {
    /// As they are now.
    pub(crate) fn now() -> Self {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        Self(pids.filter_map(listed).collect())
    }

    /// What the process `root` started, itself, and those of before that are
    /// still there, with what they started: somebody who detaches from their
    /// parents stays known.
    pub(crate) fn of(&self, root: i32, before: &HashSet<ProcessId>) -> Members {
        let mut children: HashMap<i32, Vec<&Listed>> = HashMap::new();
        for process in &self.0 {
            children.entry(process.parent).or_default().push(process);
        }
        let is_ours = |process: &&Listed| {
            process.id.pid == root || process.group == root || before.contains(&process.id)
        };
        let mut open: Vec<&Listed> = self.0.iter().filter(is_ours).collect();
        let mut members = Members {
            ids: HashSet::new(),
            threads: 0,
        };
        while let Some(process) = open.pop() {
            if members.ids.insert(process.id) {
                members.threads += process.threads;
                open.extend(children.get(&process.id.pid).into_iter().flatten());
            }
        }
        members
    }
}

fn listed(pid: i32) -> Option<Listed> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(pid, &text)
}

fn parse_stat(pid: i32, text: &str) -> Option<Listed> {
    // A process may have any name, with brackets too.
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let state = *fields.first()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    Some(Listed {
        id: ProcessId {
            pid,
            started: fields.get(19)?.parse().ok()?,
        },
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        threads: fields.get(17)?.parse().ok()?,
    })
}

/// Bytes of memory that processes use together: what is theirs alone, in memory
/// or swapped out, each page once, and what they share and no file holds. What
/// the kernel can read again from files is not counted.
///
/// Once more than `enough` it need not be exact.
pub(crate) fn memory_bytes(members: &Members, enough: u64) -> u64 {
    let mut shared = Shared::new();
    let mut hidden = 0_u64;
    for id in &members.ids {
        let process = format!("/proc/{}", id.pid);
        let place = Path::new(&process);
        match fs::read_to_string(place.join("maps")) {
            Ok(maps) => mapped(place, &maps, &mut shared),
            // Not to be looked into: what it shares is counted for each.
            Err(_) => hidden = hidden.saturating_add(status(place, &["RssShmem:"])),
        }
        held(place, &mut shared);
    }
    let shared: u64 = shared.values().sum::<u64>().saturating_add(hidden);
    let own = |of: fn(&Path) -> u64| {
        let each = members
            .ids
            .iter()
            .map(|id| of(Path::new(&format!("/proc/{}", id.pid))));
        each.fold(shared, u64::saturating_add)
    };
    // Processes that were forked have pages in common, which this counts for
    // each of them; it takes no walk over their pages.
    let at_most = own(|place| status(place, OWN));
    if at_most <= enough {
        return at_most;
    }
    own(|place| exactly(place).unwrap_or_else(|| status(place, OWN)))
}

const OWN: &[&str] = &["RssAnon:", "VmSwap:"];

/// The sum of some lines of a process's `status`, which everybody may read.
fn status(process: &Path, names: &[&str]) -> u64 {
    let text = fs::read_to_string(process.join("status")).unwrap_or_default();
    sum_of(&text, names)
}

/// Its share of the pages that it has.
fn exactly(process: &Path) -> Option<u64> {
    let text = fs::read_to_string(process.join("smaps_rollup")).ok()?;
    text.contains("Pss_Anon:")
        .then(|| sum_of(&text, &["Pss_Anon:", "SwapPss:"]))
}

/// Lines of the form `Name:  12 kB`, in bytes.
fn sum_of(text: &str, names: &[&str]) -> u64 {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let name = words.next()?;
        let kib: u64 = words.next()?.parse().ok()?;
        names.contains(&name).then(|| kib.saturating_mul(1024))
    });
    lines.fold(0, u64::saturating_add)
}

/// Whether a path is none, but memory that can be shared.
fn is_shared_memory(path: &str) -> bool {
    ["/memfd:", "/dev/zero (deleted)", "/SYSV", "/dev/shm/"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// Adds the shared memory that a process has mapped, whoever filled it.
fn mapped(process: &Path, maps: &str, shared: &mut Shared) {
    for line in maps.lines() {
        let Some((range, object, end)) = parse_map(line) else {
            continue;
        };
        // Only the machine's root may look at what is mapped; for others it is
        // as large as its mapping.
        let file = fs::metadata(process.join("map_files").join(range));
        let bytes = file.map_or(end, |file| file.blocks().saturating_mul(512));
        let known = shared.entry(object).or_default();
        *known = bytes.max(*known);
    }
}

/// Of a mapping of shared memory its range, what is mapped, and up to where.
fn parse_map(line: &str) -> Option<(&str, (u64, u64, u64), u64)> {
    let mut words = line.splitn(6, ' ');
    let (range, _, offset) = (words.next()?, words.next()?, words.next()?);
    let (device, inode, path) = (words.next()?, words.next()?, words.next()?);
    if !is_shared_memory(path.trim_start()) {
        return None;
    }
    let number = |text| u64::from_str_radix(text, 16).ok();
    let (from, to) = range.split_once('-')?;
    let (major, minor) = device.split_once(':')?;
    let bytes = number(to)?.checked_sub(number(from)?)?;
    let object = (number(major)?, number(minor)?, inode.parse().ok()?);
    Some((range, object, number(offset)?.saturating_add(bytes)))
}

/// Adds the shared memory that a process has open, mapped or not.
fn held(process: &Path, shared: &mut Shared) {
    let descriptors = fs::read_dir(process.join("fd")).into_iter().flatten();
    for descriptor in descriptors.flatten() {
        let path = descriptor.path();
        let target = fs::read_link(&path).unwrap_or_default();
        if !target.to_str().is_some_and(is_shared_memory) {
            continue;
        }
        if let Ok(file) = fs::metadata(&path) {
            let object = (major(file.dev()), minor(file.dev()), file.ino());
            shared.insert(object, file.blocks().saturating_mul(512));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, group: i32) -> Listed {
        Listed {
            id: ProcessId { pid, started: 7 },
            parent,
            group,
            threads: 2,
        }
    }

    #[test]
    fn a_function_s_processes_are_those_it_started() {
        let all = Processes(vec![
            process(1, 0, 1),
            process(10, 1, 10),
            process(12, 11, 12),
            process(11, 10, 10),
            process(13, 1, 10),
            process(14, 1, 14),
            process(15, 14, 15),
            process(20, 1, 20),
        ]);
        let detached = HashSet::from([ProcessId {
            pid: 14,
            started: 7,
        }]);
        let members = all.of(10, &detached);
        let mut pids: Vec<i32> = members.ids.iter().map(|id| id.pid).collect();
        pids.sort_unstable();
        assert_eq!(pids, [10, 11, 12, 13, 14, 15]);
        assert_eq!(members.threads, 12);
        // One that has a number again is another.
        let gone = HashSet::from([ProcessId {
            pid: 14,
            started: 3,
        }]);
        assert_eq!(all.of(20, &gone).ids.len(), 1);
    }

    #[test]
    fn what_proc_says() {
        let line = "42 (a) b) S 10 11 12 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 5 0 977 1 2 3";
        let listed = parse_stat(42, line).unwrap();
        assert_eq!((listed.parent, listed.group), (10, 11));
        assert_eq!((listed.threads, listed.id.started), (5, 977));
        assert!(parse_stat(42, &line.replace(") S", ") Z")).is_none());
        assert!(parse_stat(42, "42 (a").is_none());

        let text = "Name:\tx\nRssAnon:\t    12 kB\nRssFile:\t 99 kB\nVmSwap:\t 4 kB\n";
        assert_eq!(sum_of(text, OWN), 16 * 1024);

        let map = "7f00000000-7f00002000 rw-s 00001000 00:01 1035 /dev/zero (deleted)";
        let expected = ("7f00000000-7f00002000", (0, 1, 1035), 0x3000);
        assert_eq!(parse_map(map), Some(expected));
        for other in [
            "7f00000000-7f00002000 r-xp 00000000 fe:00 3 /usr/lib/libc.so",
            "7f00000000-7f00002000 rw-p 00000000 00:00 0 ",
            "nonsense",
        ] {
            assert_eq!(parse_map(other), None);
        }
    }
}
