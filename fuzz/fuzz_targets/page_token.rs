//! `NextToken`: nothing that was not given for a list opens a page of it.
#![no_main]

use std::sync::LazyLock;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use strongroom_fuzz::{Deployment, Who, block_on, route};

/// Refusals change nothing, so that one deployment serves all runs.
static DEPLOYMENT: LazyLock<(Deployment, Vec<u8>)> = LazyLock::new(|| {
    block_on(async {
        let deployment = Deployment::new().await;
        let page = deployment
            .ok("ListSecrets", &json!({"MaxResults": 1}))
            .await;
        let token = page["NextToken"].as_str().unwrap();
        let genuine = BASE64_URL_SAFE_NO_PAD.decode(token).unwrap();
        (deployment, genuine)
    })
});

// The text itself, the bytes in base64, and the genuine token's bytes
// changed by them.
fuzz_target!(|bytes: &[u8]| {
    let (deployment, genuine) = &*DEPLOYMENT;
    let mut changed = genuine.clone();
    changed.resize(genuine.len().max(bytes.len()), 0);
    for (byte, change) in changed.iter_mut().zip(bytes) {
        *byte ^= change;
    }
    let tokens = [
        String::from_utf8_lossy(bytes).into_owned(),
        BASE64_URL_SAFE_NO_PAD.encode(bytes),
        BASE64_URL_SAFE_NO_PAD.encode(&changed),
    ];
    for token in tokens {
        for (operation, input) in [
            ("ListSecrets", json!({"NextToken": token})),
            (
                "BatchGetSecretValue",
                json!({"NextToken": token, "Filters": [{"Key": "all", "Values": ["a"]}]}),
            ),
            (
                "ListSecretVersionIds",
                json!({"NextToken": token, "SecretId": "b"}),
            ),
            (
                "ListResourcePolicies",
                json!({"NextToken": token, "SecretId": "b"}),
            ),
        ] {
            let route = route(operation).unwrap();
            let body = input.to_string();
            let outcome = block_on(deployment.call(Who::Admin, route, body.as_bytes()));
            if operation == "ListSecrets"
                && BASE64_URL_SAFE_NO_PAD.decode(&token).as_ref() == Ok(genuine)
            {
                assert!(outcome.is_ok());
                continue;
            }
            let code = outcome.unwrap_err().code;
            let expected = ["InvalidNextTokenException", "ValidationException"];
            assert!(expected.contains(&code), "{operation}: {code}");
        }
    }
});
