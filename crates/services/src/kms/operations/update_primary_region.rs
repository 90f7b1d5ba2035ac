use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::{Context, Home},
    kms::{
        Kms,
        error::{Error, Result},
        multi_region,
        state::Deed,
        target::KeyRef,
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Makes a replica the primary of its multi-Region key, and the primary a replica.
///
/// Source: KMS API Reference, UpdatePrimaryRegion.
pub struct UpdatePrimaryRegion;

/// What is asked.
#[derive(Input)]
pub struct UpdatePrimaryRegionInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// The Region of the new primary.
    #[shape(length(1, 32), pattern(r"^([a-z]+-){2,3}\d+$"))]
    pub primary_region: String,
}

impl Operation for UpdatePrimaryRegion {
    const NAME: &'static str = "UpdatePrimaryRegion";
    const ACTION: &'static str = "kms:UpdatePrimaryRegion";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "DisabledException",
        "InvalidArnException",
        "KMSInvalidStateException",
        "KMSInternalException",
        "NotFoundException",
        "UnsupportedOperationException",
    ];
    type Service = Kms;
    type Input = UpdatePrimaryRegionInput;
    type Output = Nothing;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("kms:PrimaryRegion", &input.primary_region);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        let key = &found.key;
        multi_region::must_be_primary(key)?;
        key.check(Deed::UpdatePrimary, cx.now)?;
        let region = multi_region::region(&input.primary_region)?;
        let new = multi_region::relative(cx, key, region)
            .await?
            .filter(|new| new.home != key.home);
        let Some(new) = new else {
            return Err(Error::not_found(format!(
                "Key '{}' does not exist",
                Home { region, ..key.home }.arn("kms", format_args!("key/{}", key.id))
            )));
        };
        new.check(Deed::UpdatePrimary, cx.now)?;
        multi_region::change_primary(cx, key, &new).await?;
        cx.remarks.response_elements = Some(json!({"keyId": found.key.arn.as_str()}));
        Ok(Nothing)
    }
}
