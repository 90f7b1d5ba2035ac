use serde_json::json;
use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        error::Result,
        import,
        import::{ExpirationModel, ImportType},
        key,
        state::Deed,
        target::KeyRef,
    },
    operation::Operation,
    shape::{Blob, Input, Output},
};

/// Puts wrapped material into a key.
///
/// Source: KMS API Reference, ImportKeyMaterial.
pub struct ImportKeyMaterial;

/// What is asked.
#[derive(Input)]
pub struct ImportKeyMaterialInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// What says which key it was wrapped with.
    #[shape(length(1, 6144))]
    pub import_token: Blob,
    /// The material, wrapped.
    #[shape(length(1, 6144))]
    pub encrypted_key_material: Blob,
    /// When the material expires.
    pub valid_to: Option<Timestamp>,
    /// Whether it does; it does if absent.
    pub expiration_model: Option<ExpirationModel>,
    /// Whether the material is new to the key.
    pub import_type: Option<ImportType>,
    /// Free text.
    #[shape(length(0, 256), pattern(r"^[a-zA-Z0-9:/_\s.-]+$"))]
    pub key_material_description: Option<String>,
    /// Which material; needed where the key has several.
    #[shape(length(64, 64), pattern(r"^[a-f0-9]+$"))]
    pub key_material_id: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct ImportKeyMaterialOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// Which material was used; 64 hexadecimal digits.
    pub key_material_id: Option<String>,
}

impl Operation for ImportKeyMaterial {
    const NAME: &'static str = "ImportKeyMaterial";
    const ACTION: &'static str = "kms:ImportKeyMaterial";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidArnException",
        "UnsupportedOperationException",
        "DependencyTimeoutException",
        "NotFoundException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "InvalidCiphertextException",
        "IncorrectKeyMaterialException",
        "ExpiredImportTokenException",
        "InvalidImportTokenException",
    ];
    type Service = Kms;
    type Input = ImportKeyMaterialInput;
    type Output = ImportKeyMaterialOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.some("kms:ValidTo", input.valid_to.map(Timestamp::as_second));
        let model = input.expiration_model.unwrap_or(ExpirationModel::Expires);
        keys.one("kms:ExpirationModel", model.as_str());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        let key = &found.key;
        key::must_be_external(key)?;
        key.check(Deed::Import, cx.now)?;
        let valid_to_ms = import::valid_to(input.expiration_model, input.valid_to, cx.now)?;
        let secret = import::unwrap(
            cx,
            key,
            &input.import_token.0,
            &input.encrypted_key_material.0,
        )?;
        let mut row = found.row(cx).await?;
        let description = input.key_material_description.unwrap_or_default();
        let id = import::put(
            cx,
            key,
            &mut row,
            &secret,
            import::Terms {
                valid_to_ms,
                description,
                kind: input.import_type,
                expected: input.key_material_id,
            },
        )?;
        key.save(cx, &row)?;
        cx.remarks.additional_event_data = Some(json!({"keyMaterialId": id}));
        Ok(ImportKeyMaterialOutput {
            key_id: Some(key.arn.to_string()),
            key_material_id: Some(id),
        })
    }
}
