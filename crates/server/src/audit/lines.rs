//! The lines of a segment, each by where it begins.

use std::io;

use super::{
    archive::Stored,
    blocks::Blocks,
    storage::{SegmentFile, Storage},
};

/// A line is read in pieces of this many bytes.
const LINE_BYTES: usize = 4 << 10;

/// A segment, compressed or not.
pub(super) enum Lines<F> {
    Plain(F),
    Compressed(Blocks<F>),
}

impl<F: SegmentFile> Lines<F> {
    pub(super) fn open<S: Storage<File = F>>(storage: &S, stored: Stored) -> io::Result<Self> {
        match storage.open(&stored.file()) {
            Ok(file) if stored.is_compressed => Ok(Self::Compressed(Blocks::of(file))),
            Ok(file) => Ok(Self::Plain(file)),
            // Compressed since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !stored.is_compressed => {
                let compressed = Stored {
                    is_compressed: true,
                    ..stored
                };
                let file = storage.open(&compressed.file())?;
                Ok(Self::Compressed(Blocks::of(file)))
            }
            Err(error) => Err(error),
        }
    }

    /// The line that begins at `offset`, without its end.
    pub(super) fn at(&mut self, offset: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Compressed(blocks) => blocks.line(offset),
            Self::Plain(file) => {
                let mut line = Vec::new();
                let mut chunk = [0; LINE_BYTES];
                loop {
                    let length = file.read_at(&mut chunk, offset + line.len() as u64)?;
                    let read = chunk.get(..length).unwrap_or_default();
                    let end = read.iter().position(|byte| *byte == b'\n');
                    line.extend_from_slice(read.get(..end.unwrap_or(length)).unwrap_or_default());
                    if end.is_some() {
                        return Ok(line);
                    }
                    if length == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    }
}
