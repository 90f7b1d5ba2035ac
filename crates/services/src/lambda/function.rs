use std::sync::Arc;

use serde_json::{Value, json};
use strongroom_policy::{Policy, PolicyKind};
use strongroom_rotation::Template;
use strongroom_types::{AccountId, Arn, Partition, Region};

use super::{
    builtin,
    error::{Error, Result},
    policy,
    qualifier::Qualifier,
    record::{FunctionAlias, FunctionRow},
};
use crate::{
    authorize::{Authorized, Keys, Target},
    cloudtrail::Resource,
    context::{Context, Home},
    tables::{FunctionAliases, FunctionVersions, Functions},
};

/// A function that was named, whether it exists or not.
pub struct FunctionRef {
    /// What was given.
    pub(crate) requested: String,
    /// The ARN, with the qualifier that was given.
    pub(crate) arn: Arn,
    pub(crate) home: Home,
    pub(crate) name: String,
    /// Which of its versions was asked for.
    pub(super) qualifier: Option<Qualifier>,
    /// The alias that was.
    pub(super) alias: Option<FunctionAlias>,
    /// What it is; nothing if there is no such function, version or alias.
    pub(crate) function: Option<Function>,
    /// The ARN as policies see it: `$LATEST` is the function itself.
    judged: Arn,
    policy: Option<Policy>,
}

/// What a function is.
pub(crate) enum Function {
    /// One that exists everywhere.
    Builtin(Template),
    /// One that a user made, in the version that was asked for.
    Custom(Arc<FunctionRow>),
}

impl FunctionRef {
    /// Finds the function with this ARN. Nothing if the text is no function's
    /// ARN in the partition.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn by_arn(cx: &mut Context<'_>, text: &str) -> Result<Option<Self>> {
        match parse(text, cx.services.partition) {
            Some((home, name, qualifier)) => {
                let qualifier = qualifier.and_then(Qualifier::parse);
                Self::find(cx, text, home, name, qualifier).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Finds the function that a request names: by name, by ARN or by a part
    /// of one.
    ///
    /// # Errors
    /// `InvalidParameterValueException` if two qualifiers are given, or the
    /// text is no name.
    pub(crate) async fn named(
        cx: &mut Context<'_>,
        text: &str,
        qualifier: Option<&str>,
    ) -> Result<Self> {
        let home = cx.home();
        let (home, name, given) = if text.starts_with("arn:") {
            parse(text, home.partition).ok_or_else(|| not_a_name(text))?
        } else {
            let parts: Vec<&str> = text.split(':').collect();
            let owner = |account: &str| {
                let account = account.parse().map_err(|_| not_a_name(text))?;
                Ok::<_, Error>(Home { account, ..home })
            };
            match parts.as_slice() {
                [name] => (home, *name, None),
                [account, "function", name] => (owner(account)?, *name, None),
                ["function", name] => (home, *name, None),
                [name, qualifier] => (home, *name, Some(*qualifier)),
                [account, "function", name, qualifier] => {
                    (owner(account)?, *name, Some(*qualifier))
                }
                _ => return Err(not_a_name(text)),
            }
        };
        if !is_name(name, 64) {
            return Err(not_a_name(text));
        }
        let qualifier = match (given, qualifier) {
            (Some(one), Some(other)) if one != other => {
                return Err(Error::InvalidParameterValue(
                    "The derived qualifier from the function name does not match the specified \
                     qualifier."
                        .into(),
                ));
            }
            (given, asked) => given.or(asked),
        };
        let qualifier = qualifier
            .map(|qualifier| Qualifier::parse(qualifier).ok_or_else(|| not_a_name(qualifier)));
        Self::find(cx, text, home, name, qualifier.transpose()?).await
    }

    async fn find(
        cx: &mut Context<'_>,
        requested: &str,
        home: Home,
        name: &str,
        qualifier: Option<Qualifier>,
    ) -> Result<Self> {
        let arn = match &qualifier {
            Some(qualifier) => qualified(&home, name, qualifier),
            None => unqualified(&home, name),
        };
        let judged = match qualifier {
            Some(Qualifier::Latest) => unqualified(&home, name),
            _ => arn.clone(),
        };
        let mut function = Self {
            requested: requested.to_owned(),
            arn,
            home,
            name: name.to_owned(),
            qualifier,
            alias: None,
            function: None,
            judged,
            policy: None,
        };
        if home.region == cx.request.region {
            function.look_up(cx).await?;
        }
        Ok(function)
    }

    /// Finds what is stored of it.
    async fn look_up(&mut self, cx: &mut Context<'_>) -> Result<()> {
        if let Some(template) = Template::named(&self.name) {
            if matches!(self.qualifier, None | Some(Qualifier::Latest)) {
                self.policy = builtin::resource_policy(&self.home, &self.judged);
                self.function = Some(Function::Builtin(template));
            }
            return Ok(());
        }
        let Some(latest) = cx.tx.get::<Functions>(&self.key()).await? else {
            return Ok(());
        };
        let number = match &self.qualifier {
            None | Some(Qualifier::Latest) => 0,
            Some(Qualifier::Version(number)) => *number,
            Some(Qualifier::Alias(name)) => {
                let key = self.alias_key(name);
                let Some(alias) = cx.tx.get::<FunctionAliases>(&key).await? else {
                    return Ok(());
                };
                let number = alias.version;
                self.alias = Some(alias);
                number
            }
        };
        let version = match number {
            0 if self.qualifier != Some(Qualifier::Version(0)) => Some(latest),
            number => {
                let key = self.version_key(number);
                cx.tx.get::<FunctionVersions>(&key).await?
            }
        };
        if let Some(row) = version {
            let alias = self.alias.as_ref();
            let statements = alias.map_or(&row.statements, |alias| &alias.statements);
            let document = policy::document(statements);
            self.policy = document.and_then(|text| Policy::parse(&text, PolicyKind::Resource).ok());
            self.function = Some(Function::Custom(Arc::new(row)));
        }
        Ok(())
    }

    /// The key of the function's row.
    pub(super) fn key(&self) -> (AccountId, Region, String) {
        (self.home.account, self.home.region, self.name.clone())
    }

    /// The key of a published version's row.
    pub(super) fn version_key(&self, number: u64) -> (AccountId, Region, String, u64) {
        let (account, region, name) = self.key();
        (account, region, name, number)
    }

    /// The key of an alias's row.
    pub(super) fn alias_key(&self, alias: &str) -> (AccountId, Region, String, String) {
        let (account, region, name) = self.key();
        (account, region, name, alias.to_owned())
    }

    /// The function's ARN with this qualifier.
    pub(super) fn qualified(&self, qualifier: &Qualifier) -> Arn {
        qualified(&self.home, &self.name, qualifier)
    }

    /// Which of its versions it is, whatever it was called by.
    pub(super) fn version_called(&self) -> Qualifier {
        match &self.function {
            Some(Function::Custom(row)) => Qualifier::of_version(row.version),
            _ => Qualifier::Latest,
        }
    }

    /// The same, as records of calls name it.
    pub(super) fn version_on_record(&self) -> Value {
        let version = self.qualified(&self.version_called());
        json!({"functionVersion": version.as_str()})
    }

    /// The function as records of calls name it.
    pub(super) fn used(&self) -> Resource {
        Resource {
            account_id: self.home.account.to_string(),
            r#type: "AWS::Lambda::Function",
            arn: unqualified(&self.home, &self.name).as_str().to_owned(),
        }
    }

    pub(super) fn not_found(&self) -> Error {
        Error::ResourceNotFound(format!("Function not found: {}", self.arn).into())
    }

    pub(super) fn built_in(&self) -> Error {
        let name = &self.name;
        let text = format!("The function {name} is built in and can't be changed.");
        Error::InvalidParameterValue(text.into())
    }
}

impl Authorized<FunctionRef> {
    /// The function, if it is there.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub(super) fn found(self) -> Result<FunctionRef> {
        let function = self.into_inner();
        match function.function {
            Some(_) => Ok(function),
            None => Err(function.not_found()),
        }
    }

    /// The function, if it is there and may be changed.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidParameterValueException` for one
    /// that is built in, and for a version that was published.
    pub(super) fn changeable(self) -> Result<(FunctionRef, FunctionRow)> {
        let function = self.found()?;
        match (&function.qualifier, &function.function) {
            (None | Some(Qualifier::Latest), Some(Function::Custom(row))) => {
                let row = FunctionRow::clone(row);
                Ok((function, row))
            }
            (Some(_), Some(Function::Custom(_))) => Err(Error::InvalidParameterValue(
                "This operation is permitted on Lambda functions only in $LATEST.".into(),
            )),
            _ => Err(function.built_in()),
        }
    }
}

fn qualified(home: &Home, name: &str, qualifier: &Qualifier) -> Arn {
    home.arn("lambda", format_args!("function:{name}:{qualifier}"))
}

fn unqualified(home: &Home, name: &str) -> Arn {
    home.arn("lambda", format_args!("function:{name}"))
}

fn not_a_name(text: &str) -> Error {
    Error::InvalidParameterValue(
        format!(
            "1 validation error detected: Value '{text}' at 'functionName' failed to satisfy \
                 constraint: Member must be the name or the ARN of a function"
        )
        .into(),
    )
}

/// Home, name and qualifier of `arn:aws:lambda:<Region>:<account>:function:<name>[:<qualifier>]`.
fn parse(text: &str, partition: Partition) -> Option<(Home, &str, Option<&str>)> {
    let mut parts = text.splitn(8, ':');
    let mut next = || parts.next();
    if (next()?, next()?, next()?) != ("arn", partition.as_str(), "lambda") {
        return None;
    }
    let home = Home {
        partition,
        region: next()?.parse().ok()?,
        account: next()?.parse().ok()?,
    };
    if next()? != "function" {
        return None;
    }
    let name = next().filter(|name| is_name(name, 64))?;
    let qualifier = next();
    if qualifier.is_some_and(|qualifier| Qualifier::parse(qualifier).is_none()) {
        return None;
    }
    Some((home, name, qualifier))
}

fn is_name(text: &str, most: usize) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=most).contains(&text.len()) && text.chars().all(allowed)
}

impl Target for FunctionRef {
    fn resource(&self) -> &str {
        self.judged.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(&self.requested)
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.home.account)
    }

    fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    fn condition_keys(&self, _: &mut Keys) {}
}

#[cfg(test)]
mod tests {
    use strongroom_types::Partition;

    use super::*;

    #[test]
    fn arns_of_functions() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:rotate";
        let (home, name, qualifier) = parse(arn, Partition::default()).unwrap();
        assert_eq!(
            (home.region.as_str(), name, qualifier),
            ("eu-west-1", "rotate", None)
        );
        for qualifier in ["$LATEST", "7", "live"] {
            let arn = format!("{arn}:{qualifier}");
            assert_eq!(
                parse(&arn, Partition::default()).unwrap().2,
                Some(qualifier)
            );
        }
        for wrong in [
            "rotate",
            "arn:aws:lambda:eu-west-1:111122223333:function:",
            "arn:aws:lambda:eu-west-1:111122223333:layer:rotate",
            "arn:aws:lambda:eu-west-1:1111:function:rotate",
            "arn:aws:sns:eu-west-1:111122223333:function:rotate",
            "arn:aws:lambda:eu-west-1:111122223333:function:rotate:1:2",
            "arn:aws:lambda:eu-west-1:111122223333:function:ro tate",
        ] {
            assert!(parse(wrong, Partition::default()).is_none(), "{wrong}");
        }
    }
}
