//! The grants that a caller holds, and whether they fit a request.

use std::collections::BTreeMap;

use strongroom_store::StoreError;
use strongroom_types::Principal;

use super::{MAX_HELD, operation::has_context};
use crate::{
    context::Context,
    iam::principals,
    kms::{
        error::{Error, Result},
        key::OpenKey,
        record::{Constraint, Grant},
    },
    tables::{KmsGrants, KmsGrantsByGrantee},
};

/// A grant that the caller holds.
pub(in crate::kms) struct Held {
    pub(in crate::kms) id: String,
    grant: Grant,
}

impl Held {
    /// Whether the grant allows an operation with this encryption context;
    /// of CreateGrant, the grant that is asked for.
    pub(in crate::kms) fn fits(
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
pub(super) fn names(cx: &Context<'_>) -> Vec<String> {
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

/// The unique id of a principal of a grant that is a user or a role; nothing for
/// other principals.
///
/// # Errors
/// `InvalidArnException` if there is no such user or role.
pub(in crate::kms) async fn unique_id(cx: &mut Context<'_>, principal: &str) -> Result<String> {
    let is_entity = principal.contains(":iam::")
        && [":user/", ":role/"]
            .iter()
            .any(|kind| principal.contains(kind));
    if !is_entity {
        return Ok(String::new());
    }
    let found = principals::by_arn(&mut cx.tx, cx.services.partition, principal).await?;
    let found = found.ok_or_else(|| {
        Error::invalid_arn(format!(
            "ARN does not refer to a valid principal: {principal}"
        ))
    })?;
    Ok(found.id().to_owned())
}

/// Whether the caller is who had this unique id, and not another of the name.
pub(super) fn is_who(id: &str, caller: &Principal) -> bool {
    match caller {
        Principal::User { id: known, .. } | Principal::AssumedRole { role_id: known, .. } => {
            id.is_empty() || id == &**known
        }
        _ => true,
    }
}

/// The caller's grants of a key.
///
/// # Errors
/// When the store fails.
pub(in crate::kms) async fn held(
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
            if let Some(grant) = cx.tx.get::<KmsGrants>(&place).await?
                && is_who(&grant.grantee_id, &cx.request.caller.principal)
            {
                held.push(Held {
                    id: grant_id,
                    grant,
                });
            }
        }
    }
    Ok(held)
}
