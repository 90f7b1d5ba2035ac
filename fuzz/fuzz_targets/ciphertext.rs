//! Ciphertext blobs: a value opens only as it was sealed. The parser is
//! private; this goes through the row that holds the blobs, as if the store's
//! own seal were broken.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use strongroom_fuzz::{ACCOUNT, Deployment, Who, block_on, route};
use strongroom_services::{secretsmanager::SealedValue, tables::SecretValues};
use strongroom_store::Mode;
use strongroom_types::{AccountId, Region};

#[derive(Arbitrary, Debug)]
struct Input {
    /// Whether the bytes change genuine blobs or stand alone.
    genuine: bool,
    /// How much is cut off the blobs' ends.
    shorter: (u8, u8),
    data_key: Vec<u8>,
    ciphertext: Vec<u8>,
}

fuzz_target!(|input: Input| block_on(async {
    let deployment = Deployment::new().await;
    let store = &deployment.services.store;
    let mut tx = store.begin(Mode::Write).await.unwrap();
    let account = AccountId::new(ACCOUNT).unwrap();
    let prefix = (account, Region::US_EAST_1, "b");
    let rows = tx.range::<SecretValues>(prefix, None, 1).await.unwrap();
    let (key, old) = &rows[0];
    let mut row = old.clone();
    if input.genuine {
        change(&mut row.ciphertext, &input.ciphertext, input.shorter.0);
        change(
            &mut row.encrypted_data_key,
            &input.data_key,
            input.shorter.1,
        );
    } else {
        row = SealedValue {
            ciphertext: input.ciphertext,
            encrypted_data_key: input.data_key,
            ..row
        };
    }
    tx.put::<SecretValues>(key, &row).unwrap();
    tx.commit(Vec::new()).await.unwrap();

    let route = route("GetSecretValue").unwrap();
    let body = json!({"SecretId": "b"}).to_string();
    let outcome = deployment.call(Who::Admin, route, body.as_bytes()).await;
    match outcome {
        Ok(answer) => assert!(row == *old && answer["SecretString"] == "s3cret"),
        Err(refusal) => assert!(row != *old && refusal.code == "DecryptionFailure"),
    }
}));

/// Changes bytes by others, and cuts the end off.
fn change(bytes: &mut Vec<u8>, with: &[u8], shorter: u8) {
    for (byte, change) in bytes.iter_mut().zip(with) {
        *byte ^= change;
    }
    bytes.truncate(bytes.len().saturating_sub(shorter.into()));
}
