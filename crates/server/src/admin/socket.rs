use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use nix::unistd::geteuid;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    task::JoinSet,
    time::timeout,
};

use super::{Admin, Operator, request::Answer};

/// The longest request, in bytes: a path of 4096 bytes, each escaped.
const REQUEST_BYTES: u64 = 32 << 10;
/// Most connections at a time; others wait in the system's queue.
const CONNECTIONS: usize = 4;
/// The longest time for a request to arrive, and for its answer to be taken.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a running node takes its operator's requests. Its file goes when it
/// is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Listens at `path`, for the process's user alone. Whoever calls this has
    /// the store open, so a socket that is there already is a dead one's.
    ///
    /// # Errors
    /// Those of the file system; a path of more than 107 bytes.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // The process's umask keeps others out from the first moment on.
        let listener = UnixListener::bind(path)?;
        let path = path.to_owned();
        let socket = Self { listener, path };
        fs::set_permissions(&socket.path, fs::Permissions::from_mode(0o600))?;
        Ok(socket)
    }

    /// Answers for ever. Dropping it drops what is being done.
    pub async fn serve(self, admin: Arc<Admin>) {
        let mut conversations = JoinSet::new();
        loop {
            while conversations.len() >= CONNECTIONS {
                conversations.join_next().await;
            }
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let admin = Arc::clone(&admin);
                    conversations.spawn(async move {
                        if let Err(error) = converse(stream, &admin).await {
                            tracing::debug!(%error, "an admin connection failed");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept an admin connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            while conversations.try_join_next().is_some() {}
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // One that stays behind is replaced at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// One request and its answer.
async fn converse(stream: UnixStream, admin: &Admin) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    if uid != 0 && uid != geteuid().as_raw() {
        tracing::warn!(uid, "another user's process was turned away");
        return Ok(());
    }
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read.take(REQUEST_BYTES));
    let mut line = Vec::new();
    timeout(PATIENCE, read.read_until(b'\n', &mut line)).await??;
    let answer = tokio::select! {
        biased;
        answer = answer(&line, admin, Operator { uid }) => answer,
        // Nobody waits for it any more: a backup is given up half-way.
        _ = read.read_u8() => return Ok(()),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    timeout(PATIENCE, write.write_all(&line)).await?
}

async fn answer(line: &[u8], admin: &Admin, by: Operator) -> Answer {
    if line.last() != Some(&b'\n') {
        return Answer::Refused("the request is cut off or too long".to_owned());
    }
    let request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return Answer::Refused(format!(
                "the node does not understand the request ({error}); \
                 is it of another release than this command?"
            ));
        }
    };
    tracing::info!(?request, uid = by.uid, "asked by the operator");
    match admin.perform(request, by).await {
        Ok(report) => Answer::Done(report),
        Err(why) => Answer::Refused(why),
    }
}
