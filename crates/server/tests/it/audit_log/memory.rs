//! A disk in memory that knows what was synced, and fails on demand.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use strongroom::audit::storage::{SegmentFile, Storage};

#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    files: Mutex<BTreeMap<String, Arc<Mutex<Content>>>>,
    faults: Faults,
}

#[derive(Debug)]
pub(super) struct Faults {
    /// Writes fail, half done.
    pub(super) write: AtomicBool,
    /// Syncs fail.
    pub(super) sync: AtomicBool,
    /// Writes of more bytes than this stop there.
    pub(super) space: AtomicU64,
    /// Syncs wait for this.
    pub(super) gate: Mutex<()>,
    pub(super) syncs: AtomicUsize,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            write: AtomicBool::default(),
            sync: AtomicBool::default(),
            space: AtomicU64::new(u64::MAX),
            gate: Mutex::default(),
            syncs: AtomicUsize::default(),
        }
    }
}

#[derive(Debug, Default)]
struct Content {
    written: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct MemoryFile {
    memory: Memory,
    content: Arc<Mutex<Content>>,
}

impl Memory {
    pub(super) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.files.lock().unwrap().keys().cloned().collect()
    }

    /// What a power cut would leave, in order of the segments.
    pub(super) fn durable_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, content) in &*self.0.files.lock().unwrap() {
            if !name.ends_with(".jsonl") {
                continue;
            }
            let content = content.lock().unwrap();
            let text = std::str::from_utf8(&content.durable).unwrap();
            let text = text.trim_end_matches('\0');
            assert!(
                text.is_empty() || text.ends_with('\n'),
                "half a line: {text}"
            );
            lines.extend(text.lines().map(super::record));
        }
        lines
    }
}

impl Storage for Memory {
    type File = MemoryFile;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.names())
    }

    fn create(&self, name: &str) -> io::Result<MemoryFile> {
        let content = Arc::<Mutex<Content>>::default();
        let mut files = self.0.files.lock().unwrap();
        assert!(!files.contains_key(name), "{name} exists");
        files.insert(name.to_owned(), Arc::clone(&content));
        Ok(MemoryFile {
            memory: self.clone(),
            content,
        })
    }

    fn open(&self, name: &str) -> io::Result<MemoryFile> {
        let files = self.0.files.lock().unwrap();
        let content = files.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(MemoryFile {
            memory: self.clone(),
            content: Arc::clone(content),
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let removed = self.0.files.lock().unwrap().remove(name);
        removed.map(|_| ()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let content = Content {
            written: bytes.to_vec(),
            durable: bytes.to_vec(),
        };
        let mut files = self.0.files.lock().unwrap();
        files.insert(name.to_owned(), Arc::new(Mutex::new(content)));
        Ok(())
    }
}

impl SegmentFile for MemoryFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.content.lock().unwrap().written.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = self.content.lock().unwrap();
        let rest = content.written.get(offset as usize..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let faults = self.memory.faults();
        let broken = faults.write.load(Ordering::SeqCst);
        let space = faults.space.load(Ordering::SeqCst).min(bytes.len() as u64) as usize;
        let space = if broken { space / 2 } else { space };
        let mut content = self.content.lock().unwrap();
        let end = (offset as usize + space).max(content.written.len());
        content.written.resize(end, 0);
        content.written[offset as usize..offset as usize + space].copy_from_slice(&bytes[..space]);
        if space < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let faults = self.memory.faults();
        drop(faults.gate.lock().unwrap());
        if faults.sync.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is gone"));
        }
        faults.syncs.fetch_add(1, Ordering::SeqCst);
        let mut content = self.content.lock().unwrap();
        content.durable = content.written.clone();
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut content = self.content.lock().unwrap();
        content.written.resize(length as usize, 0);
        content.durable = content.written.clone();
        Ok(())
    }

    fn is_in_place(&self) -> io::Result<bool> {
        let files = self.memory.0.files.lock().unwrap();
        Ok(files
            .values()
            .any(|content| Arc::ptr_eq(content, &self.content)))
    }
}
