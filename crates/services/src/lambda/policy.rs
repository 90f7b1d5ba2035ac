//! Resource policies: a function has one, and each of its published versions
//! and aliases one of its own.

use super::{
    error::{Error, Result},
    function::{Function, FunctionRef},
    qualifier::Qualifier,
    record::{FunctionAlias, FunctionRow, Statement},
};
use crate::{
    authorize::Authorized,
    context::Context,
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
        *self.revision_mut() = cx.services.random.uuid();
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
            _ => return Err(function.built_in()),
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
