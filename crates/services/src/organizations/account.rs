//! Accounts: made, closed, let go.

use strongroom_types::AccountId;

use super::{
    entity::Org,
    error::{Error, Result},
    id,
    record::{AccountRequest, Member, Tag},
    service_event::{self, Departure},
    shapes::JoinedMethod,
};
use crate::{
    context::Context,
    iam::{self, AttachedTo},
    tables::{
        Accounts, OrganizationAccountRequests, OrganizationMembers, PolicyAttachments, Roles,
    },
};

/// Accounts of one organization, the management account among them.
///
/// Source: AWS Organizations User Guide, quotas: what the quota can be raised
/// to.
const MAX_ACCOUNTS: usize = 10_000;
/// The role that a new account has when no other is asked for.
const ROLE: &str = "OrganizationAccountAccessRole";
const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
/// The session length of a role that does not say otherwise.
const SESSION_SECONDS: u32 = 3_600;
/// How names of services' own roles begin.
const SERVICE_ROLE: &str = "AWSServiceRoleFor";
/// Rows read at a time.
const PAGE: usize = 1_000;

/// An account that is asked for.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) role: Option<String>,
    pub(super) tags: Vec<Tag>,
}

/// Makes an account right below the root. What stands against it is told by
/// the request's status, not as an error.
///
/// # Errors
/// `InvalidInputException` for the name of a service's own role.
pub(super) async fn create(
    cx: &mut Context<'_>,
    org: &Org,
    wanted: Wanted,
) -> Result<(String, AccountRequest)> {
    if (wanted.role.as_ref()).is_some_and(|role| role.starts_with(SERVICE_ROLE)) {
        return Err(Error::invalid(
            "INVALID_ROLE_NAME",
            "You provided a role name that isn't valid. A role name can't begin with the reserved \
             prefix AWSServiceRoleFor.",
        ));
    }
    let now_ms = cx.now.as_millisecond();
    let mut request = AccountRequest {
        account_name: wanted.name.clone(),
        requested_ms: now_ms,
        account: None,
        failure: None,
    };
    let members = super::bearing::rows::<OrganizationMembers>(&mut cx.tx).await?;
    let own = |member: &Member| member.management_account == org.management.number();
    let same_email = |member: &Member| member.email.eq_ignore_ascii_case(&wanted.email);
    if members.iter().any(|(_, member)| same_email(member)) {
        request.failure = Some("EMAIL_ALREADY_EXISTS".to_owned());
    } else if members.iter().filter(|(_, it)| own(it)).count() >= MAX_ACCOUNTS {
        request.failure = Some("ACCOUNT_LIMIT_EXCEEDED".to_owned());
    } else {
        let account = new_account(cx).await?;
        request.account = Some(account.number());
        let member = Member {
            management_account: org.management.number(),
            name: wanted.name,
            email: wanted.email,
            joined_ms: now_ms,
            parent: org.row.root_id.clone(),
            tags: wanted.tags,
            closed_ms: None,
            created: true,
        };
        cx.tx.put::<OrganizationMembers>(&(account,), &member)?;
        org.attach_defaults(cx, &account.to_string())?;
        let role = wanted.role.unwrap_or_else(|| ROLE.to_owned());
        make_role(cx, org, account, role)?;
        service_event::joined(cx, org, account, &JoinedMethod::Created);
    }
    let id = id::draw(cx, "car-", 32);
    service_event::account_made(cx, org, &id, &request);
    let key = (org.management, id);
    cx.tx.put::<OrganizationAccountRequests>(&key, &request)?;
    Ok((key.1, request))
}

async fn new_account(cx: &mut Context<'_>) -> Result<AccountId> {
    let created_ms = cx.now.as_millisecond();
    loop {
        let account = iam::draw_account(cx.services.random.as_ref());
        if cx.tx.get::<Accounts>(&(account,)).await?.is_none() {
            let row = iam::Account {
                created_ms,
                ..iam::Account::default()
            };
            cx.tx.put::<Accounts>(&(account,), &row)?;
            return Ok(account);
        }
    }
}

/// The role by which the management account gets into the new one.
fn make_role(cx: &mut Context<'_>, org: &Org, account: AccountId, name: String) -> Result<()> {
    let (partition, management) = (cx.services.partition.as_str(), org.management);
    let trust_policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:{partition}:iam::{management}:root")},
            "Action": "sts:AssumeRole",
        }],
    });
    let key = (account, name.to_lowercase());
    let role = iam::Role {
        name,
        path: "/".to_owned(),
        id: iam::draw_id(cx.services.random.as_ref(), "AROA"),
        created_ms: cx.now.as_millisecond(),
        attached_policies: vec![ADMINISTRATOR_ACCESS.to_owned()],
        trust_policy: trust_policy.to_string(),
        max_session_seconds: SESSION_SECONDS,
        ..iam::Role::default()
    };
    cx.tx.put::<Roles>(&key, &role)?;
    let attachment = (
        account,
        ADMINISTRATOR_ACCESS.to_owned(),
        AttachedTo::Role as u8,
        key.1,
    );
    cx.tx
        .put::<PolicyAttachments>(&attachment, &iam::PolicyAttachment::default())?;
    Ok(())
}

/// All requests to make accounts, in the order of their ids.
pub(super) async fn requests(
    cx: &mut Context<'_>,
    org: &Org,
) -> Result<Vec<(String, AccountRequest)>> {
    let mut requests = Vec::new();
    let mut after = None;
    loop {
        let page = cx
            .tx
            .range::<OrganizationAccountRequests>((org.management,), after.as_ref(), PAGE)
            .await?;
        after = page.last().map(|(key, _)| key.clone());
        if page.is_empty() {
            return Ok(requests);
        }
        requests.extend(page.into_iter().map(|((_, id), request)| (id, request)));
    }
}

/// Closes an account. Nothing opens it again.
pub(super) fn close(
    cx: &mut Context<'_>,
    org: &Org,
    account: AccountId,
    mut member: Member,
) -> Result<()> {
    member.closed_ms = Some(cx.now.as_millisecond());
    cx.tx.put::<OrganizationMembers>(&(account,), &member)?;
    service_event::account_closed(cx, org, account);
    Ok(())
}

/// Takes an account out of the organization, with what is attached to it. A
/// closed account stays: AWS keeps those until they are gone for good, and out
/// of the organization nothing would say any more that it is closed.
///
/// # Errors
/// `ConstraintViolationException` for a closed account; AWS documents no text
/// of its own for it (inferred).
pub(super) async fn leave(
    cx: &mut Context<'_>,
    org: &Org,
    account: AccountId,
    how: Departure,
) -> Result<()> {
    let member = cx.tx.get::<OrganizationMembers>(&(account,)).await?;
    if member.is_some_and(|member| member.closed_ms.is_some()) {
        return Err(Error::constraint(
            "ACCOUNT_CANNOT_LEAVE_ORGANIZATION",
            "You can't remove a closed account from the organization.",
        ));
    }
    org.detach_all(cx, &account.to_string()).await?;
    cx.tx.delete::<OrganizationMembers>(&(account,))?;
    service_event::departed(cx, org, account, &how);
    Ok(())
}
