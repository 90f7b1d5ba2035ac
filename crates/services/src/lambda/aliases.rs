//! Names for versions of a function.

use super::{
    error::{Error, Result},
    function::{Function, FunctionRef},
    qualifier::Qualifier,
    record::FunctionAlias,
};
use crate::{
    authorize::Authorized,
    context::Context,
    shape::Output,
    tables::{FunctionAliases, FunctionVersions},
};
use strongroom_types::Arn;

/// An alias, as Lambda tells of it.
///
/// Source: Lambda API Reference, AliasConfiguration.
#[derive(Output)]
pub struct AliasConfiguration {
    /// The function's ARN, qualified with the name.
    pub alias_arn: Option<Arn>,
    /// The name.
    pub name: Option<String>,
    /// The version that it stands for.
    pub function_version: Option<String>,
    /// Up to 256 characters.
    pub description: Option<String>,
    /// Another after each change.
    pub revision_id: Option<String>,
}

impl AliasConfiguration {
    pub(super) fn of(function: &FunctionRef, alias: FunctionAlias) -> Self {
        Self {
            alias_arn: Some(function.qualified(&Qualifier::Alias(alias.name.clone()))),
            function_version: Some(Qualifier::of_version(alias.version).to_string()),
            name: Some(alias.name),
            description: Some(alias.description),
            revision_id: Some(alias.revision_id),
        }
    }
}

impl Authorized<FunctionRef> {
    /// The function that aliases are of: it is there, and is named without a
    /// qualifier.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidParameterValueException`.
    pub(super) fn unqualified(self) -> Result<FunctionRef> {
        let function = self.found()?;
        match &function.qualifier {
            None => Ok(function),
            Some(_) => Err(Error::InvalidParameterValue(
                "A function that is named here can't have a qualifier.".into(),
            )),
        }
    }
}

impl FunctionRef {
    /// One of its aliases.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub(super) async fn alias(&self, cx: &mut Context<'_>, name: &str) -> Result<FunctionAlias> {
        let found = cx.tx.get::<FunctionAliases>(&self.alias_key(name)).await?;
        found.ok_or_else(|| {
            let arn = self.qualified(&Qualifier::Alias(name.to_owned()));
            Error::ResourceNotFound(format!("Cannot find alias arn: {arn}").into())
        })
    }

    /// The number of a version that an alias may have.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub(super) async fn version(&self, cx: &mut Context<'_>, text: &str) -> Result<u64> {
        let number = match Qualifier::parse(text) {
            Some(Qualifier::Latest) => return Ok(0),
            Some(Qualifier::Version(number)) => number,
            _ => u64::MAX,
        };
        let key = self.version_key(number);
        if cx.tx.get::<FunctionVersions>(&key).await?.is_some() {
            return Ok(number);
        }
        let arn = self.qualified(&Qualifier::Version(number));
        Err(Error::ResourceNotFound(
            format!("Function not found: {arn}").into(),
        ))
    }

    /// Refuses to give an alias to a function that nobody made.
    ///
    /// # Errors
    /// `InvalidParameterValueException`.
    pub(super) fn of_a_user(&self) -> Result<()> {
        match self.function {
            Some(Function::Custom(_)) => Ok(()),
            _ => Err(self.fixed()),
        }
    }
}

/// Writes an alias that was changed.
pub(super) fn put(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    mut alias: FunctionAlias,
) -> Result<FunctionAlias> {
    alias.revision_id = cx.services.random.uuid().to_string();
    let key = function.alias_key(&alias.name);
    cx.tx.put::<FunctionAliases>(&key, &alias)?;
    Ok(alias)
}

/// The aliases of a function after this one, by name.
pub(super) async fn after(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    name: Option<&str>,
    most: usize,
) -> Result<Vec<FunctionAlias>> {
    let after = name.map(|name| function.alias_key(name));
    let rows = cx
        .tx
        .range::<FunctionAliases>(function.key(), after.as_ref(), most);
    Ok(rows.await?.into_iter().map(|(_, alias)| alias).collect())
}

/// Every alias of a function that stands for this version, or for any.
pub(super) async fn of_version(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    version: Option<u64>,
) -> Result<Vec<FunctionAlias>> {
    let mut aliases = after(cx, function, None, usize::MAX).await?;
    aliases.retain(|alias| version.is_none_or(|version| version == alias.version));
    Ok(aliases)
}

/// Whether this can be an alias's name: not a number, which names a version.
///
/// # Errors
/// `InvalidParameterValueException`.
pub(super) fn check_name(name: &str) -> Result<()> {
    match Qualifier::parse(name) {
        Some(Qualifier::Alias(_)) => Ok(()),
        _ => Err(Error::InvalidParameterValue(
            format!(
                "1 validation error detected: Value '{name}' at 'name' failed to satisfy \
                 constraint: Member must satisfy regular expression pattern: \
                 (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
            )
            .into(),
        )),
    }
}
