//! Resource policies: a function has one, and each of its published versions
//! and aliases one of its own. That of a function that nobody made stands.

use serde_json::json;
use strongroom_types::Arn;

use super::{
    error::{Error, Result},
    function::{Function, FunctionRef},
    qualifier::Qualifier,
    record::{FunctionAlias, FunctionRow, Statement},
};
use crate::{
    authorize::Authorized,
    context::{Context, Home},
    tables::{FunctionAliases, FunctionVersions, Functions},
};

/// What has a policy.
pub(super) enum Holder {
    Alias(FunctionAlias),
    Function(FunctionRow),
}

impl Holder {
    pub(super) fn statements(&mut self) -> &mut Vec<Statement> {
        match self {
            Self::Alias(alias) => &mut alias.statements,
            Self::Function(row) => &mut row.statements,
        }
    }

    fn revision_mut(&mut self) -> &mut String {
        match self {
            Self::Alias(alias) => &mut alias.revision_id,
            Self::Function(row) => &mut row.revision_id,
        }
    }

    pub(super) fn revision(&self) -> &str {
        match self {
            Self::Alias(alias) => &alias.revision_id,
            Self::Function(row) => &row.revision_id,
        }
    }

    /// Writes what was changed.
    pub(super) fn put(mut self, cx: &mut Context<'_>, function: &FunctionRef) -> Result<()> {
        *self.revision_mut() = cx.services.random.uuid().to_string();
        match self {
            Self::Alias(alias) => {
                let key = function.alias_key(&alias.name);
                cx.tx.put::<FunctionAliases>(&key, &alias)?;
            }
            Self::Function(row) if row.version == 0 => {
                cx.tx.put::<Functions>(&function.key(), &row)?;
            }
            Self::Function(row) => {
                let key = function.version_key(row.version);
                cx.tx.put::<FunctionVersions>(&key, &row)?;
            }
        }
        Ok(())
    }
}

impl Authorized<FunctionRef> {
    /// What has the policy that a request changes.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidParameterValueException` for
    /// `$LATEST`, whose policy is the function's, and for what is built in.
    pub(super) fn policy_holder(self) -> Result<(FunctionRef, Holder)> {
        let function = self.found()?;
        if function.qualifier == Some(Qualifier::Latest) {
            return Err(Error::InvalidParameterValue(
                "We currently do not support adding policies for $LATEST.".into(),
            ));
        }
        let holder = match (&function.alias, &function.function) {
            (Some(alias), _) => Holder::Alias(alias.clone()),
            (None, Some(Function::Custom(row))) => Holder::Function(FunctionRow::clone(row)),
            _ => return Err(function.fixed()),
        };
        Ok((function, holder))
    }
}

/// Statements as one document, if there are any.
pub(super) fn document(statements: &[Statement]) -> Option<String> {
    if statements.is_empty() {
        return None;
    }
    let statements: Vec<&str> = statements.iter().map(|one| one.json.as_str()).collect();
    Some(format!(
        r#"{{"Version":"2012-10-17","Id":"default","Statement":[{}]}}"#,
        statements.join(",")
    ))
}

/// The policy of a function that nobody made: Secrets Manager may call it, for
/// secrets of its own account, and so may these principals.
pub(super) fn standing(home: &Home, arn: &Arn, principals: &[String]) -> String {
    let secrets_manager = json!({
        "Sid": "SecretsManagerAccess",
        "Effect": "Allow",
        "Principal": {"Service": "secretsmanager.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn.as_str(),
        "Condition": {"StringEquals": {"aws:SourceAccount": home.account.to_string()}},
    });
    let statement = if principals.is_empty() {
        secrets_manager
    } else {
        let configured = json!({
            "Sid": "Configured",
            "Effect": "Allow",
            "Principal": {"AWS": principals},
            "Action": "lambda:InvokeFunction",
            "Resource": arn.as_str(),
        });
        json!([secrets_manager, configured])
    };
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}
