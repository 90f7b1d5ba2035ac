//! Bodies: any bytes to any operation. A line is a call: the operation's name,
//! a blank, the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strongroom_fuzz::{Deployment, Who, block_on, route};

/// Calls of one run, so that it stays short.
const CALLS: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let calls = bytes.split(|byte| *byte == b'\n').filter_map(|line| {
        let blank = line.iter().position(|byte| *byte == b' ')?;
        let (name, body) = line.split_at(blank);
        Some((route(std::str::from_utf8(name).ok()?)?, &body[1..]))
    });
    let mut calls = calls.take(CALLS).peekable();
    if calls.peek().is_none() {
        return;
    }
    block_on(async {
        let deployment = Deployment::new().await;
        for (route, body) in calls {
            // A refusal is as good as an answer; what must hold of both is
            // asserted in there.
            let _ = deployment.call(Who::Admin, route, body).await;
        }
        deployment.check().await;
    });
});
