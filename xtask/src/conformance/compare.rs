use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::shape::{Shape, strings, text};
use crate::command::{Failure, Result};

/// One thing in which what we declare is not what AWS publishes.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    /// `secretsmanager.GetSecretValue.input.SecretId`.
    pub(super) at: String,
    pub(super) kind: &'static str,
    detail: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]: {}", self.at, self.kind, self.detail)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Input,
    /// What we answer is ours to bound, so only its form is compared.
    Output,
}

/// All differences between a service as `strongroom shapes` prints it and
/// AWS's model of it.
///
/// # Errors
///
/// When either is not of the expected form.
pub(super) fn service(name: &str, declared: &Value, model: &Value) -> Result<Vec<Difference>> {
    let ours = operations(declared)?;
    let theirs = operations(model)?;
    let mut differences = Differences::default();
    for (operation, published) in theirs {
        let at = format!("{name}.{operation}");
        match ours.get(operation) {
            Some(declared) => differences.operation(&at, declared, model, published)?,
            None => differences.add(&at, "missing", "AWS has this operation"),
        }
    }
    for operation in ours
        .keys()
        .filter(|operation| !theirs.contains_key(*operation))
    {
        differences.add(
            &format!("{name}.{operation}"),
            "extra",
            "AWS has no such operation",
        );
    }
    Ok(differences.0)
}

fn operations(service: &Value) -> Result<&serde_json::Map<String, Value>> {
    let operations = service.get("operations").and_then(Value::as_object);
    operations.ok_or_else(|| Failure::new("a service without `operations`"))
}

#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn add(&mut self, at: &str, kind: &'static str, detail: impl Into<String>) {
        self.0.push(Difference {
            at: at.to_owned(),
            kind,
            detail: detail.into(),
        });
    }

    fn operation(&mut self, at: &str, ours: &Value, model: &Value, theirs: &Value) -> Result<()> {
        for (name, direction) in [("input", Direction::Input), ("output", Direction::Output)] {
            let declared = Shape::declared(ours.get(name).unwrap_or(&Value::Null))?;
            let shape = theirs
                .get(name)
                .and_then(|reference| text(reference, "shape"));
            let published = Shape::published(model, shape.as_deref())?;
            self.members(&format!("{at}.{name}"), &declared, &published, direction);
        }
        let declared = strings(ours, "errors").unwrap_or_default();
        let published = theirs
            .get("errors")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let published: BTreeSet<String> = published
            .filter_map(|reference| text(reference, "shape"))
            .collect();
        for error in published.difference(&declared) {
            self.add(
                &format!("{at}.errors.{error}"),
                "missing",
                "AWS lists this error",
            );
        }
        for error in declared.difference(&published) {
            self.add(
                &format!("{at}.errors.{error}"),
                "extra",
                "AWS does not list this error",
            );
        }
        Ok(())
    }

    fn members(&mut self, at: &str, ours: &Shape, theirs: &Shape, direction: Direction) {
        for (name, published) in &theirs.members {
            let at = format!("{at}.{name}");
            let Some(declared) = ours.members.get(name) else {
                self.add(
                    &at,
                    "missing",
                    format!("AWS has this {}", published.shape.kind),
                );
                continue;
            };
            if direction == Direction::Input && declared.required != published.required {
                let detail = if published.required {
                    "AWS requires it"
                } else {
                    "AWS does not require it"
                };
                self.add(&at, "required", detail);
            }
            self.shape(&at, &declared.shape, &published.shape, direction);
        }
        for name in ours
            .members
            .keys()
            .filter(|name| !theirs.members.contains_key(*name))
        {
            self.add(&format!("{at}.{name}"), "extra", "AWS has no such member");
        }
    }

    fn shape(&mut self, at: &str, ours: &Shape, theirs: &Shape, direction: Direction) {
        if ours.kind != theirs.kind {
            self.add(
                at,
                "type",
                format!("`{}`, AWS says `{}`", ours.kind, theirs.kind),
            );
            return;
        }
        if ours.sensitive != theirs.sensitive {
            let detail = if theirs.sensitive {
                "AWS calls it sensitive"
            } else {
                "not sensitive to AWS"
            };
            self.add(at, "sensitive", detail);
        }
        if direction == Direction::Input {
            self.value(at, "min", ours.min.as_ref(), theirs.min.as_ref());
            self.value(at, "max", ours.max.as_ref(), theirs.max.as_ref());
            self.value(
                at,
                "pattern",
                ours.pattern.as_ref(),
                theirs.pattern.as_ref(),
            );
            let list =
                |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(", ");
            let (ours, theirs) = (
                ours.values.as_ref().map(list),
                theirs.values.as_ref().map(list),
            );
            self.value(at, "enum", ours.as_ref(), theirs.as_ref());
        }
        if let (Some(ours), Some(theirs)) = (&ours.item, &theirs.item) {
            self.shape(&format!("{at}.item"), ours, theirs, direction);
        }
        self.members(at, ours, theirs, direction);
    }

    fn value<T: PartialEq + fmt::Display>(
        &mut self,
        at: &str,
        kind: &'static str,
        ours: Option<&T>,
        theirs: Option<&T>,
    ) {
        if ours != theirs {
            let say =
                |value: Option<&T>| value.map_or("none".to_owned(), |value| format!("`{value}`"));
            self.add(at, kind, format!("{}, AWS says {}", say(ours), say(theirs)));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(input: &Value, output: &Value, errors: &Value, expected: &[&str]) {
        let declared =
            json!({"operations": {"Get": {"input": input, "output": output, "errors": errors}}});
        let model = json!({
            "operations": {"Get": {
                "input": {"shape": "Request"}, "output": {"shape": "Response"},
                "errors": [{"shape": "NotFound"}],
            }},
            "shapes": {
                "Request": {"type": "structure", "required": ["Id"], "members": {
                    "Id": {"shape": "Id"}, "Sort": {"shape": "Sort"}, "Days": {"shape": "Days"},
                }},
                "Response": {"type": "structure", "members": {"Value": {"shape": "Value"}}},
                "Id": {"type": "string", "min": 1, "max": 2048, "pattern": "[a-z]+"},
                "Sort": {"type": "list", "member": {"shape": "Order"}},
                "Order": {"type": "string", "enum": ["asc", "desc"]},
                "Days": {"type": "long"},
                "Value": {"type": "string", "max": 65536, "sensitive": true},
            },
        });
        let found = service("s", &declared, &model).unwrap();
        let found: Vec<String> = found.iter().map(Difference::to_string).collect();
        assert_eq!(found, expected);
    }

    fn id() -> Value {
        json!({"name": "Id", "required": true, "type": "string", "min": 1, "max": 2048, "pattern": "[a-z]+"})
    }

    fn input() -> Value {
        json!([
            id(),
            {"name": "Sort", "required": false, "type": "list",
             "item": {"type": "string", "enum": ["desc", "asc"]}},
            {"name": "Days", "required": false, "type": "integer"},
        ])
    }

    fn output() -> Value {
        json!([{"name": "Value", "required": true, "type": "string", "sensitive": true}])
    }

    #[test]
    fn what_agrees_gives_nothing() {
        check(&input(), &output(), &json!(["NotFound"]), &[]);
    }

    #[test]
    fn members_and_errors_are_missed_on_either_side() {
        check(
            &json!([id(), {"name": "Extra", "type": "string"}]),
            &json!([]),
            &json!(["Odd"]),
            &[
                "s.Get.input.Days [missing]: AWS has this integer",
                "s.Get.input.Sort [missing]: AWS has this list",
                "s.Get.input.Extra [extra]: AWS has no such member",
                "s.Get.output.Value [missing]: AWS has this string",
                "s.Get.errors.NotFound [missing]: AWS lists this error",
                "s.Get.errors.Odd [extra]: AWS does not list this error",
            ],
        );
    }

    #[test]
    fn constraints_types_and_flags_are_compared() {
        let input = json!([
            {"name": "Id", "required": false, "type": "string", "min": 2, "max": 2048},
            {"name": "Sort", "required": false, "type": "list",
             "item": {"type": "string", "enum": ["asc"]}},
            {"name": "Days", "required": false, "type": "string"},
        ]);
        let output = json!([{"name": "Value", "required": true, "type": "string"}]);
        check(
            &input,
            &output,
            &json!(["NotFound"]),
            &[
                "s.Get.input.Days [type]: `string`, AWS says `integer`",
                "s.Get.input.Id [required]: AWS requires it",
                "s.Get.input.Id [min]: `2`, AWS says `1`",
                "s.Get.input.Id [pattern]: none, AWS says `[a-z]+`",
                "s.Get.input.Sort.item [enum]: `asc`, AWS says `asc, desc`",
                "s.Get.output.Value [sensitive]: AWS calls it sensitive",
            ],
        );
    }

    #[test]
    fn operations_are_missed_on_either_side() {
        let ours = json!({"operations": {"Put": {}}});
        let theirs = json!({"operations": {"Get": {}}});
        let found = service("s", &ours, &theirs).unwrap();
        let found: Vec<String> = found.iter().map(Difference::to_string).collect();
        assert_eq!(
            found,
            [
                "s.Get [missing]: AWS has this operation",
                "s.Put [extra]: AWS has no such operation",
            ]
        );
    }
}
