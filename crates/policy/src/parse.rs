use std::collections::HashSet;

use crate::{
    Effect, Form, Policy, PolicyError, PolicyKind, PrincipalPattern, Statement,
    action::{self, ActionPattern},
    condition::{Condition, check_written as check_values},
    json::Json,
    policy::Selection,
    resource::{ResourcePattern, check_written},
};

/// What bears on how a document is read.
#[derive(Clone, Copy)]
struct Reading {
    kind: PolicyKind,
    /// Of a policy of IAM's that is written now.
    form: Option<Form>,
    /// Whether `${…}` is more than text.
    variables: bool,
}

/// Reads a whole document.
pub(crate) fn policy(
    text: &str,
    kind: PolicyKind,
    form: Option<Form>,
) -> Result<Policy, PolicyError> {
    let Json::Object(members) = Json::parse(text)? else {
        return Err(PolicyError::syntax("the document is not an object"));
    };
    let (mut id, mut statement) = (None, None);
    // Absent means the older version, in which `${…}` is mere text.
    let mut variables = false;
    for (name, value) in members {
        match (&*name, value) {
            ("Id", Json::String(text)) => id = Some(text.into()),
            ("Statement", value) => statement = Some(value),
            ("Version", Json::String(version)) => match &*version {
                "2012-10-17" => variables = true,
                "2008-10-17" => {}
                other => return Err(PolicyError::syntax(format!("unknown version `{other}`"))),
            },
            _ => return Err(unexpected(&name)),
        }
    }
    let statements = match statement {
        Some(Json::Array(statements)) if !statements.is_empty() => statements,
        Some(statement @ Json::Object(_)) => vec![statement],
        _ => return Err(PolicyError::syntax("`Statement` is missing or empty")),
    };
    let mut errors: Vec<PolicyError> = Vec::new();
    if form == Some(Form::Managed) && !variables {
        errors.push(PolicyError::VersionInvalid);
    }
    errors.extend(check_sids(&statements, kind).err());
    let reading = Reading {
        kind,
        form,
        variables,
    };
    let mut read = Vec::with_capacity(statements.len());
    for statement in statements {
        match self::statement(statement, reading) {
            Ok(statement) => read.push(statement),
            Err(error) => errors.push(error),
        }
    }
    match PolicyError::first(errors) {
        Some(error) => Err(error),
        None => Ok(Policy {
            id,
            kind,
            source: text.into(),
            statements: read.into(),
        }),
    }
}

/// A statement's id, if it has one.
fn sid(statement: &Json) -> Option<&String> {
    match statement {
        Json::Object(members) => members.iter().find_map(|member| match member {
            (name, Json::String(sid)) if name == "Sid" => Some(sid),
            _ => None,
        }),
        _ => None,
    }
}

/// IAM's own documents have plain and unique statement ids; other services
/// take any text (KMS's default policy has blanks in its).
fn check_sids(statements: &[Json], kind: PolicyKind) -> Result<(), PolicyError> {
    if matches!(kind, PolicyKind::Key | PolicyKind::Resource) {
        return Ok(());
    }
    let mut seen = HashSet::new();
    for sid in statements.iter().filter_map(sid) {
        let value = || sid.clone();
        if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(PolicyError::SidInvalid { value: value() });
        }
        if !sid.is_empty() && !seen.insert(sid) {
            return Err(PolicyError::SidDuplicate { value: value() });
        }
    }
    Ok(())
}

fn statement(value: Json, reading: Reading) -> Result<Statement, PolicyError> {
    let Json::Object(members) = value else {
        return Err(PolicyError::syntax("a statement is not an object"));
    };
    let (mut sid, mut effect, mut condition) = (None, None, None);
    let (mut principals, mut actions, mut resources) = (None, None, None);
    for (name, value) in members {
        match (&*name, value) {
            ("Action" | "NotAction", value) => once(&mut actions, name, value)?,
            ("Condition", value) => condition = Some(value),
            ("Effect", Json::String(text)) => effect = Some(text),
            ("NotPrincipal" | "Principal", value) => once(&mut principals, name, value)?,
            ("NotResource" | "Resource", value) => once(&mut resources, name, value)?,
            ("Sid", Json::String(text)) => sid = Some(text.into()),
            _ => return Err(unexpected(&name)),
        }
    }
    let parts = (
        self::effect(effect),
        condition.map_or_else(|| Ok(Box::default()), |value| conditions(value, reading)),
        self::actions(actions, reading),
        self::resources(resources, reading),
        self::principals(principals, reading),
    );
    match parts {
        (Ok(effect), Ok(conditions), Ok(actions), Ok(resources), Ok(principals)) => {
            let excepts = principals.as_ref().is_some_and(|it| it.negated);
            if reading.form == Some(Form::Trust) && effect == Effect::Allow && excepts {
                return Err(PolicyError::NotPrincipalProhibited);
            }
            Ok(Statement {
                actions,
                conditions,
                effect,
                principals,
                resources,
                sid,
            })
        }
        (effect, conditions, actions, resources, principals) => {
            let errors = [
                effect.err(),
                conditions.err(),
                actions.err(),
                resources.err(),
                principals.err(),
            ];
            let first = PolicyError::first(errors.into_iter().flatten());
            Err(first.unwrap_or_else(|| PolicyError::syntax("a statement is none")))
        }
    }
}

fn effect(text: Option<String>) -> Result<Effect, PolicyError> {
    let text = text.ok_or_else(|| PolicyError::syntax("`Effect` is missing"))?;
    match &*text {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other
            if ["Allow", "Deny"]
                .iter()
                .any(|it| it.eq_ignore_ascii_case(other)) =>
        {
            Err(PolicyError::LegacyParsing { value: text })
        }
        other => Err(PolicyError::syntax(format!("unknown effect `{other}`"))),
    }
}

/// An element that stands in one of two forms, such as `Action` or
/// `NotAction`, and under which.
type Element = (String, Json);

fn once(slot: &mut Option<Element>, name: String, value: Json) -> Result<(), PolicyError> {
    match slot.replace((name, value)) {
        None => Ok(()),
        Some((other, _)) => Err(PolicyError::syntax(format!(
            "`{other}` beside its opposite"
        ))),
    }
}

fn actions(
    element: Option<Element>,
    reading: Reading,
) -> Result<Selection<ActionPattern>, PolicyError> {
    let (negated, texts) = match element {
        Some((name, value)) => (name == "NotAction", strings(&name, value)?),
        None => (false, Vec::new()),
    };
    if texts.is_empty() {
        return match reading.kind {
            PolicyKind::Key => Ok(Selection::nothing()),
            _ => Err(PolicyError::ActionsMissing),
        };
    }
    if reading.kind == PolicyKind::Trust {
        action::check_trust(&texts, reading.form == Some(Form::Trust))?;
    }
    let patterns = texts.iter().map(|text| ActionPattern::parse(text));
    Ok(Selection {
        list: patterns.collect::<Result<_, _>>()?,
        negated,
    })
}

fn resources(
    element: Option<Element>,
    reading: Reading,
) -> Result<Option<Selection<ResourcePattern>>, PolicyError> {
    let kind = reading.kind;
    let (negated, texts) = match element {
        Some(_) if kind == PolicyKind::Trust => return Err(PolicyError::ResourceProhibited),
        None if kind == PolicyKind::Trust => return Ok(None),
        Some((name, value)) => (name == "NotResource", strings(&name, value)?),
        None => (false, Vec::new()),
    };
    if texts.is_empty() {
        return match kind {
            PolicyKind::Key => Ok(Some(Selection::nothing())),
            _ => Err(PolicyError::ResourceMissing),
        };
    }
    let pattern = |text: &String| {
        if reading.form.is_some() {
            check_written(text)?;
        }
        ResourcePattern::parse(text, reading.variables)
    };
    let patterns = texts.iter().map(pattern);
    Ok(Some(Selection {
        list: patterns.collect::<Result<_, _>>()?,
        negated,
    }))
}

fn principals(
    element: Option<Element>,
    reading: Reading,
) -> Result<Option<Selection<PrincipalPattern>>, PolicyError> {
    let kind = reading.kind;
    let required = match kind {
        PolicyKind::Identity | PolicyKind::ServiceControl => false,
        PolicyKind::Key
        | PolicyKind::Resource
        | PolicyKind::ResourceControl
        | PolicyKind::Trust => true,
    };
    let (name, value) = match element {
        Some(element) if required => element,
        Some(_) => return Err(PolicyError::PrincipalProhibited),
        None if required => return Err(PolicyError::PrincipalMissing),
        None => return Ok(None),
    };
    let mut list = Vec::new();
    match value {
        Json::String(text) if text == "*" && reading.form.is_some() => {
            return Err(PolicyError::PrincipalStarProhibited);
        }
        Json::String(text) if text == "*" => list.push(PrincipalPattern::Anyone),
        Json::String(value) => {
            let kind = "AWS".into();
            return Err(PolicyError::PrincipalUnsupported { kind, value });
        }
        Json::Object(members) => {
            for (key, value) in members {
                for text in strings(&key, value)? {
                    list.push(principal(&key, text, reading)?);
                }
            }
        }
        _ => return Err(unexpected(&name)),
    }
    if list.is_empty() {
        return Err(PolicyError::syntax(format!("`{name}` is empty")));
    }
    let negated = name == "NotPrincipal";
    if kind == PolicyKind::ResourceControl && (negated || *list != [PrincipalPattern::Anyone]) {
        return Err(PolicyError::syntax(
            "the principal of a resource control policy is `*`",
        ));
    }
    Ok(Some(Selection {
        list: list.into(),
        negated,
    }))
}

fn principal(key: &str, value: String, reading: Reading) -> Result<PrincipalPattern, PolicyError> {
    let kind = reading.kind;
    match key {
        "AWS" => PrincipalPattern::parse_aws(&value),
        "Federated" if kind == PolicyKind::Trust => PrincipalPattern::parse_federated(&value),
        "Service" => {
            let service = PrincipalPattern::parse_service(&value)?;
            if reading.form == Some(Form::Trust) && !service.is_service_of_aws() {
                let kind = "SERVICE".into();
                return Err(PolicyError::PrincipalUnsupported { kind, value });
            }
            Ok(service)
        }
        // `CanonicalUser` is S3's alone.
        "CanonicalUser" | "Federated" => {
            let kind = key.into();
            Err(PolicyError::PrincipalUnsupported { kind, value })
        }
        _ => Err(unexpected(key)),
    }
}

fn conditions(value: Json, reading: Reading) -> Result<Box<[Condition]>, PolicyError> {
    let Json::Object(operators) = value else {
        return Err(unexpected("Condition"));
    };
    let mut conditions = Vec::new();
    let mut errors = Vec::new();
    for (operator, value) in operators {
        let Json::Object(keys) = value else {
            return Err(unexpected(&operator));
        };
        for (key, value) in keys {
            let values = match value {
                Json::Array(values) => values,
                value => vec![value],
            };
            let text = |value| match value {
                Json::Scalar(text) | Json::String(text) => Ok(text),
                Json::Array(_) | Json::Null | Json::Object(_) => Err(unexpected(&key)),
            };
            let values = values
                .into_iter()
                .map(text)
                .collect::<Result<Vec<_>, _>>()?;
            if reading.form.is_some() {
                errors.extend(check_values(&operator, &values).err());
            }
            match Condition::parse(&operator, &key, &values, reading.variables) {
                Ok(condition) => conditions.push(condition),
                Err(error) => errors.push(error),
            }
        }
    }
    match PolicyError::first(errors) {
        Some(error) => Err(error),
        None => Ok(conditions.into()),
    }
}

/// A string or a list of strings.
fn strings(name: &str, value: Json) -> Result<Vec<String>, PolicyError> {
    let string = |value| match value {
        Json::String(text) => Ok(text),
        _ => Err(unexpected(name)),
    };
    match value {
        Json::Array(values) => values.into_iter().map(string).collect(),
        value => Ok(vec![string(value)?]),
    }
}

fn unexpected(name: &str) -> PolicyError {
    PolicyError::syntax(format!(
        "`{name}` is unknown here or has an unexpected value"
    ))
}

impl<T> Selection<T> {
    fn nothing() -> Self {
        Self {
            list: Box::default(),
            negated: false,
        }
    }
}
