//! Grants: what they allow, to whom, and how they are found.
//!
//! A grant is a row under its key. Three more tables find it: by who has it
//! (each request of a grantee), by who may retire it (ListRetirableGrants), by
//! its name (a repeated CreateGrant). They are written and deleted with it.

mod held;
mod operation;
mod retiring;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_crypto::{constant_time_eq, sha256};
use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::StoreError;
use strongroom_types::{AccountId, Arn, Region};

use super::{
    arguments::{GrantConstraints, GrantListEntry, time},
    error::{Code, Error, Result},
    key::OpenKey,
    material::hexadecimal,
    record::{Constraint, Grant, GrantCount, GrantName, Present},
};
use crate::{
    context::{Context, Home},
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

pub(super) use held::{Held, held, unique_id};
pub use operation::GrantOperation;
pub(super) use retiring::Retiring;
pub use retiring::RetiringRef;

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

/// Grants of a key, after the one of this id.
///
/// # Errors
/// When the store fails.
pub(super) async fn after(
    cx: &mut Context<'_>,
    key: &OpenKey,
    id: Option<&str>,
    limit: usize,
) -> std::result::Result<Vec<(String, Grant)>, StoreError> {
    let after = id.map(|id| place(key, id));
    let rows = cx
        .tx
        .range::<KmsGrants>(key.place(), after.as_ref(), limit)
        .await?;
    Ok(rows
        .into_iter()
        .map(|((.., id), grant)| (id, grant))
        .collect())
}

/// A grant that somebody may retire.
pub(super) struct Retirable {
    /// Where the list goes on after it.
    pub(super) marker: String,
    /// Its key.
    pub(super) key: Arn,
    pub(super) id: String,
    pub(super) grant: Grant,
}

/// Grants of the Region that a principal may retire, after the one of this
/// marker.
///
/// # Errors
/// `InvalidMarkerException`.
pub(super) async fn retirable(
    cx: &mut Context<'_>,
    retiring: &str,
    marker: Option<&str>,
    limit: usize,
) -> Result<Vec<Retirable>> {
    let home = cx.home();
    let after = marker.map(|marker| {
        let mut parts = marker.splitn(3, '/');
        let account = parts.next()?.parse().ok()?;
        let (key_id, id) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some((home.region, retiring.to_owned(), account, key_id, id))
    });
    let after = match after {
        Some(None) => return Err(Error::kms(Code::InvalidMarker, "")),
        Some(after) => after,
        None => None,
    };
    let prefix = (home.region, retiring.to_owned());
    let rows = cx
        .tx
        .range::<KmsGrantsByRetiring>(prefix, after.as_ref(), limit)
        .await?;
    let mut found = Vec::new();
    for ((region, _, account, key_id, id), _) in rows {
        let place = (account, region, key_id.clone(), id.clone());
        if let Some(grant) = cx.tx.get::<KmsGrants>(&place).await? {
            let home = Home { account, ..home };
            found.push(Retirable {
                marker: format!("{account}/{key_id}/{id}"),
                key: home.arn("kms", format_args!("key/{key_id}")),
                id,
                grant,
            });
        }
    }
    Ok(found)
}

/// A grant as lists show it.
pub(super) fn entry(key: &Arn, id: String, grant: Grant) -> GrantListEntry {
    let constraint = grant.constraint();
    let source_arn = Some(grant.source_arn).filter(|arn| !arn.is_empty());
    let constraints = GrantConstraints {
        encryption_context_subset: (constraint == Constraint::Subset)
            .then_some(grant.context_subset),
        encryption_context_equals: (constraint == Constraint::Equals)
            .then_some(grant.context_equals),
        source_arn,
    };
    let has_any = constraint != Constraint::Unbound || constraints.source_arn.is_some();
    let one_of = |text: String, is_service: bool| {
        let text = Some(text).filter(|text| !text.is_empty());
        if is_service {
            (None, text)
        } else {
            (text, None)
        }
    };
    let (grantee, grantee_service) = one_of(grant.grantee, grant.grantee_is_service);
    let (retiring, retiring_service) = one_of(grant.retiring, grant.retiring_is_service);
    let issuing = AccountId::new(grant.issuing_account);
    GrantListEntry {
        key_id: Some(key.to_string()),
        grant_id: Some(id),
        name: Some(grant.name),
        creation_date: time(grant.created_ms),
        grantee_principal: grantee,
        retiring_principal: retiring,
        issuing_account: issuing
            .map(|account| format!("arn:{}:iam::{account}:root", key.partition())),
        operations: Some(grant.operations),
        constraints: has_any.then_some(constraints),
        grantee_service_principal: grantee_service,
        retiring_service_principal: retiring_service,
    }
}
