use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{
        Kms, arguments::time, error::Result, key, key::OpenKey, material::hexadecimal, metadata,
        pages::Page, record, rotation, target::KeyRef,
    },
    operation::Operation,
    shape::{Input, Output, enumeration},
};

/// Lists the rotations of a key.
///
/// Source: KMS API Reference, ListKeyRotations.
pub struct ListKeyRotations;

/// What is asked.
#[derive(Input)]
pub struct ListKeyRotationsInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Whether to list material that was never rotated to.
    pub include_key_material: Option<IncludeKeyMaterial>,
    /// Items of a page.
    #[shape(range(1, 1000))]
    pub limit: Option<i64>,
    /// Where the list goes on.
    #[shape(length(1, 1024), pattern(r"[\u0020-\u00FF]*"))]
    pub marker: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct ListKeyRotationsOutput {
    /// The newest first.
    pub rotations: Option<Vec<RotationsListEntry>>,
    /// Where the list goes on, if it does.
    #[shape(unrecorded)]
    pub next_marker: Option<String>,
    /// Whether it does.
    pub truncated: Option<bool>,
}

enumeration! {
    /// What to list.
    pub enum IncludeKeyMaterial { All = "ALL_KEY_MATERIAL", RotationsOnly = "ROTATIONS_ONLY" }
}

/// A generation of a key's material.
#[derive(Output)]
pub struct RotationsListEntry {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// The material's id.
    pub key_material_id: Option<String>,
    /// Free text, of imported material.
    pub key_material_description: Option<String>,
    /// Whether imported material is there.
    pub import_state: Option<String>,
    /// Whether it encrypts, did so before, or will.
    pub key_material_state: Option<String>,
    /// Whether imported material expires.
    pub expiration_model: Option<String>,
    /// When it does.
    pub valid_to: Option<Timestamp>,
    /// When the key was rotated to it.
    pub rotation_date: Option<Timestamp>,
    /// How.
    pub rotation_type: Option<String>,
}

impl Operation for ListKeyRotations {
    const NAME: &'static str = "ListKeyRotations";
    const ACTION: &'static str = "kms:ListKeyRotations";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "InvalidMarkerException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "UnsupportedOperationException",
    ];
    type Service = Kms;
    type Input = ListKeyRotationsInput;
    type Output = ListKeyRotationsOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.found()?.key;
        key::must_be_symmetric(&key)?;
        let wanted = input
            .include_key_material
            .unwrap_or(IncludeKeyMaterial::RotationsOnly);
        let arn = key.arn.to_string();
        let narrowed = [Some(arn.as_str()), Some(wanted.as_str())];
        let marker = input.marker.as_deref();
        let page = Page::of(cx, Self::NAME, &narrowed, input.limit, 1000, marker)?;
        let current = key::current_of(&key.row).map(|material| material.id.clone());
        // The newest first.
        let mut rotations: Vec<RotationsListEntry> = key
            .row
            .materials
            .iter()
            .rev()
            .filter(|material| wanted == IncludeKeyMaterial::All || material.rotated_ms.is_some())
            .map(|material| entry(&key, material, current.as_deref() == Some(&material.id)))
            .collect();
        if let Some(after) = &page.after {
            let place = rotations
                .iter()
                .position(|entry| entry.key_material_id.as_ref() == Some(after));
            rotations.drain(..place.map_or(0, |place| place + 1));
        }
        let next = page.cut(cx, &mut rotations, |entry| {
            entry.key_material_id.clone().unwrap_or_default()
        });
        Ok(ListKeyRotationsOutput {
            rotations: Some(rotations),
            truncated: Some(next.is_some()),
            next_marker: next,
        })
    }
}

fn entry(key: &OpenKey, material: &record::Material, is_current: bool) -> RotationsListEntry {
    let is_there = !material.wrapped.is_empty();
    let imported = |text: &str| key.row.external.then(|| text.to_owned());
    let state = if material.pending_rotation {
        "PENDING_ROTATION"
    } else if is_current {
        "CURRENT"
    } else {
        "NON_CURRENT"
    };
    let expiration = metadata::expiration_model(material.valid_to_ms);
    RotationsListEntry {
        key_id: Some(key.arn.to_string()),
        key_material_id: Some(hexadecimal(&material.id)),
        key_material_description: Some(material.description.clone()).filter(|it| !it.is_empty()),
        import_state: imported(if is_there {
            "IMPORTED"
        } else {
            "PENDING_IMPORT"
        }),
        key_material_state: Some(state.to_owned()),
        expiration_model: imported(expiration).filter(|_| is_there),
        valid_to: material.valid_to_ms.and_then(time),
        rotation_date: material.rotated_ms.and_then(time),
        rotation_type: material
            .rotated_ms
            .map(|_| rotation::name(material.rotation()).to_owned()),
    }
}
