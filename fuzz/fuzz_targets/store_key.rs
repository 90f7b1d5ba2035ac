//! Keys of rows: what decodes is the one encoding of what it decodes to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strongroom_store::Key;
use strongroom_types::{AccountId, Region, Timestamp};

fn check<K: Key>(bytes: &[u8]) {
    if let Some(key) = K::decode(bytes) {
        let mut again = Vec::new();
        key.encode(&mut again);
        assert_eq!(again, bytes);
    }
}

fuzz_target!(|bytes: &[u8]| {
    check::<(String,)>(bytes);
    check::<(u64, String)>(bytes);
    check::<(AccountId, Region, String)>(bytes);
    check::<(AccountId, Region, String, String, String)>(bytes);
    check::<(Timestamp, [u8; 3], u32, u8)>(bytes);
});
