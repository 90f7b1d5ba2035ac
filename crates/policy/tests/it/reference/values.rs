//! How single values, patterns and points in time compare.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Situation, Values};

/// One value of the request with one of the policy, by a positive operator.
pub(super) fn compare(
    it: &Situation,
    operator: &str,
    value: &str,
    policy: &str,
    variables: bool,
) -> bool {
    let variables = variables.then_some(it);
    let filled = |wildcards| symbols(policy, wildcards, variables);
    let plain = || {
        Some(
            filled(false)?
                .iter()
                .map(|symbol| symbol.0)
                .collect::<String>(),
        )
    };
    match operator {
        "stringequals" => plain().is_some_and(|policy| policy == value),
        "stringequalsignorecase" => {
            plain().is_some_and(|policy| policy.to_lowercase() == value.to_lowercase())
        }
        "stringlike" => filled(true).is_some_and(|policy| glob(&policy, value)),
        "arnequals" | "arnlike" => filled(true).is_some_and(|policy| {
            let value: Vec<(char, bool)> = value.chars().map(|letter| (letter, false)).collect();
            let (policy, value) = (six_parts(&policy), six_parts(&value));
            if let [lone] = policy.as_slice()
                && !lone.is_empty()
                && lone.iter().all(|symbol| *symbol == ('*', true))
            {
                return value.len() == 6;
            }
            policy.len() == 6
                && value.len() == 6
                && policy.iter().zip(&value).all(|(policy, value)| {
                    let value: String = value.iter().map(|symbol| symbol.0).collect();
                    glob(policy, &value)
                })
        }),
        "bool" => plain().is_some_and(|policy| {
            let (policy, value) = (policy.to_lowercase(), value.to_lowercase());
            policy == value && ["true", "false"].contains(&&*value)
        }),
        "binaryequals" => match (STANDARD.decode(policy), STANDARD.decode(value)) {
            (Ok(policy), Ok(value)) => policy == value,
            _ => false,
        },
        "ipaddress" => in_block(value, policy),
        _ => {
            let (relation, points) = match operator.strip_prefix("numeric") {
                Some(relation) => (relation, [decimal(value), decimal(policy)]),
                None => (&operator["date".len()..], [instant(value), instant(policy)]),
            };
            let [Some(value), Some(policy)] = points else {
                return false;
            };
            match relation {
                "equals" => value == policy,
                "lessthan" => value < policy,
                "lessthanequals" => value <= policy,
                "greaterthan" => value > policy,
                "greaterthanequals" => value >= policy,
                other => panic!("{other}"),
            }
        }
    }
}

pub(super) fn lookup<'a>(it: &'a Situation, key: &str) -> Option<&'a Values> {
    let key = key.to_lowercase();
    let found = it
        .context
        .iter()
        .find(|(known, _)| known.to_lowercase() == key);
    found.map(|(_, values)| values)
}

/// A pattern letter by letter, each with whether it is a wildcard. `None` if a
/// variable has no value. Variables mean something if a situation is given.
pub(super) fn symbols(
    pattern: &str,
    wildcards: bool,
    variables: Option<&Situation>,
) -> Option<Vec<(char, bool)>> {
    let literal = |text: &str| {
        text.chars()
            .map(|letter| (letter, false))
            .collect::<Vec<_>>()
    };
    if let Some(it) = variables
        && let Some(start) = pattern.find("${")
    {
        let end = start + pattern[start..].find('}').unwrap();
        let inside = &pattern[start + 2..end];
        let (key, default) = match inside.split_once(',') {
            Some((key, default)) => (key, Some(default.trim().trim_matches('\''))),
            None => (inside, None),
        };
        let value = match (key, lookup(it, key)) {
            ("*" | "?" | "$", _) => key,
            (_, Some(Values::One(value))) => value,
            (_, Some(Values::Many(_))) => return None,
            (_, None) => default?,
        };
        let mut filled = symbols(&pattern[..start], wildcards, None)?;
        filled.extend(literal(value));
        filled.extend(symbols(&pattern[end + 1..], wildcards, variables)?);
        return Some(filled);
    }
    let wild = |letter| wildcards && matches!(letter, '*' | '?');
    Some(
        pattern
            .chars()
            .map(|letter| (letter, wild(letter)))
            .collect(),
    )
}

/// The definition of wildcards.
pub(super) fn glob(pattern: &[(char, bool)], text: &str) -> bool {
    let mut letters = text.chars();
    match pattern.split_first() {
        None => text.is_empty(),
        Some((('*', true), rest)) => {
            glob(rest, text)
                || letters
                    .next()
                    .is_some_and(|_| glob(pattern, letters.as_str()))
        }
        Some((('?', true), rest)) => letters.next().is_some_and(|_| glob(rest, letters.as_str())),
        Some(((letter, _), rest)) => {
            letters.next() == Some(*letter) && glob(rest, letters.as_str())
        }
    }
}

fn six_parts(text: &[(char, bool)]) -> Vec<Vec<(char, bool)>> {
    text.splitn(6, |symbol| symbol.0 == ':')
        .map(<[_]>::to_vec)
        .collect()
}

fn decimal(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    (digits(unsigned) && digits(fraction)).then(|| text.parse().unwrap())
}

/// Seconds since 1970.
fn instant(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(seconds as f64);
    }
    let text = text.to_uppercase();
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text.as_str(), None),
    };
    let numbers = |text: &str, separator| -> Option<Vec<f64>> {
        text.split(separator).map(decimal).collect()
    };
    let (year, month, day) = match numbers(date, '-')?[..] {
        [year, month, day] => (year, month, day),
        [year, month] => (year, month, 1.0),
        _ => return None,
    };
    // Days by counting them.
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let in_months = |year| {
        [
            31,
            if leap(year) { 29 } else { 28 },
            31,
            30,
            31,
            30,
            31,
            31,
            30,
            31,
            30,
            31,
        ]
    };
    let (year, month) = (year as i64, month as usize);
    if !(1..=12).contains(&month) || !(1..=in_months(year)[month - 1]).contains(&(day as i64)) {
        return None;
    }
    let mut days = day - 1.0;
    days += (1970..year)
        .map(|year| in_months(year).iter().sum::<i64>())
        .sum::<i64>() as f64;
    days += in_months(year)[..month - 1].iter().sum::<i64>() as f64;
    let Some(time) = time else {
        return Some(days * 86400.0);
    };
    let (time, offset) = match (time.strip_suffix('Z'), time.find(['+', '-'])) {
        (Some(time), _) => (time, 0.0),
        (None, Some(sign)) => {
            let [hours, minutes] = numbers(&time[sign + 1..], ':')?.try_into().ok()?;
            let offset = hours * 3600.0 + minutes * 60.0;
            (
                &time[..sign],
                if time[sign..].starts_with('-') {
                    -offset
                } else {
                    offset
                },
            )
        }
        (None, None) => (time, 0.0),
    };
    let time = numbers(time, ':')?;
    let weights = [3600.0, 60.0, 1.0];
    let seconds: f64 = time
        .iter()
        .zip(weights)
        .map(|(part, weight)| part * weight)
        .sum();
    Some(days * 86400.0 + seconds - offset)
}

fn in_block(value: &str, block: &str) -> bool {
    let bits = |text: &str| -> Option<String> {
        Some(match text.parse().ok()? {
            IpAddr::V4(address) => format!("4:{:032b}", u32::from(address)),
            IpAddr::V6(address) => format!("6:{:0128b}", u128::from(address)),
        })
    };
    let (address, prefix) = match block.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse().ok()),
        None => (block, Some(usize::MAX)),
    };
    let (Some(value), Some(block), Some(prefix)) = (bits(value), bits(address), prefix) else {
        return false;
    };
    let prefix = prefix.min(block.len() - 2) + 2;
    value.len() == block.len() && value[..prefix] == block[..prefix]
}
