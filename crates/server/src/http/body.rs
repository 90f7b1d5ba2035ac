use std::time::Duration;

use ::http::{HeaderMap, header};
use bytes::Buf;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{Refusal, admission::Share};

/// First allocation when the client does not say how long its body is, and
/// the most that is allocated on its word alone: little enough that as many
/// clients as there may be find room.
const FIRST_BYTES: usize = 4 << 10;

/// How long a client that is refused may pause in its body before it is told.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads a body of at most `limit` bytes into memory that is wiped on drop.
/// The first read sends `100 Continue` to a client that waits for it.
pub(super) async fn read(
    mut body: Incoming,
    headers: &HeaderMap,
    limit: usize,
    share: &mut Share,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    if body.is_end_stream() {
        return Ok(Zeroizing::default());
    }
    let declared = body.size_hint().exact();
    if declared.is_some_and(|length| length > limit as u64) {
        if !headers.contains_key(header::EXPECT) {
            discard(body, limit).await;
        }
        return Err(Refusal::BodyTooLarge);
    }
    let first = declared.map_or(FIRST_BYTES, |length| length as usize);
    let mut bytes = Zeroizing::new(Vec::new());
    grow(&mut bytes, first.min(FIRST_BYTES), share)?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::BodyBroken)?;
        // Trailers are none of AWS's protocols here.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let length = bytes.len().saturating_add(data.remaining());
        if length > limit {
            discard(body, limit).await;
            return Err(Refusal::BodyTooLarge);
        }
        if length > bytes.capacity() {
            let doubled = bytes.capacity().saturating_mul(2).min(limit);
            let end = declared.map_or(doubled, |declared| doubled.min(declared as usize));
            grow(&mut bytes, end.max(length), share)?;
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Moves the bytes to a larger place. A plain `reserve` would leave the old
/// place behind unwiped.
fn grow(bytes: &mut Zeroizing<Vec<u8>>, capacity: usize, share: &mut Share) -> Result<(), Refusal> {
    share.grow_to(capacity)?;
    let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
    larger.extend_from_slice(bytes);
    *bytes = larger;
    Ok(())
}

/// Reads on for a while without keeping anything: a client that is still
/// sending when the connection closes may never see the answer.
async fn discard(mut body: Incoming, limit: usize) {
    let mut rest = limit.saturating_mul(4);
    while let Ok(Some(Ok(frame))) = timeout(PAUSE, body.frame()).await {
        let length = frame.data_ref().map_or(0, Buf::remaining);
        let Some(left) = rest.checked_sub(length) else {
            return;
        };
        rest = left;
    }
}
