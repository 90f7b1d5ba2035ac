use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, error::Result, import, key, state::Deed, target::KeyRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Takes imported material out of a key.
///
/// Source: KMS API Reference, DeleteImportedKeyMaterial.
pub struct DeleteImportedKeyMaterial;

/// What is asked.
#[derive(Input)]
pub struct DeleteImportedKeyMaterialInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Which material; needed where the key has several.
    #[shape(length(64, 64), pattern(r"^[a-f0-9]+$"))]
    pub key_material_id: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct DeleteImportedKeyMaterialOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// Which material was used; 64 hexadecimal digits.
    pub key_material_id: Option<String>,
}

impl Operation for DeleteImportedKeyMaterial {
    const NAME: &'static str = "DeleteImportedKeyMaterial";
    const ACTION: &'static str = "kms:DeleteImportedKeyMaterial";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidArnException",
        "UnsupportedOperationException",
        "DependencyTimeoutException",
        "NotFoundException",
        "KMSInternalException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = DeleteImportedKeyMaterialInput;
    type Output = DeleteImportedKeyMaterialOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        let key = &found.key;
        key::must_be_external(key)?;
        key.check(Deed::DeleteMaterial, cx.now)?;
        let mut row = found.row(cx).await?;
        let id = import::take(cx, key, &mut row, input.key_material_id.as_deref())?;
        key.save(cx, &row)?;
        Ok(DeleteImportedKeyMaterialOutput {
            key_id: Some(key.arn.to_string()),
            key_material_id: id,
        })
    }
}
