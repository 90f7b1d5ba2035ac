//! What is told of a key: `KeyMetadata`.

use strongroom_types::Timestamp;

use super::{
    arguments::time,
    key::{OpenKey, current_of, state_of},
    material::hexadecimal,
    record::Key,
    spec::KeyUsage,
    state::KeyState,
};
use crate::{context::Home, shape::Output};

/// A key, as CreateKey, DescribeKey and ReplicateKey show it.
#[derive(Output)]
pub struct KeyMetadata {
    /// The owner.
    #[shape(name = "AWSAccountId")]
    pub aws_account_id: Option<String>,
    /// The id.
    pub key_id: String,
    /// The ARN.
    pub arn: Option<String>,
    /// When it was made.
    pub creation_date: Option<Timestamp>,
    /// Whether its state is `Enabled`.
    pub enabled: Option<bool>,
    /// Free text.
    pub description: Option<String>,
    /// What it is for.
    pub key_usage: Option<String>,
    /// Its state.
    pub key_state: Option<String>,
    /// When it is destroyed.
    pub deletion_date: Option<Timestamp>,
    /// When its imported material expires.
    pub valid_to: Option<Timestamp>,
    /// Where its material comes from.
    pub origin: Option<String>,
    /// Its custom key store; there are none.
    pub custom_key_store_id: Option<String>,
    /// Its cluster; there are none.
    pub cloud_hsm_cluster_id: Option<String>,
    /// Whether its imported material expires.
    pub expiration_model: Option<String>,
    /// `AWS` or `CUSTOMER`.
    pub key_manager: Option<String>,
    /// The spec under its old name.
    pub customer_master_key_spec: Option<String>,
    /// The spec.
    pub key_spec: Option<String>,
    /// Of a key for encryption.
    pub encryption_algorithms: Option<Vec<String>>,
    /// Of a key for signing.
    pub signing_algorithms: Option<Vec<String>>,
    /// Of a key for key agreement.
    pub key_agreement_algorithms: Option<Vec<String>>,
    /// Of a key for encapsulation; there are none.
    pub encapsulation_algorithms: Option<Vec<String>>,
    /// Whether it is a multi-Region key.
    pub multi_region: Option<bool>,
    /// Where its relatives are.
    pub multi_region_configuration: Option<MultiRegionConfiguration>,
    /// The window of a primary that waits for its replicas.
    pub pending_deletion_window_in_days: Option<i64>,
    /// Of an HMAC key.
    pub mac_algorithms: Option<Vec<String>>,
    /// Its external key; there are none.
    pub xks_key_configuration: Option<XksKeyConfiguration>,
    /// The material that encrypts.
    pub current_key_material_id: Option<String>,
}

/// A multi-Region key and its relatives.
#[derive(Output)]
pub struct MultiRegionConfiguration {
    /// `PRIMARY` or `REPLICA`.
    pub multi_region_key_type: Option<String>,
    /// The primary.
    pub primary_key: Option<MultiRegionKey>,
    /// The replicas.
    pub replica_keys: Option<Vec<MultiRegionKey>>,
}

/// A key of a multi-Region family.
#[derive(Output)]
pub struct MultiRegionKey {
    /// The ARN.
    pub arn: Option<String>,
    /// Where it is.
    pub region: Option<String>,
}

/// The external key of a key in an external key store.
#[derive(Output)]
pub struct XksKeyConfiguration {
    /// Its id there.
    pub id: Option<String>,
}

/// The algorithms of a key, under the member of its usage.
pub(super) struct Algorithms {
    pub(super) encryption: Option<Vec<String>>,
    pub(super) signing: Option<Vec<String>>,
    pub(super) key_agreement: Option<Vec<String>>,
    pub(super) mac: Option<Vec<String>>,
}

impl Algorithms {
    pub(super) fn of(key: &OpenKey) -> Self {
        let spec = key.spec;
        let when = |usage: KeyUsage, names: Vec<&str>| {
            (key.usage == usage).then(|| names.into_iter().map(str::to_owned).collect())
        };
        let encryption = spec.encryption_algorithms().iter();
        let signing = spec.signing_algorithms().iter();
        Self {
            encryption: when(
                KeyUsage::EncryptDecrypt,
                encryption.map(|it| it.as_str()).collect(),
            ),
            signing: when(
                KeyUsage::SignVerify,
                signing.map(|it| it.as_str()).collect(),
            ),
            key_agreement: when(KeyUsage::KeyAgreement, vec!["ECDH"]),
            mac: when(
                KeyUsage::GenerateVerifyMac,
                spec.mac().iter().map(|it| it.as_str()).collect(),
            ),
        }
    }
}

/// What is told of a key whose row is `row`.
pub(super) fn of(key: &OpenKey, row: &Key, now: Timestamp) -> KeyMetadata {
    let state = state_of(row, now);
    let algorithms = Algorithms::of(key);
    let current = current_of(row);
    let imported = current.filter(|material| row.external && !material.wrapped.is_empty());
    let own = |text: &str| Some(text.to_owned());
    KeyMetadata {
        aws_account_id: Some(key.home.account.to_string()),
        key_id: key.id.clone(),
        arn: Some(key.arn.to_string()),
        creation_date: time(row.created_ms),
        enabled: Some(state == KeyState::Enabled),
        description: Some(row.description.clone()),
        key_usage: own(key.usage.as_str()),
        key_state: own(state.as_str()),
        deletion_date: row.deletion_due_ms.and_then(time),
        valid_to: imported
            .and_then(|material| material.valid_to_ms)
            .and_then(time),
        origin: own(key.origin()),
        custom_key_store_id: None,
        cloud_hsm_cluster_id: None,
        expiration_model: imported
            .map(|material| expiration_model(material.valid_to_ms).to_owned()),
        key_manager: own(if row.aws_managed { "AWS" } else { "CUSTOMER" }),
        customer_master_key_spec: key.spec.is_of_old().then(|| key.spec.as_str().to_owned()),
        key_spec: own(key.spec.as_str()),
        encryption_algorithms: algorithms.encryption,
        signing_algorithms: algorithms.signing,
        key_agreement_algorithms: algorithms.key_agreement,
        encapsulation_algorithms: None,
        multi_region: Some(row.multi_region.is_some()),
        multi_region_configuration: configuration(&key.home, &key.id, row),
        pending_deletion_window_in_days: row
            .deletion_window_days
            .filter(|_| state == KeyState::PendingReplicaDeletion),
        mac_algorithms: algorithms.mac,
        xks_key_configuration: None,
        // Asymmetric and HMAC keys have one material for ever, and no id of it.
        current_key_material_id: current
            .filter(|_| key.spec.encryption_algorithms().len() == 1)
            .map(|material| hexadecimal(&material.id)),
    }
}

/// `ExpirationModel` of imported material.
pub(super) fn expiration_model(valid_to_ms: Option<i64>) -> &'static str {
    match valid_to_ms {
        Some(_) => "KEY_MATERIAL_EXPIRES",
        None => "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
}

fn configuration(home: &Home, id: &str, row: &Key) -> Option<MultiRegionConfiguration> {
    let family = row.multi_region.as_ref()?;
    let member = |region: &String| MultiRegionKey {
        arn: Some(format!(
            "arn:{}:kms:{region}:{}:key/{id}",
            home.partition, home.account
        )),
        region: Some(region.clone()),
    };
    let is_primary = family.primary == home.region.as_str();
    Some(MultiRegionConfiguration {
        multi_region_key_type: Some(if is_primary { "PRIMARY" } else { "REPLICA" }.to_owned()),
        primary_key: Some(member(&family.primary)),
        replica_keys: Some(family.replicas.iter().map(member).collect()),
    })
}
