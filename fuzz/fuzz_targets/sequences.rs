//! Sequences of calls that are nearly right: members from each operation's own
//! description, values from what exists.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use strongroom_fuzz::{ACCOUNT, Deployment, Who, block_on};
use strongroom_services::{operation::Route, secretsmanager::operations::ROUTES};

/// Calls of one run, so that it stays short.
const CALLS: usize = 24;

/// Words for members that hold text. Most name something that exists, or that
/// an earlier call may have made.
const TEXTS: &[&str] = &[
    "a/one",
    "b",
    "c",
    "d",
    "a/",
    "!a",
    "b-AbCdEf",
    "é",
    "\0",
    "",
    "team",
    "reader",
    "aws:x",
    "AWSCURRENT",
    "AWSPENDING",
    "AWSPREVIOUS",
    "mine",
    "default",
    "11111111111111111111111111111111",
    "22222222222222222222222222222222",
    "44444444444444444444444444444444",
    "55555555555555555555555555555555",
    "alias/aws/secretsmanager",
    "DescTwo wordsHere",
    "us-east-1",
    "eu-central-1",
];
const POLICIES: &[&str] = &[
    "{}",
    "x",
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"secretsmanager:*","Resource":"*"}}"#,
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*"}}"#,
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#,
];

fuzz_target!(|bytes: &[u8]| {
    let mut chance = Unstructured::new(bytes);
    block_on(async {
        let deployment = Deployment::new().await;
        let mut known = Vec::new();
        for _ in 0..CALLS {
            let Ok((who, route, input)) = call(&mut chance, &known) else {
                break;
            };
            let outcome = deployment
                .call(who, route, input.to_string().as_bytes())
                .await;
            if let Ok(answer) = outcome {
                remember(&answer, &mut known);
            }
        }
        deployment.check().await;
    });
});

/// Texts of answers, to be asked for: ARNs, version ids, tokens.
fn remember(answer: &Value, known: &mut Vec<String>) {
    for member in ["ARN", "VersionId", "NextToken"] {
        if let Some(text) = answer[member].as_str()
            && known.len() < 32
            && !known.iter().any(|one| one == text)
        {
            known.push(text.to_owned());
        }
    }
}

fn call(chance: &mut Unstructured<'_>, known: &[String]) -> Result<(Who, &'static Route, Value)> {
    if chance.is_empty() {
        return Err(arbitrary::Error::NotEnoughData);
    }
    let who = *chance.choose(&[
        Who::Admin,
        Who::Admin,
        Who::Admin,
        Who::Reader,
        Who::Stranger,
    ])?;
    let route = chance.choose(ROUTES)?;
    let description = route.describe();
    Ok((who, route, structure(chance, known, &description["input"])?))
}

fn structure(chance: &mut Unstructured<'_>, known: &[String], members: &Value) -> Result<Value> {
    let mut made = Map::new();
    for member in members.as_array().into_iter().flatten() {
        let required = member["required"] == true;
        // Tokens are what an SDK fills in, and nothing happens without one.
        let wanted = required || member["name"] == "ClientRequestToken";
        if chance.ratio(if wanted { 15 } else { 5 }, 16)? {
            let name = member["name"].as_str().unwrap_or_default();
            made.insert(name.to_owned(), value(chance, known, member)?);
        }
    }
    Ok(Value::Object(made))
}

fn value(chance: &mut Unstructured<'_>, known: &[String], shape: &Value) -> Result<Value> {
    if chance.ratio(1, 64)? {
        return Ok(chance
            .choose(&[
                json!(null),
                json!(1),
                json!("x"),
                json!([]),
                json!({}),
                json!([[]]),
            ])?
            .clone());
    }
    Ok(match shape["type"].as_str().unwrap_or_default() {
        "structure" => structure(chance, known, &shape["members"])?,
        "list" => {
            let length = chance.int_in_range(0..=3)?;
            let items = (0..length).map(|_| value(chance, known, &shape["item"]));
            Value::Array(items.collect::<Result<_>>()?)
        }
        "boolean" => json!(bool::arbitrary(chance)?),
        "integer" => {
            json!(*chance.choose(&[1, 2, 3, 7, 30, 31, 100, 4096, 0, -1, i64::MAX, i64::MIN])?)
        }
        "blob" => json!(chance.choose(&["", "AAAA", "czNjcmV0", "/w==", "!"])?),
        _ => Value::String(text(chance, known, shape)?),
    })
}

fn text(chance: &mut Unstructured<'_>, known: &[String], shape: &Value) -> Result<String> {
    let name = shape["name"].as_str().unwrap_or_default();
    if let Some(values) = shape["enum"].as_array() {
        return Ok(chance
            .choose(values)?
            .as_str()
            .unwrap_or_default()
            .to_owned());
    }
    if name == "ResourcePolicy" {
        return Ok((*chance.choose(POLICIES)?).to_owned());
    }
    Ok(match chance.int_in_range(0..=7)? {
        0 => String::arbitrary(chance)?,
        1 | 2 if !known.is_empty() => chance.choose(known)?.clone(),
        3 => {
            let text = chance.choose(TEXTS)?;
            format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{text}")
        }
        _ => (*chance.choose(TEXTS)?).to_owned(),
    })
}
