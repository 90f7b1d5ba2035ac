use crate::{
    json::Json,
    template::{Meaning, Template},
};

/// The condition keys a document refers to, as written, each once regardless
/// of case, in the document's order: those of conditions, and in version
/// `2012-10-17` those of policy variables.
pub(crate) fn of(document: &str) -> Vec<String> {
    let mut keys = Keys::default();
    if let Ok(Json::Object(members)) = Json::parse(document) {
        let version = |(name, value): &(String, Json)| {
            name == "Version" && matches!(value, Json::String(version) if version == "2012-10-17")
        };
        keys.variables = members.iter().any(version);
        for (name, value) in &members {
            if name == "Statement" {
                each(value, &mut |statement| keys.statement(statement));
            }
        }
    }
    keys.found
}

#[derive(Default)]
struct Keys {
    found: Vec<String>,
    variables: bool,
}

impl Keys {
    fn statement(&mut self, statement: &Json) {
        for (name, value) in members(statement) {
            match name.as_str() {
                "Condition" => {
                    for (_, keys) in members(value) {
                        for (key, values) in members(keys) {
                            self.add(key);
                            each(values, &mut |value| self.template(value));
                        }
                    }
                }
                "NotResource" | "Resource" => each(value, &mut |value| self.template(value)),
                _ => {}
            }
        }
    }

    fn template(&mut self, value: &Json) {
        let meaning = Meaning {
            variables: self.variables,
            wildcards: true,
        };
        if let Json::String(text) = value
            && let Ok(template) = Template::parse(text, meaning)
        {
            for key in template.keys() {
                // As written, which the compiled template no longer knows.
                let written = text
                    .split("${")
                    .filter_map(|rest| rest.get(..key.len()))
                    .find(|written| written.to_lowercase() == key);
                self.add(written.unwrap_or(key));
            }
        }
    }

    fn add(&mut self, key: &str) {
        let known = |found: &String| found.to_lowercase() == key.to_lowercase();
        if !self.found.iter().any(known) {
            self.found.push(key.to_owned());
        }
    }
}

fn members(value: &Json) -> &[(String, Json)] {
    match value {
        Json::Object(members) => members,
        _ => &[],
    }
}

fn each(value: &Json, act: &mut dyn FnMut(&Json)) {
    match value {
        Json::Array(values) => values.iter().for_each(act),
        value => act(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(document: &str, expected: &[&str]) {
        assert_eq!(of(document), expected, "{document}");
    }

    #[test]
    fn of_conditions_and_variables() {
        // AWS CLI Command Reference, `get-context-keys-for-custom-policy`.
        check(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}}"#,
            &["aws:username", "aws:CurrentTime"],
        );
        check(
            r#"{"Version":"2012-10-17","Statement":[{"Resource":["a${aws:UserName, 'x'}","${*}"]},
                {"Condition":{"StringLike":{"aws:PrincipalTag/Team":["${aws:username}","${aws:userid}"]},
                              "Null":{"AWS:principaltag/team":"false"}}}]}"#,
            &["aws:UserName", "aws:PrincipalTag/Team", "aws:userid"],
        );
    }

    #[test]
    fn variables_are_text_in_the_older_version() {
        check(
            r#"{"Statement":{"Resource":"${aws:username}","Condition":{"Bool":{"aws:SecureTransport":true}}}}"#,
            &["aws:SecureTransport"],
        );
        check("no policy", &[]);
    }
}
