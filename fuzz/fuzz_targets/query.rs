//! Parameters of AWS Query: any form to any operation of IAM. What is asked is
//! in the form itself, `Action`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strongroom_fuzz::{Deployment, Who, block_on};
use strongroom_services::{iam::operations::ROUTES, protocol::Form};

/// Refusals of the framework around the service.
const FRAMEWORK: [&str; 4] = [
    "AccessDenied",
    "MalformedInput",
    "MalformedQueryString",
    "ValidationError",
];

fuzz_target!(|bytes: &[u8]| {
    let form = Form::new(bytes);
    let all = form.all("Action");
    let Ok(Some(action)) = form.get("Action") else {
        return;
    };
    // What comes after the first may be no form.
    if let Ok(all) = all {
        assert_eq!(all[0], action);
    }
    let Some(route) = ROUTES.iter().find(|route| route.name == action) else {
        return;
    };
    block_on(async {
        let deployment = Deployment::new().await;
        let answer = deployment.answer(Who::Admin, route, bytes).await;
        match answer.result {
            Ok(body) => {
                let text = std::str::from_utf8(&body).unwrap();
                assert!(text.starts_with(&format!("<{}Response xmlns=", route.name)));
                assert!(text.ends_with(&format!("</{}Response>\n", route.name)));
            }
            Err(refusal) => {
                let shape = refusal.recorded_as.unwrap_or(refusal.code);
                let known = FRAMEWORK.contains(&refusal.code) || route.errors.contains(&shape);
                assert!(known, "{} does not answer {refusal:?}", route.name);
            }
        }
        deployment.check().await;
    });
});
