use std::sync::Arc;

use strongroom_policy::{Policy, PolicyKind};
use strongroom_rotation::Template;
use strongroom_types::{AccountId, Arn, Partition};

use super::{
    builtin,
    error::{Error, Result},
    record::FunctionRow,
};
use crate::{
    authorize::{Authorized, Keys, Target},
    context::{Context, Home},
    tables::Functions,
};

/// A function that was named, whether it exists or not.
pub struct FunctionRef {
    /// What was given.
    pub(crate) requested: String,
    /// The ARN without a qualifier.
    pub(crate) arn: Arn,
    pub(crate) home: Home,
    pub(crate) name: String,
    /// What it is; nothing if there is no such function.
    pub(crate) function: Option<Function>,
    policy: Option<Policy>,
}

/// What a function is.
pub(crate) enum Function {
    /// One that exists everywhere.
    Builtin(Template),
    /// One that a user made.
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
        Self::find(cx, text, home, name, qualifier).await
    }

    async fn find(
        cx: &mut Context<'_>,
        requested: &str,
        home: Home,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Self> {
        let arn = home.arn("lambda", format_args!("function:{name}"));
        // There are no versions but the newest, and no aliases.
        let newest = qualifier.is_none_or(|qualifier| qualifier == "$LATEST");
        let (mut function, mut policy) = (None, None);
        if newest && home.region == cx.request.region {
            if let Some(template) = Template::named(name) {
                policy = builtin::resource_policy(&home, &arn);
                function = Some(Function::Builtin(template));
            } else {
                let key = (home.account, home.region, name.to_owned());
                if let Some(row) = cx.tx.get::<Functions>(&key).await? {
                    policy = document(&row)
                        .and_then(|text| Policy::parse(&text, PolicyKind::Resource).ok());
                    function = Some(Function::Custom(Arc::new(row)));
                }
            }
        }
        Ok(Self {
            requested: requested.to_owned(),
            arn,
            home,
            name: name.to_owned(),
            function,
            policy,
        })
    }

    /// The key of the function's row.
    pub(super) fn key(&self) -> (AccountId, strongroom_types::Region, String) {
        (self.home.account, self.home.region, self.name.clone())
    }

    pub(super) fn not_found(&self) -> Error {
        Error::ResourceNotFound(format!("Function not found: {}", self.arn).into())
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
    /// that is built in.
    pub(super) fn changeable(self) -> Result<(FunctionRef, FunctionRow)> {
        let function = self.found()?;
        let row = match &function.function {
            Some(Function::Custom(row)) => FunctionRow::clone(row),
            _ => {
                return Err(Error::InvalidParameterValue(
                    format!(
                        "The function {} is built in and can't be changed.",
                        function.name
                    )
                    .into(),
                ));
            }
        };
        Ok((function, row))
    }
}

/// The resource policy of a function, if it has statements.
pub(super) fn document(row: &FunctionRow) -> Option<String> {
    if row.statements.is_empty() {
        return None;
    }
    let statements: Vec<&str> = row.statements.iter().map(|one| one.json.as_str()).collect();
    Some(format!(
        r#"{{"Version":"2012-10-17","Id":"default","Statement":[{}]}}"#,
        statements.join(",")
    ))
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
    match qualifier {
        Some(qualifier) if qualifier != "$LATEST" && !is_name(qualifier, 128) => None,
        qualifier => Some((home, name, qualifier)),
    }
}

fn is_name(text: &str, most: usize) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=most).contains(&text.len()) && text.chars().all(allowed)
}

impl Target for FunctionRef {
    fn resource(&self) -> &str {
        self.arn.as_str()
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
