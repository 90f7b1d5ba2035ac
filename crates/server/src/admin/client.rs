use std::{
    io::{self, ErrorKind},
    path::Path,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::{Report, Request, request::Answer};

/// The longest answer that is read, in bytes.
const ANSWER_BYTES: u64 = 64 << 20;

/// Asks the node that listens at `path`; nothing if none does.
///
/// # Errors
/// A sentence for the operator: the node's, or why it could not be asked.
pub async fn ask(path: &Path, request: &Request) -> Result<Option<Report>, String> {
    let stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error) if is_deserted(error.kind()) => return Ok(None),
        Err(error) => {
            return Err(format!(
                "cannot ask the node at `{}`: {error}; run this as the node's user",
                path.display()
            ));
        }
    };
    match exchange(stream, request).await {
        Ok(Answer::Done(report)) => Ok(Some(report)),
        Ok(Answer::Refused(why)) => Err(why),
        Err(error) => Err(format!(
            "the node at `{}` did not answer: {error}; its log may say why",
            path.display()
        )),
    }
}

/// Whether there is no socket, or one that a dead process left. A path too
/// long for a socket has none either.
fn is_deserted(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::InvalidInput
    )
}

async fn exchange(mut stream: UnixStream, request: &Request) -> io::Result<Answer> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = Vec::new();
    // It may take long: the node reads everything it has.
    stream.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
    if answer.is_empty() {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&answer)?)
}
