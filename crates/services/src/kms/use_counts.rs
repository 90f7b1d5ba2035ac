//! How often keys were used, for the operator's metrics. Counted by key spec
//! and not by key: there may be any number of keys.

use std::sync::atomic::{AtomicU64, Ordering};

use super::spec::KeySpec;

/// The operations that use a key, those of every secret first.
const OPERATIONS: [&str; 12] = [
    "Decrypt",
    "GenerateDataKey",
    "Encrypt",
    "DeriveSharedSecret",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "ReEncrypt",
    "Sign",
    "Verify",
    "VerifyMac",
];
/// The key specs there are.
const SPECS: usize = KeySpec::NAMES.len();

/// Uses since the process began. Noting one neither locks nor allocates.
#[derive(Default)]
pub(super) struct UseCounts([[AtomicU64; SPECS]; OPERATIONS.len()]);

impl UseCounts {
    pub(super) fn note(&self, operation: &str, spec: KeySpec) {
        let place = OPERATIONS.iter().position(|known| *known == operation);
        let row = place.and_then(|place| self.0.get(place));
        if let Some(count) = row.and_then(|row| row.get(spec as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Operation, key spec and how often, where it was used at all.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.0.iter().zip(OPERATIONS).flat_map(|(row, operation)| {
            let specs = row.iter().zip(KeySpec::NAMES);
            let counts =
                specs.map(move |(count, spec)| (operation, *spec, count.load(Ordering::Relaxed)));
            counts.filter(|(_, _, count)| *count > 0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_counted_by_operation_and_key_spec() {
        let uses = UseCounts::default();
        uses.note("Decrypt", KeySpec::SymmetricDefault);
        uses.note("Decrypt", KeySpec::SymmetricDefault);
        uses.note("Sign", KeySpec::MlDsa87);
        let counts: Vec<_> = uses.counts().collect();
        let expected = [
            ("Decrypt", "SYMMETRIC_DEFAULT", 2),
            ("Sign", "ML_DSA_87", 1),
        ];
        assert_eq!(counts, expected);
    }
}
