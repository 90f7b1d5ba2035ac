//! Session tokens: nothing that was not made here opens, and nothing makes
//! opening panic.
#![no_main]

use std::sync::LazyLock;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use libfuzzer_sys::fuzz_target;
use strongroom_crypto::SystemRandom;
use strongroom_services::sts::{
    session::{Holder, RoleHolder, Session, SessionTag},
    token::SessionTokens,
};
use strongroom_types::AccountId;

static GENUINE: LazyLock<(SessionTokens, Vec<u8>)> = LazyLock::new(|| {
    let tokens = SessionTokens::new(&[1; 32]);
    let session = Session {
        issued_ms: 1,
        expires_ms: 2,
        holder: Some(Holder::Role(RoleHolder {
            name: "Reader".to_owned(),
            id: "AROAEXAMPLE".to_owned(),
            session_name: "pod-1".to_owned(),
        })),
        policy: Some("{}".to_owned()),
        tags: vec![SessionTag {
            key: "team".to_owned(),
            value: "red".to_owned(),
            transitive: true,
        }],
        ..Session::default()
    };
    let account = AccountId::new(111_122_223_333).unwrap();
    let issued = tokens.issue(&SystemRandom, session, account, 0);
    let bytes = BASE64_STANDARD
        .decode(issued.session_token.expose())
        .unwrap();
    (tokens, bytes)
});

// The text itself, the bytes in base64, and the genuine token's bytes changed
// by them.
fuzz_target!(|bytes: &[u8]| {
    let (tokens, genuine) = &*GENUINE;
    let mut changed = genuine.clone();
    changed.resize(genuine.len().max(bytes.len()), 0);
    for (byte, change) in changed.iter_mut().zip(bytes) {
        *byte ^= change;
    }
    for token in [
        String::from_utf8_lossy(bytes).into_owned(),
        BASE64_STANDARD.encode(bytes),
        BASE64_STANDARD.encode(&changed),
    ] {
        let is_genuine = BASE64_STANDARD.decode(&token).as_ref() == Ok(genuine);
        assert_eq!(tokens.open(&token).is_some(), is_genuine);
    }
});
