use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Result;

/// The unit of times in `/proc/<pid>/stat`, the same on every Linux.
///
/// Source: proc_pid_stat(5), `USER_HZ`.
const TICKS_PER_SECOND: u64 = 100;
/// The longest time a server may take to start.
const START: Duration = Duration::from_secs(60);

/// A server under measurement: a process of its own, so that its cost is its
/// own. Stopped when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
}

impl Server {
    /// Starts `command`, which is to listen on `address`, and waits until it
    /// accepts connections and `is_ready`.
    ///
    /// # Errors
    ///
    /// When it cannot be started, ends, or is not ready within a minute.
    pub(crate) fn start(
        command: &mut Command,
        address: SocketAddr,
        is_ready: impl Fn() -> bool,
    ) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let mut server = Self { child };
        let started = Instant::now();
        while !is_ready() || TcpStream::connect(address).is_err() {
            if let Some(ended) = server.child.try_wait()? {
                return Err(format!("{command:?} ended at its start: {ended}").into());
            }
            if started.elapsed() > START {
                return Err(format!("{command:?} is not ready after {START:?}").into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(server)
    }

    /// Processor time that all its threads have taken, those that ended
    /// included.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        parse_stat(&stat).ok_or_else(|| format!("not a line of /proc/<pid>/stat: {stat}").into())
    }

    /// Memory that it holds, in MiB.
    pub(crate) fn resident_mib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib = parse_status(&status).ok_or("no VmRSS in /proc/<pid>/status")?;
        Ok(kib.div_ceil(1024))
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    ///
    /// When it ends with anything but 0.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.child.id())?);
        kill(pid, Signal::SIGTERM)?;
        let ended = self.child.wait()?;
        if ended.success() {
            return Ok(());
        }
        Err(format!("the server did not stop cleanly: {ended}").into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loopback address that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The variables of a file of `export NAME=value` lines.
pub(crate) fn read_exports(path: &Path) -> Result<Vec<(String, String)>> {
    Ok(parse_exports(&fs::read_to_string(path)?))
}

fn parse_exports(text: &str) -> Vec<(String, String)> {
    let exports = text.lines().filter_map(|line| line.strip_prefix("export "));
    let pairs = exports.filter_map(|export| export.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
        .collect()
}

/// User and system time: the 14th and 15th fields. The 2nd is the program's
/// name in brackets and may hold anything.
fn parse_stat(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis(
        (user + system) * 1000 / TICKS_PER_SECOND,
    ))
}

fn parse_status(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_whatever_the_program_is_called() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 1 2 3";
        assert_eq!(parse_stat(stat), Some(Duration::from_secs(3)));
        assert_eq!(parse_stat("7 a"), None);
    }

    #[test]
    fn memory_and_exports_are_read() {
        assert_eq!(
            parse_status("VmPeak:\t 9 kB\nVmRSS:\t  2048 kB\n"),
            Some(2048)
        );
        let exports = parse_exports("# comment\nexport A=1\nexport B='x=y'\n");
        assert_eq!(
            exports,
            [("A".into(), "1".into()), ("B".into(), "x=y".into())]
        );
    }

    #[test]
    fn a_server_that_ends_at_once_is_an_error() {
        let address = free_address().unwrap();
        let error = Server::start(&mut Command::new("false"), address, || true).unwrap_err();
        assert!(error.to_string().contains("ended at its start"), "{error}");
    }
}
