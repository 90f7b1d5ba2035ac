use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys, authorize},
    context::Context,
    kms::{
        Kms,
        aliases::AliasRef,
        error::{Error, Result},
        key,
        target::KeyRef,
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::KmsAliases,
};

/// Takes a name from a key.
///
/// Source: KMS API Reference, DeleteAlias.
pub struct DeleteAlias;

/// What is asked.
#[derive(Input)]
pub struct DeleteAliasInput {
    /// The name, with its `alias/`.
    #[shape(length(1, 256), pattern(r"^[a-zA-Z0-9:/_-]+$"))]
    pub alias_name: String,
}

impl Operation for DeleteAlias {
    const NAME: &'static str = "DeleteAlias";
    const ACTION: &'static str = "kms:DeleteAlias";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "DependencyTimeoutException",
        "NotFoundException",
        "KMSInternalException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = DeleteAliasInput;
    type Output = Nothing;
    type Target = AliasRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<AliasRef> {
        AliasRef::named(cx.home(), &input.alias_name)
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<AliasRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let alias = target.into_inner();
        alias.must_be_customers()?;
        let found = cx
            .tx
            .get::<KmsAliases>(&alias.row())
            .await?
            .ok_or_else(|| alias.missing())?;
        let name = key::KeyName::Id(alias.home, found.target_key_id);
        let key = KeyRef::named(cx, name).await?;
        let key = authorize::<_, Error>(cx, key, Self::ACTION, &[], &Keys::default())?
            .found()?
            .key;
        cx.remarks.resources.insert(0, alias.resource());
        let mut row = key.row.clone();
        row.aliases.retain(|name| *name != alias.name);
        key.save(cx, &row)?;
        cx.tx.delete::<KmsAliases>(&alias.row())?;
        cx.remarks.response_elements = Some(json!({"keyId": key.arn.as_str()}));
        Ok(Nothing)
    }
}
