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
        key::OpenKey,
        record,
        state::Deed,
        target::{Forms, KeyRef},
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::KmsAliases,
};

/// Gives a key a name.
///
/// Source: KMS API Reference, CreateAlias.
pub struct CreateAlias;

/// What is asked.
#[derive(Input)]
pub struct CreateAliasInput {
    /// The name, with its `alias/`.
    #[shape(length(1, 256), pattern(r"^[a-zA-Z0-9:/_-]+$"))]
    pub alias_name: String,
    /// The key that it stands for.
    #[shape(length(1, 2048))]
    pub target_key_id: String,
}

impl Operation for CreateAlias {
    const NAME: &'static str = "CreateAlias";
    const ACTION: &'static str = "kms:CreateAlias";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "DependencyTimeoutException",
        "AlreadyExistsException",
        "NotFoundException",
        "InvalidAliasNameException",
        "KMSInternalException",
        "LimitExceededException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = CreateAliasInput;
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
        let key = KeyRef::resolve(cx, &input.target_key_id, Forms::KeyOnly).await?;
        let key = authorize::<_, Error>(cx, key, Self::ACTION, &[], &Keys::default())?
            .found()?
            .key;
        cx.remarks.resources.insert(0, alias.resource());
        must_be_own(cx, &key)?;
        key.check(Deed::Describe, cx.now)?;
        if cx.tx.get::<KmsAliases>(&alias.row()).await?.is_some() {
            return Err(Error::kms(
                Code::AlreadyExists,
                format!("An alias with the name {} already exists", alias.arn),
            ));
        }
        let mut row = key.row.clone();
        if row.aliases.len() >= aliases::MAX_ALIASES {
            return Err(Error::kms(
                Code::LimitExceeded,
                format!(
                    "The key {} has {} aliases and cannot have more.",
                    key.arn,
                    aliases::MAX_ALIASES
                ),
            ));
        }
        row.aliases.push(alias.name.clone());
        key.save(cx, &row)?;
        let alias_row = record::Alias {
            target_key_id: key.id.clone(),
            created_ms: cx.now.as_millisecond(),
            updated_ms: 0,
        };
        cx.tx.put::<KmsAliases>(&alias.row(), &alias_row)?;
        cx.remarks.response_elements = Some(json!({"keyId": key.arn.as_str()}));
        Ok(Nothing)
    }
}

/// # Errors
/// `NotFoundException` for a key of another account: aliases stand for keys of
/// their own.
fn must_be_own(cx: &Context<'_>, key: &OpenKey) -> Result<()> {
    if key.home == cx.home() {
        return Ok(());
    }
    Err(Error::not_found(key::not_found(&key.home, &key.id)))
}
