//! Organizational units: made, named, removed.

use super::{
    entity::Org,
    error::{Error, Result},
    id,
    record::{Tag, Unit},
};
use crate::{context::Context, tables::OrganizationUnits};

/// Units of one organization.
///
/// Source: AWS Organizations User Guide, quotas.
const MAX_UNITS: usize = 2_000;
/// Levels of units below the root.
///
/// Source: as above.
const MAX_DEPTH: usize = 5;

/// Makes a unit.
///
/// # Errors
/// `DuplicateOrganizationalUnitException`, `ConstraintViolationException`.
pub(super) async fn create(
    cx: &mut Context<'_>,
    org: &Org,
    parent: &str,
    name: String,
    tags: Vec<Tag>,
) -> Result<(String, Unit)> {
    check_name(cx, org, parent, &name, None).await?;
    // `o-…/r-…/` and a part for each unit above.
    let above = org.path(cx, parent).await?.matches("/ou-").count();
    if above >= MAX_DEPTH {
        return Err(Error::constraint(
            "OU_DEPTH_LIMIT_EXCEEDED",
            "You have exceeded the maximum depth of nested organizational units.",
        ));
    }
    if org.units(cx).await?.len() >= MAX_UNITS {
        return Err(Error::constraint(
            "OU_NUMBER_LIMIT_EXCEEDED",
            "You have exceeded the number of organizational units allowed in your organization.",
        ));
    }
    let root = org.row.root_id.trim_start_matches("r-");
    let id = id::draw(cx, &format!("ou-{root}-"), 8);
    let unit = Unit {
        name,
        parent: parent.to_owned(),
        created_ms: cx.now.as_millisecond(),
        tags,
    };
    let key = (org.management, id);
    cx.tx.put::<OrganizationUnits>(&key, &unit)?;
    org.attach_defaults(cx, &key.1)?;
    Ok((key.1, unit))
}

/// # Errors
/// `DuplicateOrganizationalUnitException` if another unit of the parent has
/// the name.
pub(super) async fn check_name(
    cx: &mut Context<'_>,
    org: &Org,
    parent: &str,
    name: &str,
    own: Option<&str>,
) -> Result<()> {
    let units = org.units(cx).await?;
    let taken = |(id, unit): &(String, Unit)| {
        unit.parent == parent && unit.name == name && Some(id.as_str()) != own
    };
    if units.iter().any(taken) {
        return Err(Error::DuplicateOrganizationalUnit);
    }
    Ok(())
}

/// Removes a unit.
///
/// # Errors
/// `OrganizationalUnitNotEmptyException`.
pub(super) async fn delete(cx: &mut Context<'_>, org: &Org, id: &str) -> Result<()> {
    let accounts = org.members(cx).await?;
    let units = org.units(cx).await?;
    let inside = accounts.iter().any(|(_, it)| it.parent == id)
        || units.iter().any(|(_, it)| it.parent == id);
    if inside {
        return Err(Error::OrganizationalUnitNotEmpty);
    }
    org.detach_all(cx, id).await?;
    cx.tx
        .delete::<OrganizationUnits>(&(org.management, id.to_owned()))?;
    Ok(())
}
