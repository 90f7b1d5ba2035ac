use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys, authorize},
    context::Context,
    kms::{
        Kms, aliases,
        aliases::AliasRef,
        error::{Code, Error, Result},
        key,
        state::Deed,
        target::{Forms, KeyRef},
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::KmsAliases,
};

/// Has an alias stand for another key.
///
/// Source: KMS API Reference, UpdateAlias.
pub struct UpdateAlias;

/// What is asked.
#[derive(Input)]
pub struct UpdateAliasInput {
    /// The name, with its `alias/`.
    #[shape(length(1, 256), pattern(r"^[a-zA-Z0-9:/_-]+$"))]
    pub alias_name: String,
    /// The key that it stands for.
    #[shape(length(1, 2048))]
    pub target_key_id: String,
}

impl Operation for UpdateAlias {
    const NAME: &'static str = "UpdateAlias";
    const ACTION: &'static str = "kms:UpdateAlias";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "DependencyTimeoutException",
        "NotFoundException",
        "KMSInternalException",
        "LimitExceededException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = UpdateAliasInput;
    type Output = Nothing;
    type Target = AliasRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<AliasRef> {
        AliasRef::named(cx.home(), &input.alias_name)
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<AliasRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let alias = target.into_inner();
        alias.must_be_customers()?;
        let mut found = cx
            .tx
            .get::<KmsAliases>(&alias.row())
            .await?
            .ok_or_else(|| alias.missing())?;
        let keys = Keys::default();
        let name = key::KeyName::Id(alias.home, found.target_key_id.clone());
        let old = KeyRef::named(cx, name).await?;
        let old = authorize::<_, Error>(cx, old, Self::ACTION, &[], &keys)?
            .found()?
            .key;
        let new = KeyRef::resolve(cx, &input.target_key_id, Forms::KeyOnly).await?;
        let new = authorize::<_, Error>(cx, new, Self::ACTION, &[], &keys)?
            .found()?
            .key;
        if new.arn == old.arn {
            cx.remarks.resources.pop();
        }
        cx.remarks.resources.insert(0, alias.resource());
        if new.home != alias.home {
            return Err(Error::not_found(key::not_found(&new.home, &new.id)));
        }
        new.check(Deed::UpdateAlias, cx.now)?;
        if new.usage != old.usage
            || (new.spec.key_pair().is_some()) != (old.spec.key_pair().is_some())
        {
            return Err(Error::validation(format!(
                "Alias {} cannot be changed from a key of one type or usage to a key of another.",
                alias.arn
            )));
        }
        if new.id != old.id {
            let mut row = old.row.clone();
            row.aliases.retain(|name| *name != alias.name);
            old.save(cx, &row)?;
            let mut row = new.row.clone();
            if row.aliases.len() >= aliases::MAX_ALIASES {
                return Err(Error::kms(
                    Code::LimitExceeded,
                    format!(
                        "The key {} has {} aliases and cannot have more.",
                        new.arn,
                        aliases::MAX_ALIASES
                    ),
                ));
            }
            row.aliases.push(alias.name.clone());
            new.save(cx, &row)?;
        }
        found.target_key_id.clone_from(&new.id);
        found.updated_ms = cx.now.as_millisecond();
        cx.tx.put::<KmsAliases>(&alias.row(), &found)?;
        cx.remarks.response_elements = Some(json!({"keyId": new.arn.as_str()}));
        Ok(Nothing)
    }
}
