//! Events as syslog messages: RFC 5424 over TLS (RFC 5425) or UDP (RFC 5426).
//!
//! Syslog has no answers. A message counts as received if nothing was heard
//! against it for a moment: that the connection was closed, or that nobody
//! listens. Whatever was sent later than that before a failure is sent again.

use std::{collections::VecDeque, fs, io, process, time::Duration};

use nix::errno::Errno;
use strongroom_services::{context::Services, events::Event};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf},
    net::{UdpSocket, lookup_host},
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    feed::{Entry, Feed},
    health::Health,
    ledger::Ledger,
};
use crate::{
    audit::Follower,
    outbound::{Peer, Stream},
};

/// Source: RFC 5425 section 4.1.
pub(super) const TLS_PORT: u16 = 6514;
/// Source: RFC 5426 section 3.3.
pub(super) const UDP_PORT: u16 = 514;
/// `log audit`. Source: RFC 5424 table 1.
const FACILITY: u8 = 13;
/// Severities. Source: RFC 5424 table 2.
const WARNING: u8 = 4;
const NOTICE: u8 = 5;
const INFORMATIONAL: u8 = 6;
/// The longest MSGID, and HOSTNAME. Source: RFC 5424 section 6.
const MSGID_BYTES: usize = 32;
const HOSTNAME_BYTES: usize = 255;
/// How long nothing must be heard against a message.
const SETTLED: Duration = Duration::from_secs(1);
/// Records sent between two looks at the other end.
const BURST: usize = 256;
/// Records that nothing was heard of yet. More are not sent.
const UNSETTLED: usize = 16 * 1024;
/// Longest time to connect, and for one message to be taken.
const PATIENCE: Duration = Duration::from_secs(15);
/// The pause when there is nothing to send.
const IDLE: Duration = Duration::from_millis(100);
/// How often the place is saved.
const TICK: Duration = Duration::from_secs(1);

/// Where messages go.
pub(super) struct Syslog {
    peer: Peer,
    is_tls: bool,
    hostname: String,
    health: Health,
}

/// A way to the other end.
enum Line {
    Tls(ReadHalf<Box<dyn Stream>>, WriteHalf<Box<dyn Stream>>),
    Udp(UdpSocket),
}

/// Records that nothing was heard of yet.
struct Unsettled {
    after: Follower,
    time: String,
    sent: Instant,
}

impl Syslog {
    pub(super) fn over_tls(peer: Peer) -> Self {
        Self::new(peer, true)
    }

    pub(super) fn over_udp(peer: Peer) -> Self {
        Self::new(peer, false)
    }

    fn new(peer: Peer, is_tls: bool) -> Self {
        Self {
            peer,
            is_tls,
            hostname: hostname(),
            health: Health::default(),
        }
    }

    /// Tells of events until `stop`.
    pub(super) async fn run(
        &self,
        services: &Services,
        mut feed: Feed,
        mut ledger: Ledger,
        mut stop: watch::Receiver<bool>,
    ) {
        tokio::select! {
            () = self.go_on(services, &mut feed, &mut ledger) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        // What is not settled is told again at the next start.
        ledger.save(self.health.down()).await;
    }

    /// Sends over one line after another.
    async fn go_on(&self, services: &Services, feed: &mut Feed, ledger: &mut Ledger) {
        loop {
            let why = match timeout(PATIENCE, self.open()).await {
                Ok(Ok(mut line)) => self.send_all(&mut line, feed, ledger).await,
                Ok(Err(why)) => why,
                Err(_) => "it does not answer in time".to_owned(),
            };
            self.health
                .failed(&ledger.name, why, services.clock.as_ref());
            ledger.save(self.health.down()).await;
            feed.rewind(ledger.place());
            tokio::time::sleep(self.health.pause(services.random.as_ref())).await;
        }
    }

    /// Sends until the line breaks, and why it did.
    async fn send_all(&self, line: &mut Line, feed: &mut Feed, ledger: &mut Ledger) -> String {
        let opened = Instant::now();
        let mut next_save = opened;
        let mut unsettled: VecDeque<Unsettled> = VecDeque::new();
        loop {
            let mut is_idle = true;
            for _ in 0..BURST {
                if unsettled.len() >= UNSETTLED {
                    break;
                }
                let Some(entry) = feed.next().await else {
                    break;
                };
                is_idle = false;
                if let Err(why) = self.send(line, &entry, ledger).await {
                    return why;
                }
                unsettled.push_back(Unsettled {
                    after: entry.after,
                    time: entry.time,
                    sent: Instant::now(),
                });
            }
            let pause = if is_idle { IDLE } else { Duration::ZERO };
            if let Err(error) = line.listen(pause).await {
                return error.to_string();
            }
            // A line that stays open with nothing to send is a good one too.
            if unsettled.is_empty() && opened.elapsed() >= SETTLED {
                self.health.succeeded(&ledger.name);
            }
            while let Some(settled) = unsettled.pop_front_if(|it| it.sent.elapsed() >= SETTLED) {
                self.health.succeeded(&ledger.name);
                ledger.reached(settled.after, &settled.time);
            }
            if Instant::now() >= next_save {
                ledger.save(self.health.down()).await;
                next_save = Instant::now() + TICK;
            }
        }
    }

    async fn send(
        &self,
        line: &mut Line,
        entry: &Entry,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        for event in &entry.events {
            let message = message(event, &self.hostname, process::id());
            match timeout(PATIENCE, line.send(&message)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) if is_too_long(&error) => {
                    let place = entry.after;
                    let key = (
                        ledger.name.clone(),
                        place.sequence(),
                        place.offset(),
                        event.id.clone(),
                    );
                    let reason = "it is too long for a datagram".to_owned();
                    let kept = ledger.give_up(key, event.text.clone(), reason, 1).await;
                    kept.map_err(|error| error.to_string())?;
                }
                Ok(Err(error)) => return Err(error.to_string()),
                Err(_) => return Err("it takes nothing more".to_owned()),
            }
        }
        Ok(())
    }

    async fn open(&self) -> Result<Line, String> {
        if self.is_tls {
            let (read, write) = tokio::io::split(self.peer.connect().await?);
            return Ok(Line::Tls(read, write));
        }
        let text = |error: io::Error| error.to_string();
        let mut found = lookup_host(self.peer.address()).await.map_err(text)?;
        let address = found.next().ok_or("its name has no address")?;
        let any: &str = if address.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(any).await.map_err(text)?;
        socket.connect(address).await.map_err(text)?;
        Ok(Line::Udp(socket))
    }
}

impl Line {
    async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            Self::Tls(_, stream) => {
                // Octet counting. Source: RFC 5425 section 4.3.
                let head = format!("{} ", message.len());
                stream
                    .write_all(&[head.as_bytes(), message].concat())
                    .await?;
                stream.flush().await
            }
            Self::Udp(socket) => socket.send(message).await.map(drop),
        }
    }

    /// Waits for something against what was sent.
    async fn listen(&mut self, pause: Duration) -> io::Result<()> {
        let mut heard = [0; 512];
        let said = match self {
            Self::Tls(stream, _) => timeout(pause, stream.read(&mut heard)).await,
            Self::Udp(socket) => timeout(pause, socket.recv(&mut heard)).await,
        };
        match (said, &self) {
            (Ok(Ok(0)), Self::Tls(..)) => Err(io::Error::other("it closed the connection")),
            (Ok(Err(error)), _) => Err(error),
            (Ok(Ok(_)) | Err(_), _) => Ok(()),
        }
    }
}

fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EMSGSIZE as i32)
}

/// The event as a message of RFC 5424, without structured data.
fn message(event: &Event, hostname: &str, process: u32) -> Vec<u8> {
    let severity = match (event.is_warning, event.read_only) {
        (true, _) => WARNING,
        (false, true) => INFORMATIONAL,
        (false, false) => NOTICE,
    };
    let priority = FACILITY * 8 + severity;
    let name = printable(&event.name, MSGID_BYTES);
    let (time, text) = (printable(&event.time, MSGID_BYTES), &event.text);
    format!("<{priority}>1 {time} {hostname} strongroom {process} {name} - {text}").into_bytes()
}

/// The text as a header field: visible ASCII, and something.
fn printable(text: &str, most: usize) -> String {
    let visible = text.chars().filter(char::is_ascii_graphic).take(most);
    let text: String = visible.collect();
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}

fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    printable(&name, HOSTNAME_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_the_rfc_has_it() {
        let mut event = Event {
            id: "e-1".to_owned(),
            time: "2026-11-23T13:02:03Z".to_owned(),
            name: "CreateSecret".to_owned(),
            read_only: false,
            is_warning: false,
            rule: None,
            text: r#"{"id":"ü"}"#.to_owned(),
        };
        let text = |event: &Event| String::from_utf8(message(event, "node-1", 7)).unwrap();
        assert_eq!(
            text(&event),
            r#"<109>1 2026-11-23T13:02:03Z node-1 strongroom 7 CreateSecret - {"id":"ü"}"#
        );
        event.read_only = true;
        assert!(text(&event).starts_with("<110>1 "));
        event.is_warning = true;
        assert!(text(&event).starts_with("<108>1 "));
        event.name = "a b\n".repeat(20);
        assert!(text(&event).contains(" strongroom 7 abababababababababababababababab - "));
        event.name = "\n".to_owned();
        assert!(text(&event).contains(" strongroom 7 - - {"));
    }
}
