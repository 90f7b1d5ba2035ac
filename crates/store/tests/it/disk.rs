//! A disk that fails and crashes as disks do.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use redb::StorageBackend;

use crate::support::Dice;

/// What a disk writes at once or not at all.
const SECTOR_BYTES: usize = 512;

/// A disk in memory with a cache before it. Writes go to the cache; a sync
/// makes them last. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What reads see.
    cache: Vec<u8>,
    /// What a crash cannot take.
    lasting: Vec<u8>,
    /// Made since the last sync, in order.
    unsynced: Vec<Change>,
    /// Writes and syncs until the next one fails.
    fails_in: Option<u64>,
    trouble: Trouble,
    reads_fail: bool,
    failures: u64,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

/// What happens once `fails_in` has run out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// One write or sync fails.
    #[default]
    Once,
    /// All do until the disk is healed.
    Lasting,
    /// The file cannot grow until the disk is healed.
    Full,
}

impl Disk {
    pub fn holding(bytes: Vec<u8>) -> Self {
        let disk = Self::default();
        disk.state().cache.clone_from(&bytes);
        disk.state().lasting = bytes;
        disk
    }

    /// Trouble after that many more writes and syncs.
    pub fn fail_in(&self, operations: u64, trouble: Trouble) {
        let mut state = self.state();
        state.fails_in = Some(operations);
        state.trouble = trouble;
    }

    /// Reads fail until the disk is healed.
    pub fn fail_reads(&self) {
        self.state().reads_fail = true;
    }

    pub fn heal(&self) {
        let mut state = self.state();
        state.fails_in = None;
        state.reads_fail = false;
    }

    /// How many operations failed.
    pub fn failures(&self) -> u64 {
        self.state().failures
    }

    /// What is there after the power was cut: what was synced, and of what was
    /// not, any part in any order, sectors whole.
    pub fn after_crash(&self, dice: &mut Dice) -> Self {
        let state = self.state();
        let mut bytes = state.lasting.clone();
        let mut changes = state.unsynced.clone();
        for place in (1..changes.len()).rev() {
            if dice.below(2) == 0 {
                changes.swap(place, dice.below(place as u64 + 1) as usize);
            }
        }
        let kept = dice.below(4);
        for change in changes {
            if dice.below(3) >= kept {
                continue;
            }
            match change {
                Change::Write(offset, data) if dice.below(2) == 0 => {
                    for (number, sector) in data.chunks(SECTOR_BYTES).enumerate() {
                        if dice.below(2) == 0 {
                            let offset = offset + number * SECTOR_BYTES;
                            Change::Write(offset, sector.to_vec()).apply(&mut bytes);
                        }
                    }
                }
                whole => whole.apply(&mut bytes),
            }
        }
        Self::holding(bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Change {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Resize(length) => bytes.resize(length, 0),
            Self::Write(offset, data) => {
                let end = offset + data.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[offset..end].copy_from_slice(&data);
            }
        }
    }
}

impl State {
    fn attempt(&mut self, grows: bool) -> io::Result<()> {
        let Some(left) = &mut self.fails_in else {
            return Ok(());
        };
        if *left > 0 {
            *left -= 1;
            return Ok(());
        }
        match self.trouble {
            Trouble::Once => self.fails_in = None,
            Trouble::Lasting => {}
            Trouble::Full if grows => {}
            Trouble::Full => return Ok(()),
        }
        self.failures += 1;
        Err(io::Error::from(match self.trouble {
            Trouble::Full => io::ErrorKind::StorageFull,
            Trouble::Once | Trouble::Lasting => io::ErrorKind::Other,
        }))
    }

    fn change(&mut self, change: Change) {
        change.clone().apply(&mut self.cache);
        self.unsynced.push(change);
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().cache.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        if state.reads_fail {
            state.failures += 1;
            return Err(io::ErrorKind::Other.into());
        }
        let offset = offset as usize;
        let bytes = state.cache.get(offset..offset + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        let grows = length as usize > state.cache.len();
        state.attempt(grows)?;
        state.change(Change::Resize(length as usize));
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.attempt(false)?;
        state.change(Change::Write(offset as usize, data.to_vec()));
        Ok(())
    }

    /// A failed sync loses what it should have written: the cache shows it
    /// still, and no later sync writes it.
    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        let synced = state.attempt(false);
        for change in std::mem::take(&mut state.unsynced) {
            if synced.is_ok() {
                change.apply(&mut state.lasting);
            }
        }
        synced
    }
}
