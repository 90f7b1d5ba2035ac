use serde::Deserialize;
use strongroom_services::config_rules::{Configured, Criticality, Parameters, RULES, Rules, find};
use strongroom_types::AccountId;

use super::{Check, ConfigError, EventEndpoint, Key, names::suggestion};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    name: Option<String>,
    criticality: Option<String>,
    target: Vec<String>,
    tags: Vec<String>,
    secret_names: Vec<String>,
    trusted_accounts: Vec<String>,
    principals: Vec<String>,
    kms_key_arns: Vec<String>,
    maximum_allowed_rotation_frequency: Option<i64>,
    max_days_since_rotation: Option<i64>,
    unused_for_days: Option<i64>,
}

pub(super) fn check_all(
    sections: Vec<Section>,
    endpoints: &[EventEndpoint],
    check: &Check<'_>,
) -> Result<Rules, ConfigError> {
    let mut rules: Vec<Configured> = Vec::new();
    for (index, section) in sections.into_iter().enumerate() {
        let rule = section.check(index, endpoints, check)?;
        if rules.iter().any(|other| other.rule.name == rule.rule.name) {
            let message = format!("the rule `{}` is switched on already", rule.rule.name);
            return Err(check.refuse(key(index, "name"), message));
        }
        rules.push(rule);
    }
    Ok(Rules::new(rules))
}

fn key(index: usize, name: &'static str) -> Key {
    Key {
        section: "rule",
        index: Some(index),
        name,
    }
}

impl Section {
    fn check(
        self,
        index: usize,
        endpoints: &[EventEndpoint],
        check: &Check<'_>,
    ) -> Result<Configured, ConfigError> {
        let refuse = |name, message: String| check.refuse(key(index, name), message);
        let name = self.name.clone().unwrap_or_default();
        let Some(rule) = find(&name) else {
            let known = || RULES.iter().map(|rule| rule.name);
            let like = match suggestion(&name, known()) {
                like if like.is_empty() => {
                    let known: Vec<_> = known().collect();
                    format!("; there are {}", known.join(", "))
                }
                like => like,
            };
            return Err(refuse("name", format!("there is no rule `{name}`{like}")));
        };
        let criticality = match &self.criticality {
            None => rule.criticality,
            Some(text) => {
                let is = |known: &&Criticality| known.as_str().eq_ignore_ascii_case(text);
                *Criticality::ALL.iter().find(is).ok_or_else(|| {
                    let message = format!("`{text}` is not low, medium, high or critical");
                    refuse("criticality", message)
                })?
            }
        };
        let stranger = self
            .target
            .iter()
            .find(|name| !endpoints.iter().any(|endpoint| endpoint.name == **name));
        if let Some(name) = stranger {
            let message = format!(
                "there is no event endpoint `{name}`; add a section `[[event_endpoint]]` with \
                 that name, or leave `target` out"
            );
            return Err(refuse("target", message));
        }
        let given = [
            ("tags", !self.tags.is_empty()),
            ("secret_names", !self.secret_names.is_empty()),
            ("trusted_accounts", !self.trusted_accounts.is_empty()),
            ("principals", !self.principals.is_empty()),
            ("kms_key_arns", !self.kms_key_arns.is_empty()),
            (
                "maximum_allowed_rotation_frequency",
                self.maximum_allowed_rotation_frequency.is_some(),
            ),
            (
                "max_days_since_rotation",
                self.max_days_since_rotation.is_some(),
            ),
            ("unused_for_days", self.unused_for_days.is_some()),
        ];
        for (name, is_given) in given {
            if is_given && !rule.parameters.contains(&name) {
                let message = format!(
                    "the rule `{}` takes no `{name}`{}",
                    rule.name,
                    match rule.parameters {
                        [] => ", nor any other parameter".to_owned(),
                        names => format!(", but {}", names.join(", ")),
                    }
                );
                return Err(refuse(name, message));
            }
            if !is_given && rule.needs_parameter && rule.parameters.first() == Some(&name) {
                let message = format!("the rule `{}` needs `{name}`", rule.name);
                return Err(refuse("name", message));
            }
        }
        Ok(Configured {
            rule,
            criticality,
            parameters: self.parameters(index, check)?,
            target: self.target,
        })
    }

    fn parameters(&self, index: usize, check: &Check<'_>) -> Result<Parameters, ConfigError> {
        let refuse = |name, message: String| check.refuse(key(index, name), message);
        for text in &self.tags {
            let tag = text.split('=').next().unwrap_or_default().trim();
            if tag.is_empty() || tag.len() > 128 {
                let message = format!(
                    "`{text}` is no tag; write its key, or `key=value,other value` if only some \
                     values are right"
                );
                return Err(refuse("tags", message));
            }
        }
        for (name, patterns) in [
            ("secret_names", &self.secret_names),
            ("principals", &self.principals),
        ] {
            let wrong = patterns.iter().find(|text| !is_pattern(text));
            if let Some(text) = wrong {
                let message =
                    format!("`{text}` is no pattern; write `*` for any characters, one at a time");
                return Err(refuse(name, message));
            }
        }
        if let Some(text) = self.principals.iter().find(|text| !may_be_caller(text)) {
            let message = format!(
                "`{text}` matches nobody: principals are told by their ARNs, such as \
                 arn:aws:iam::111122223333:role/name, or with `*` in place of what may vary"
            );
            return Err(refuse("principals", message));
        }
        let accounts = self.trusted_accounts.iter().map(|text| {
            text.parse::<AccountId>().map_err(|_| {
                let message = format!("`{text}` is no account; write its twelve digits");
                refuse("trusted_accounts", message)
            })
        });
        if let Some(text) = self.kms_key_arns.iter().find(|arn| !arn.contains(":key/")) {
            let message = format!("`{text}` is no key's ARN, such as arn:aws:kms:…:key/…");
            return Err(refuse("kms_key_arns", message));
        }
        let days = [
            (
                "maximum_allowed_rotation_frequency",
                self.maximum_allowed_rotation_frequency,
            ),
            ("max_days_since_rotation", self.max_days_since_rotation),
            ("unused_for_days", self.unused_for_days),
        ];
        let mut chosen = None;
        for (name, days) in days {
            if let Some(days) = days {
                chosen = Some(check.within(key(index, name), days, 1..=3650)?);
            }
        }
        Ok(Parameters {
            tags: self.tags.clone(),
            secret_names: self.secret_names.clone(),
            trusted_accounts: accounts.collect::<Result<_, _>>()?,
            principals: self.principals.clone(),
            kms_key_arns: self.kms_key_arns.clone(),
            days: chosen,
        })
    }
}

/// Whether the pattern matches an ARN or a service, which is how records name
/// whoever deletes.
fn may_be_caller(pattern: &str) -> bool {
    if pattern.ends_with(".amazonaws.com") {
        return true;
    }
    match pattern.split_once('*') {
        Some((head, _)) => head.starts_with("arn:") || "arn:".starts_with(head),
        None => pattern.starts_with("arn:"),
    }
}

fn is_pattern(text: &str) -> bool {
    !text.is_empty() && !text.contains("**") && !text.contains('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_deletes_has_an_arn_or_is_a_service() {
        for pattern in [
            "*",
            "ar*",
            "*/bob",
            "backup.amazonaws.com",
            "arn:aws:iam::111122223333:user/bob",
        ] {
            assert!(may_be_caller(pattern), "{pattern}");
        }
        for pattern in ["bob", "bob*", "b*b", "111122223333"] {
            assert!(!may_be_caller(pattern), "{pattern}");
        }
    }
}
