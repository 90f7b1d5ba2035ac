//! Tables, dice and helpers that the tests share.

use strongroom_store::{Change, Mode, RootKey, Store, StoreError, Table};

/// Rows with a name and a number, to read in ranges.
pub struct Notes;

#[derive(Clone, PartialEq, prost::Message)]
pub struct Note {
    #[prost(string, tag = "1")]
    pub text: String,
}

impl Table for Notes {
    const ID: u8 = 7;
    const NAME: &'static str = "notes";
    type Key = (String, u64);
    type Record = Note;
}

/// Numbered sums.
pub struct Balances;

#[derive(Clone, PartialEq, prost::Message)]
pub struct Balance {
    #[prost(int64, tag = "1")]
    pub amount: i64,
}

impl Table for Balances {
    const ID: u8 = 8;
    const NAME: &'static str = "balances";
    type Key = (u64,);
    type Record = Balance;
}

pub fn root() -> RootKey {
    RootKey::from_bytes(&[42; 32])
}

pub fn note(text: impl Into<String>) -> Note {
    Note { text: text.into() }
}

pub fn balance(amount: i64) -> Balance {
    Balance { amount }
}

/// Judges the rows of the tests' tables.
pub fn inspect(row: &Change) -> Result<(), String> {
    match row.table() {
        Notes::ID => row.check::<Notes>(),
        Balances::ID => row.check::<Balances>(),
        _ => Ok(()),
    }
}

pub async fn put_note(
    store: &Store,
    name: &str,
    number: u64,
    text: &str,
) -> Result<(), StoreError> {
    let mut transaction = store.begin(Mode::Write).await?;
    transaction.put::<Notes>(&(name.to_owned(), number), &note(text))?;
    transaction.commit(Vec::new()).await.map(drop)
}

pub async fn get_note(
    store: &Store,
    name: &str,
    number: u64,
) -> Result<Option<String>, StoreError> {
    let mut transaction = store.begin(Mode::Read).await?;
    let note = transaction.get::<Notes>(&(name.to_owned(), number)).await?;
    Ok(note.map(|note| note.text))
}

/// Repeatable chance: SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }
}
