//! Who writes next where many want to write the same.

use strongroom_types::AccountId;
use tokio::sync::{Mutex, MutexGuard};

/// Accounts share lanes, by their numbers.
const LANES: u64 = 64;

/// Transactions are optimistic: of many that change one secret at once, one
/// commits and the others begin again. Those that lost often take turns, so
/// that they only lose against newcomers and not against each other.
pub struct Turns(Vec<Mutex<()>>);

impl Default for Turns {
    fn default() -> Self {
        Self(
            std::iter::repeat_with(Mutex::default)
                .take(LANES as usize)
                .collect(),
        )
    }
}

impl Turns {
    /// Waits for the account's turn, which lasts as long as the guard. Must
    /// not be held while anything is done that may come back as a request.
    pub(super) async fn take(&self, account: AccountId) -> Option<MutexGuard<'_, ()>> {
        let lane = self.0.get((account.number() % LANES) as usize)?;
        Some(lane.lock().await)
    }
}
