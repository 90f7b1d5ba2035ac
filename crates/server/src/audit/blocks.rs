//! Compressed segments: gzip members of some lines each, which say in their
//! headers how long they are, so that one record is read without the rest.
//! Any gzip reads the file as a whole.

use std::io::{self, Read, Write as _};

use flate2::{Compression, GzBuilder, bufread::GzDecoder};

use super::{index::read_exact, storage::SegmentFile};

/// A member's header, with its extra field: two letters, a length, and the
/// member's length compressed and not. Source: RFC 1952 section 2.3.1.
const HEADER_BYTES: usize = 24;
/// Where in it the two lengths are.
const LENGTHS_AT: usize = 16;
const EXTRA: [u8; 12] = [b'S', b'R', 8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// No member is longer than this, compressed or not.
const MOST_BYTES: usize = 64 << 20;

/// A gzip member with `lines`.
pub(super) fn pack(lines: &[u8]) -> io::Result<Vec<u8>> {
    // Lines are so alike that the fastest compression leaves a twelfth of them
    // and the default a sixteenth, at twice the processor's time.
    let mut encoder = GzBuilder::new()
        .extra(&EXTRA[..])
        .write(Vec::new(), Compression::fast());
    encoder.write_all(lines)?;
    let mut packed = encoder.finish()?;
    let lengths = [packed.len(), lines.len()].map(|length| u32::try_from(length).unwrap_or(0));
    let bytes = lengths.map(u32::to_le_bytes);
    if let Some(place) = packed.get_mut(LENGTHS_AT..HEADER_BYTES) {
        place.copy_from_slice(bytes.as_flattened());
    }
    Ok(packed)
}

/// The lines of a compressed segment.
pub(super) struct Blocks<F> {
    file: F,
    /// The member that was read last: where its lines begin, and they.
    last: Option<(u64, Vec<u8>)>,
}

impl<F: SegmentFile> Blocks<F> {
    pub(super) fn of(file: F) -> Self {
        Self { file, last: None }
    }

    /// The line, without its line feed, that begins at `offset` of the
    /// segment before it was compressed.
    ///
    /// # Errors
    /// When there is none, or the file is damaged.
    pub(super) fn line(&mut self, offset: u64) -> io::Result<Vec<u8>> {
        let is_in = |(begin, lines): &(u64, Vec<u8>)| {
            (*begin..*begin + lines.len() as u64).contains(&offset)
        };
        if !self.last.as_ref().is_some_and(is_in) {
            self.last = Some(self.block(offset)?.ok_or_else(damaged)?);
        }
        let line = self.last.as_ref().and_then(|(begin, lines)| {
            let rest = lines.get(usize::try_from(offset - begin).ok()?..)?;
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            rest.get(..end)
        });
        line.map(<[u8]>::to_vec).ok_or_else(damaged)
    }

    /// The lines, each with its line feed, from `offset` to the end of their
    /// block; nothing at the end of the segment.
    ///
    /// # Errors
    /// When the file is damaged.
    pub(super) fn from(&self, offset: u64) -> io::Result<Option<Vec<u8>>> {
        Ok(self.block(offset)?.map(|(begin, mut lines)| {
            let before = usize::try_from(offset - begin).unwrap_or(lines.len());
            lines.drain(..before);
            lines
        }))
    }

    /// The block that has `offset`, and where it begins.
    fn block(&self, offset: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
        let (mut place, mut begin) = (0, 0);
        let end = self.file.length()?;
        loop {
            if place >= end {
                return Ok(None);
            }
            let mut header = [0; HEADER_BYTES];
            read_exact(&self.file, &mut header, place)?;
            let [
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                b'S',
                b'R',
                _,
                _,
                a,
                b,
                c,
                d,
                e,
                f,
                g,
                h,
            ] = header
            else {
                return Err(damaged());
            };
            let packed = u32::from_le_bytes([a, b, c, d]) as usize;
            let length = u32::from_le_bytes([e, f, g, h]) as usize;
            if packed <= HEADER_BYTES || packed > MOST_BYTES || length > MOST_BYTES {
                return Err(damaged());
            }
            if offset >= begin + length as u64 {
                place += packed as u64;
                begin += length as u64;
                continue;
            }
            let mut bytes = vec![0; packed];
            read_exact(&self.file, &mut bytes, place)?;
            let mut lines = Vec::with_capacity(length);
            GzDecoder::new(bytes.as_slice()).read_to_end(&mut lines)?;
            return Ok(Some((begin, lines)));
        }
    }
}

fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a compressed segment is not as it was written",
    )
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use flate2::bufread::MultiGzDecoder;

    use super::*;

    #[test]
    fn members_say_how_long_they_are_and_are_read_as_one_file() {
        let (one, two) = (pack(b"{1}\n{22}\n").unwrap(), pack(b"{333}\n").unwrap());
        let lengths = |packed: &[u8]| {
            [16, 20].map(|at| u32::from_le_bytes(packed[at..at + 4].try_into().unwrap()))
        };
        assert_eq!(lengths(&one), [u32::try_from(one.len()).unwrap(), 9]);
        assert_eq!(lengths(&two), [u32::try_from(two.len()).unwrap(), 6]);
        let mut text = String::new();
        let both = [one, two].concat();
        MultiGzDecoder::new(BufReader::new(both.as_slice()))
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "{1}\n{22}\n{333}\n");
    }
}
