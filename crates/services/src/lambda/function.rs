use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};
use strongroom_policy::{Policy, PolicyKind};
use strongroom_rotation::Template;
use strongroom_types::{AccountId, Arn, Region};

use super::{
    builtin::Builtin,
    error::{Error, Result},
    naming::{is_name, not_a_name, parse, qualified, unqualified},
    policy,
    qualifier::Qualifier,
    record::{FunctionAlias, FunctionRow},
    remote::FunctionEndpoint,
};
use crate::{
    authorize::{Authorized, Keys, Target},
    cloudtrail::Resource,
    context::{Context, Home, Services},
    tables::{BuiltinFunctions, FunctionAliases, FunctionVersions, Functions},
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
    /// One that exists everywhere, as the account has set it.
    Builtin(Builtin),
    /// One that a user made, in the version that was asked for.
    Custom(Arc<FunctionRow>),
    /// One that is an endpoint of somebody else.
    Remote(Arc<FunctionEndpoint>),
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

    /// The functions of the caller's account that users made or that are
    /// endpoints, by name after this one.
    pub(super) async fn after(
        cx: &mut Context<'_>,
        name: Option<&str>,
        most: usize,
    ) -> Result<Vec<Self>> {
        let home = cx.home();
        let place = (home.account, home.region);
        let after = name.map(|name| (home.account, home.region, name.to_owned()));
        let rows = cx
            .tx
            .range::<Functions>(place, after.as_ref(), most)
            .await?;
        let made = rows.into_iter().map(|(_, row)| {
            let name = row.name.clone();
            (name, Function::Custom(Arc::new(row)))
        });
        let endpoints = cx.services.secrets.rotation().endpoints().iter();
        let standing = endpoints
            .filter(|endpoint| endpoint.is_in(home.account, home.region))
            .filter(|endpoint| name.is_none_or(|name| endpoint.name.as_str() > name))
            .map(|endpoint| {
                (
                    endpoint.name.clone(),
                    Function::Remote(Arc::clone(endpoint)),
                )
            });
        let all: BTreeMap<String, Function> = made.chain(standing).collect();
        let all = all.into_iter().take(most);
        Ok(all
            .map(|(name, function)| Self::with(home, name, function))
            .collect())
    }

    /// A function that was found otherwise than by a name.
    fn with(home: Home, name: String, function: Function) -> Self {
        let arn = unqualified(&home, &name);
        Self {
            requested: name.clone(),
            judged: arn.clone(),
            arn,
            home,
            name,
            qualifier: None,
            alias: None,
            function: Some(function),
            policy: None,
        }
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
        if let Some(mut function) = Function::standing(cx.services, &self.home, &self.name) {
            if matches!(self.qualifier, None | Some(Qualifier::Latest)) {
                if let Function::Builtin(builtin) = &mut function {
                    let row = cx.tx.get::<BuiltinFunctions>(&self.key()).await?;
                    builtin.row = row.unwrap_or_default();
                }
                self.function = Some(function);
                self.policy = self
                    .standing_policy()
                    .and_then(|text| Policy::parse(&text, PolicyKind::Resource).ok());
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
        on_record(&self.home, &self.name)
    }

    pub(super) fn not_found(&self) -> Error {
        Error::ResourceNotFound(format!("Function not found: {}", self.arn).into())
    }

    /// The resource policy of a function that nobody made, as JSON.
    pub(super) fn standing_policy(&self) -> Option<String> {
        match &self.function {
            Some(Function::Builtin(_)) => Some(policy::standing(&self.home, &self.judged, &[])),
            Some(Function::Remote(endpoint)) => Some(endpoint.document(&self.home, &self.judged)),
            Some(Function::Custom(_)) | None => None,
        }
    }

    /// The refusal to change a function that nobody made.
    pub(super) fn fixed(&self) -> Error {
        let name = &self.name;
        let text = match &self.function {
            Some(Function::Remote(_)) => format!(
                "The function {name} is an endpoint of the server's configuration and can't be \
                 changed."
            ),
            _ => format!(
                "The function {name} is built in: nothing but its environment can be changed."
            ),
        };
        Error::InvalidParameterValue(text.into())
    }
}

impl Function {
    /// The function of this name that is there without anybody having made it.
    pub(super) fn standing(services: &Services, home: &Home, name: &str) -> Option<Self> {
        match Template::named(name) {
            Some(template) => Some(Self::Builtin(Builtin::new(template))),
            None => {
                let endpoints = services.secrets.rotation().endpoints();
                endpoints.named(home, name).map(Self::Remote)
            }
        }
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
    /// that nobody made, and for a version that was published.
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
            _ => Err(function.fixed()),
        }
    }
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

/// A function as records of calls name it: by its ARN, without a qualifier.
pub(super) fn on_record(home: &Home, name: &str) -> Resource {
    Resource {
        account: home.account,
        r#type: "AWS::Lambda::Function",
        arn: unqualified(home, name).shared(),
    }
}
