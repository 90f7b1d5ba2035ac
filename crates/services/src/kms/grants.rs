//! Grants: what they allow, to whom, and how they are found.
//!
//! A grant is a row under its key. Three more tables find it: by who has it
//! (each request of a grantee), by who may retire it (ListRetirableGrants), by
//! its name (a repeated CreateGrant). They are written and deleted with it.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_crypto::{constant_time_eq, sha256};
use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::StoreError;
use strongroom_types::{AccountId, Principal, Region};

use super::{
    error::{Code, Error, Result},
    key::OpenKey,
    material::hexadecimal,
    record::{Constraint, Grant, GrantCount, GrantName, Present},
    spec::{KeySpec, KeyUsage},
};
use crate::{
    context::{Context, Home},
    shape::enumeration,
    tables::{KmsGrantCounts, KmsGrants, KmsGrantsByGrantee, KmsGrantsByName, KmsGrantsByRetiring},
};

/// Grants of one key.
///
/// Source: KMS quotas, "Grants per KMS key".
const MAX_GRANTS: u64 = 50_000;
/// Grants of one grantee that a request looks through.
const MAX_HELD: usize = 1_000;
/// The version of the token's format, its first byte.
const TOKEN_VERSION: u8 = 1;
const TAG_BYTES: usize = 32;

enumeration! {
    /// `GrantOperation`.
    pub enum GrantOperation {
        Decrypt = "Decrypt",
        Encrypt = "Encrypt",
        GenerateDataKey = "GenerateDataKey",
        GenerateDataKeyWithoutPlaintext = "GenerateDataKeyWithoutPlaintext",
        ReEncryptFrom = "ReEncryptFrom",
        ReEncryptTo = "ReEncryptTo",
        Sign = "Sign",
        Verify = "Verify",
        GetPublicKey = "GetPublicKey",
        CreateGrant = "CreateGrant",
        RetireGrant = "RetireGrant",
        DescribeKey = "DescribeKey",
        GenerateDataKeyPair = "GenerateDataKeyPair",
        GenerateDataKeyPairWithoutPlaintext = "GenerateDataKeyPairWithoutPlaintext",
        GenerateMac = "GenerateMac",
        VerifyMac = "VerifyMac",
        DeriveSharedSecret = "DeriveSharedSecret",
        Encapsulate = "Encapsulate",
        Decapsulate = "Decapsulate",
    }
}

impl GrantOperation {
    /// Whether a key of this spec and usage knows the operation.
    pub(super) fn suits(self, spec: KeySpec, usage: KeyUsage) -> bool {
        let symmetric = spec == KeySpec::SymmetricDefault;
        let asymmetric = spec.key_pair().is_some();
        match self {
            Self::CreateGrant | Self::RetireGrant | Self::DescribeKey => true,
            Self::Decrypt | Self::Encrypt | Self::ReEncryptFrom | Self::ReEncryptTo => {
                usage == KeyUsage::EncryptDecrypt
            }
            Self::GenerateDataKey
            | Self::GenerateDataKeyWithoutPlaintext
            | Self::GenerateDataKeyPair
            | Self::GenerateDataKeyPairWithoutPlaintext => symmetric,
            Self::Sign | Self::Verify => usage == KeyUsage::SignVerify,
            Self::GetPublicKey => asymmetric,
            Self::GenerateMac | Self::VerifyMac => usage == KeyUsage::GenerateVerifyMac,
            Self::DeriveSharedSecret => usage == KeyUsage::KeyAgreement,
            Self::Encapsulate | Self::Decapsulate => usage == KeyUsage::EncapsulateDecapsulate,
        }
    }
}

/// Whether an operation has an encryption context, to which grants may be
/// bound.
fn has_context(operation: &str) -> bool {
    matches!(
        operation,
        "Decrypt"
            | "Encrypt"
            | "GenerateDataKey"
            | "GenerateDataKeyPair"
            | "GenerateDataKeyPairWithoutPlaintext"
            | "GenerateDataKeyWithoutPlaintext"
            | "ReEncryptFrom"
            | "ReEncryptTo"
    )
}

/// A grant that the caller holds.
pub(super) struct Held {
    pub(super) id: String,
    grant: Grant,
}

impl Held {
    /// Whether the grant allows an operation with this encryption context;
    /// of CreateGrant, the grant that is asked for.
    pub(super) fn fits(
        &self,
        operation: &str,
        context: &BTreeMap<String, String>,
        asked: Option<&Grant>,
    ) -> bool {
        let grant = &self.grant;
        if !grant.operations.iter().any(|known| known == operation) || !grant.source_arn.is_empty()
        {
            return false;
        }
        if operation == "CreateGrant" {
            return asked.is_some_and(|asked| covers(grant, asked));
        }
        if !has_context(operation) {
            return true;
        }
        let has = |(key, value): (&String, &String)| context.get(key) == Some(value);
        match grant.constraint() {
            Constraint::Unbound => true,
            Constraint::Subset => grant.context_subset.iter().all(has),
            Constraint::Equals => grant.context_equals == *context,
        }
    }
}

/// Whether a grant lets its holder give another one: no further operations,
/// and bound at least as narrowly.
///
/// Source: KMS Developer Guide, "Grants for grantees who create grants".
fn covers(grant: &Grant, asked: &Grant) -> bool {
    let narrower = match (grant.constraint(), asked.constraint()) {
        (Constraint::Unbound, _) => true,
        (Constraint::Subset, Constraint::Subset) => {
            contains(&asked.context_subset, &grant.context_subset)
        }
        (Constraint::Subset, Constraint::Equals) => {
            contains(&asked.context_equals, &grant.context_subset)
        }
        (Constraint::Equals, Constraint::Equals) => asked.context_equals == grant.context_equals,
        (Constraint::Subset | Constraint::Equals, _) => false,
    };
    narrower
        && asked
            .operations
            .iter()
            .all(|operation| grant.operations.contains(operation))
}

fn contains(larger: &BTreeMap<String, String>, smaller: &BTreeMap<String, String>) -> bool {
    smaller
        .iter()
        .all(|(key, value)| larger.get(key) == Some(value))
}

/// The names by which the caller may hold grants.
fn names(cx: &Context<'_>) -> Vec<String> {
    let caller = &cx.request.caller;
    let partition = cx.services.partition.as_str();
    let mut names = vec![caller.arn.to_string()];
    if let Principal::Service { .. } = caller.principal {
        names.push(caller.principal.user_id());
    }
    if let Some(role) = caller.principal.policy_arn(partition) {
        names.push(role.to_string());
    }
    names.sort();
    names.dedup();
    names
}

/// The caller's grants of a key.
///
/// # Errors
/// When the store fails.
pub(super) async fn held(
    cx: &mut Context<'_>,
    key: &OpenKey,
) -> std::result::Result<Vec<Held>, StoreError> {
    let mut held = Vec::new();
    if !key.row.has_grants {
        return Ok(held);
    }
    for name in names(cx) {
        let (account, region, id) = key.place();
        let prefix = (account, region, id, name);
        let rows = cx
            .tx
            .range::<KmsGrantsByGrantee>(prefix, None, MAX_HELD)
            .await?;
        for ((account, region, id, _, grant_id), _) in rows {
            let place = (account, region, id, grant_id.clone());
            if let Some(grant) = cx.tx.get::<KmsGrants>(&place).await? {
                held.push(Held {
                    id: grant_id,
                    grant,
                });
            }
        }
    }
    Ok(held)
}

/// Where a grant is.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct GrantPlace {
    #[prost(uint64, tag = "1")]
    account: u64,
    #[prost(string, tag = "2")]
    region: String,
    #[prost(string, tag = "3")]
    key_id: String,
    #[prost(string, tag = "4")]
    pub(super) grant_id: String,
    /// Tells tokens of one grant apart.
    #[prost(bytes = "vec", tag = "5")]
    nonce: Vec<u8>,
}

impl GrantPlace {
    /// The key that the grant is of.
    pub(super) fn key(&self, home: &Home) -> Option<(Home, String)> {
        let home = Home {
            account: AccountId::new(self.account)?,
            region: self.region.parse().ok()?,
            ..*home
        };
        Some((home, self.key_id.clone()))
    }
}

/// A token of a grant, for those who cannot wait until all of KMS knows it.
/// It is no secret and lets nobody in who is not the grantee.
pub(super) fn token(cx: &Context<'_>, key: &OpenKey, grant_id: &str) -> String {
    let place = GrantPlace {
        account: key.home.account.number(),
        region: key.home.region.to_string(),
        key_id: key.id.clone(),
        grant_id: grant_id.to_owned(),
        nonce: cx.services.random.id().to_vec(),
    };
    let place = prost::Message::encode_to_vec(&place);
    let tag = cx.services.key_material.tokens.sign(&[b"grant", &place]);
    BASE64_STANDARD.encode([&[TOKEN_VERSION], tag.as_slice(), &place].concat())
}

/// The grant of a token.
///
/// # Errors
/// `InvalidGrantTokenException` unless CreateGrant gave it.
pub(super) fn of_token(cx: &Context<'_>, token: &str) -> Result<GrantPlace> {
    let open = || {
        let bytes = BASE64_STANDARD.decode(token).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (tag, place) = rest.split_at_checked(TAG_BYTES)?;
        let expected = cx.services.key_material.tokens.sign(&[b"grant", place]);
        let genuine = *version == TOKEN_VERSION && constant_time_eq(tag, &expected);
        genuine.then(|| prost::Message::decode(place).ok())?
    };
    open().ok_or_else(|| Error::kms(Code::InvalidGrantToken, ""))
}

/// Grants are in force as soon as they are made, so that a token adds nothing
/// to them; but one that is none is refused.
///
/// # Errors
/// `InvalidGrantTokenException`.
pub(super) fn check_tokens(cx: &Context<'_>, tokens: Option<&[String]>) -> Result<()> {
    for token in tokens.unwrap_or_default() {
        of_token(cx, token)?;
    }
    Ok(())
}

type Place = (AccountId, Region, String, String);

fn place(key: &OpenKey, grant_id: &str) -> Place {
    let (account, region, id) = key.place();
    (account, region, id, grant_id.to_owned())
}

/// The key of the row that finds a grant by its name and all it says.
fn name_row(key: &OpenKey, grant: &Grant) -> (AccountId, Region, String, String, String) {
    let (account, region, id) = key.place();
    let same = Grant {
        created_ms: 0,
        ..grant.clone()
    };
    let digest = sha256(&prost::Message::encode_to_vec(&same));
    (
        account,
        region,
        id,
        grant.name.clone(),
        hexadecimal(&digest),
    )
}

/// A grant's row, by its id.
///
/// # Errors
/// When the store fails.
pub(super) async fn find(
    cx: &mut Context<'_>,
    key: &OpenKey,
    grant_id: &str,
) -> std::result::Result<Option<Grant>, StoreError> {
    cx.tx.get::<KmsGrants>(&place(key, grant_id)).await
}

/// KMS's answer to a grant that is not there.
pub(super) fn missing(grant_id: &str) -> Error {
    Error::not_found(format!("Grant ID {grant_id} not found"))
}

/// Writes a new grant and returns its id; of a named grant that is there
/// already, its id.
///
/// # Errors
/// `LimitExceededException` past 50,000 grants of a key.
pub(super) async fn add(cx: &mut Context<'_>, key: &OpenKey, grant: &Grant) -> Result<String> {
    let by_name = name_row(key, grant);
    if !grant.name.is_empty()
        && let Some(known) = cx.tx.get::<KmsGrantsByName>(&by_name).await?
    {
        return Ok(known.grant_id);
    }
    let counter = key.place();
    let count = cx
        .tx
        .get::<KmsGrantCounts>(&counter)
        .await?
        .unwrap_or_default()
        .count;
    if count >= MAX_GRANTS {
        return Err(Error::kms(
            Code::LimitExceeded,
            format!(
                "The key {} has {MAX_GRANTS} grants and cannot have more.",
                key.arn
            ),
        ));
    }
    cx.tx
        .put::<KmsGrantCounts>(&counter, &GrantCount { count: count + 1 })?;
    let mut id = [0; 32];
    cx.services.random.fill(&mut id);
    let id = hexadecimal(&id);
    cx.tx.put::<KmsGrants>(&place(key, &id), grant)?;
    let (account, region, key_id) = key.place();
    cx.tx.put::<KmsGrantsByGrantee>(
        &(
            account,
            region,
            key_id.clone(),
            grant.grantee.clone(),
            id.clone(),
        ),
        &Present {},
    )?;
    if !grant.retiring.is_empty() {
        cx.tx.put::<KmsGrantsByRetiring>(
            &(region, grant.retiring.clone(), account, key_id, id.clone()),
            &Present {},
        )?;
    }
    if !grant.name.is_empty() {
        let name = GrantName {
            grant_id: id.clone(),
        };
        cx.tx.put::<KmsGrantsByName>(&by_name, &name)?;
    }
    if !key.row.has_grants {
        let mut row = key.row.clone();
        row.has_grants = true;
        key.save(cx, &row)?;
    }
    Ok(id)
}

/// Ends a grant.
///
/// # Errors
/// When the store fails.
pub(super) async fn remove(
    cx: &mut Context<'_>,
    key: &OpenKey,
    grant_id: &str,
    grant: &Grant,
) -> std::result::Result<(), StoreError> {
    let counter = key.place();
    let count = cx
        .tx
        .get::<KmsGrantCounts>(&counter)
        .await?
        .unwrap_or_default()
        .count;
    let count = count.saturating_sub(1);
    cx.tx
        .put::<KmsGrantCounts>(&counter, &GrantCount { count })?;
    delete_rows(&mut cx.tx, key, grant_id, grant)
}

/// Deletes a grant's rows, all but its part in the count.
pub(super) fn delete_rows(
    tx: &mut strongroom_store::Transaction,
    key: &OpenKey,
    grant_id: &str,
    grant: &Grant,
) -> std::result::Result<(), StoreError> {
    let (account, region, key_id, id) = place(key, grant_id);
    tx.delete::<KmsGrants>(&(account, region, key_id.clone(), id.clone()))?;
    tx.delete::<KmsGrantsByGrantee>(&(
        account,
        region,
        key_id.clone(),
        grant.grantee.clone(),
        id.clone(),
    ))?;
    if !grant.retiring.is_empty() {
        tx.delete::<KmsGrantsByRetiring>(&(region, grant.retiring.clone(), account, key_id, id))?;
    }
    if !grant.name.is_empty() {
        tx.delete::<KmsGrantsByName>(&name_row(key, grant))?;
    }
    Ok(())
}

/// # Errors
/// `InvalidArnException` unless the text is the ARN of a principal that can
/// hold a grant.
pub(super) fn check_principal(text: &str) -> Result<()> {
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": text}, "Action": "kms:*", "Resource": "*"},
    });
    let is_arn = text.starts_with("arn:");
    if is_arn && Policy::parse(&document.to_string(), PolicyKind::Key).is_ok() {
        Ok(())
    } else {
        Err(Error::invalid_arn(format!("Invalid arn {text}")))
    }
}
