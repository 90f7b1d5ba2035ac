//! Opening an audit log over whatever an interruption or a bad disk left: the
//! complete lines stay, what follows them is cut off, and appending goes on.
#![no_main]

use std::{
    collections::{BTreeMap, HashSet},
    io,
    sync::{Arc, Mutex},
};

use libfuzzer_sys::fuzz_target;
use strongroom::audit::{
    AuditLog, Options, Signer,
    storage::{SegmentFile, Storage},
};
use strongroom_fuzz::NOW;
use strongroom_types::{ManualClock, Timestamp};

const FIRST: &str = "0000000001-20261123T120000Z.jsonl";
const SECOND: &str = "0000000002-20261123T125900Z.jsonl";
const RECORD: &[u8] = br#"{"eventID":"new"}"#;

type Files = Arc<Mutex<BTreeMap<String, Arc<Mutex<Vec<u8>>>>>>;

/// A directory in memory.
struct Memory(Files);

struct MemoryFile(Arc<Mutex<Vec<u8>>>);

// The first byte says where the rest is cut into two segments.
fuzz_target!(|bytes: &[u8]| {
    let Some((&cut, bytes)) = bytes.split_first() else {
        return;
    };
    let (first, second) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let files = Files::default();
    for (name, content) in [(FIRST, first), (SECOND, second)] {
        let content = Arc::new(Mutex::new(content.to_vec()));
        files.lock().unwrap().insert(name.to_owned(), content);
    }
    let clock = Arc::new(ManualClock::new(NOW.parse::<Timestamp>().unwrap()));
    let options = Options {
        segment_bytes: 4096,
        ..Options::default()
    };
    let signer = Arc::new(Signer::from_seed(&[7; 32]).unwrap());
    let open = || {
        let storage = Memory(Arc::clone(&files));
        AuditLog::open_on(storage, options, clock.clone(), Arc::clone(&signer)).unwrap()
    };
    let (log, recovered) = open();

    let data = second.split(|byte| *byte == 0).next().unwrap_or_default();
    let lines = data
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |last| last + 1);
    let wanted: HashSet<String> = ["a", "b", ""].map(str::to_owned).into();
    assert!(
        recovered
            .contains_recent(&wanted)
            .unwrap()
            .is_subset(&wanted)
    );

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(log.append(RECORD)).unwrap();
    assert!(log.close());
    drop(log);

    let content = |name: &str| files.lock().unwrap()[name].lock().unwrap().clone();
    assert_eq!(
        content(FIRST),
        first,
        "a segment that is not the last was changed"
    );
    let kept = content(SECOND);
    assert_eq!(&kept[..lines], &second[..lines], "complete lines were lost");
    let all: Vec<u8> = {
        let files = files.lock().unwrap();
        let segments = files
            .iter()
            .filter(|(name, _)| name.ends_with(".jsonl") && *name != FIRST);
        segments
            .flat_map(|(_, file)| file.lock().unwrap().clone())
            .collect()
    };
    // The record goes on as the chain has it: with its hash as a last member.
    let added = all.strip_prefix(&second[..lines]).unwrap();
    let open_record = RECORD.strip_suffix(b"}").unwrap();
    assert!(added.starts_with(open_record) && added.ends_with(b"}\n"));
    assert_eq!(added.iter().filter(|byte| **byte == b'\n').count(), 1);

    let (_, again) = open();
    assert_eq!((again.torn_bytes, again.torn_file), (0, None));
});

impl Storage for Memory {
    type File = MemoryFile;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().unwrap().keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<MemoryFile> {
        let file = Arc::default();
        let old = self
            .0
            .lock()
            .unwrap()
            .insert(name.to_owned(), Arc::clone(&file));
        assert!(old.is_none(), "{name} exists");
        Ok(MemoryFile(file))
    }

    fn open(&self, name: &str) -> io::Result<MemoryFile> {
        let file = self.0.lock().unwrap().get(name).cloned();
        file.map(MemoryFile)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = Arc::new(Mutex::new(bytes.to_vec()));
        self.0.lock().unwrap().insert(name.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let file = self.0.lock().unwrap().remove(name);
        file.map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl SegmentFile for MemoryFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = self.0.lock().unwrap();
        let rest = content.get(offset as usize..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut content = self.0.lock().unwrap();
        let (start, end) = (offset as usize, offset as usize + bytes.len());
        if content.len() < end {
            content.resize(end, 0);
        }
        content[start..end].copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.lock().unwrap().resize(length as usize, 0);
        Ok(())
    }

    fn is_in_place(&self) -> io::Result<bool> {
        Ok(true)
    }
}
