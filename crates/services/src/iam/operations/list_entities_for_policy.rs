use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Target},
    context::Context,
    iam::{
        Iam, Result, attachments, entity_type::EntityType, names, pages::page,
        policy_ref::PolicyRef, policy_usage::PolicyUsage, record::AttachedTo,
    },
    operation::Operation,
    shape::{Input, Output},
    tables::{Groups, Roles, Users},
};

/// Lists the users, groups and roles that a managed policy is attached to, or whose permissions it bounds.
///
/// Source: IAM API Reference, ListEntitiesForPolicy.
pub struct ListEntitiesForPolicy;

/// What is asked.
#[derive(Input)]
pub struct ListEntitiesForPolicyInput {
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
    /// Only entities of this kind.
    pub entity_filter: Option<EntityType>,
    /// Only what is under this path; `/` when absent.
    #[shape(length(1, 512), pattern(r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"))]
    pub path_prefix: Option<String>,
    /// Only where it is used in this way.
    pub policy_usage_filter: Option<PolicyUsage>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListEntitiesForPolicyOutput {
    /// The groups.
    pub policy_groups: Option<Vec<PolicyGroup>>,
    /// The users.
    pub policy_users: Option<Vec<PolicyUser>>,
    /// The roles.
    pub policy_roles: Option<Vec<PolicyRole>>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListEntitiesForPolicy {
    const NAME: &'static str = "ListEntitiesForPolicy";
    const ACTION: &'static str = "iam:ListEntitiesForPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = ListEntitiesForPolicyInput;
    type Output = ListEntitiesForPolicyOutput;
    type Target = PolicyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyRef> {
        PolicyRef::resolve(cx, &input.policy_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<PolicyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let arn = target.resource().to_owned();
        target.into_inner().found()?;
        let account = cx.request.caller.account;
        let prefix = input.path_prefix.as_deref().unwrap_or(names::ROOT);
        let mut found: Vec<Using> = Vec::new();
        for (kind, name) in attachments::users_of(&mut cx.tx, account, &arn).await? {
            if !wanted(kind, input.policy_usage_filter) {
                continue;
            }
            let Some(using) = using(cx, kind, name).await? else {
                continue;
            };
            let asked = input
                .entity_filter
                .is_none_or(|filter| filter == using.kind);
            // One that is both attached and a boundary is there once.
            let known = found.iter().any(|known| known.id == using.id);
            if asked && !known && using.path.starts_with(prefix) {
                found.push(using);
            }
        }
        let rank = |it: &Using| format!("{}\n{}", it.kind.as_str(), it.name.to_lowercase());
        let page = page(found, rank, input.marker.as_deref(), input.max_items)?;
        let (mut groups, mut users, mut roles) = (Vec::new(), Vec::new(), Vec::new());
        for Using { kind, name, id, .. } in page.items {
            let (name, id) = (Some(name), Some(id));
            match kind {
                EntityType::Group => groups.push(PolicyGroup {
                    group_name: name,
                    group_id: id,
                }),
                EntityType::User => users.push(PolicyUser {
                    user_name: name,
                    user_id: id,
                }),
                _ => roles.push(PolicyRole {
                    role_name: name,
                    role_id: id,
                }),
            }
        }
        Ok(ListEntitiesForPolicyOutput {
            policy_groups: Some(groups),
            policy_users: Some(users),
            policy_roles: Some(roles),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}

/// A group that a policy is attached to.
#[derive(Output)]
pub struct PolicyGroup {
    /// Its name.
    pub group_name: Option<String>,
    /// `AGPA…`
    pub group_id: Option<String>,
}

/// A user that a policy is attached to, or whose permissions it bounds.
#[derive(Output)]
pub struct PolicyUser {
    /// Its name.
    pub user_name: Option<String>,
    /// `AIDA…`
    pub user_id: Option<String>,
}

/// A role that a policy is attached to, or whose permissions it bounds.
#[derive(Output)]
pub struct PolicyRole {
    /// Its name.
    pub role_name: Option<String>,
    /// `AROA…`
    pub role_id: Option<String>,
}

/// An entity that a policy is used by.
struct Using {
    kind: EntityType,
    name: String,
    id: String,
    path: String,
}

/// Whether a row of `PolicyAttachments` of this kind is asked for.
fn wanted(kind: u8, filter: Option<PolicyUsage>) -> bool {
    let bounds = [
        AttachedTo::RoleBoundary as u8,
        AttachedTo::UserBoundary as u8,
    ]
    .contains(&kind);
    match filter {
        Some(PolicyUsage::PermissionsBoundary) => bounds,
        Some(PolicyUsage::PermissionsPolicy) => !bounds,
        None => true,
    }
}

/// The entity of a row, if its record is there.
async fn using(cx: &mut Context<'_>, kind: u8, name: String) -> Result<Option<Using>> {
    let key = (cx.request.caller.account, name);
    let using = |kind, name, id, path| Using {
        kind,
        name,
        id,
        path,
    };
    Ok(if kind == AttachedTo::Group as u8 {
        let group = cx.tx.get::<Groups>(&key).await?;
        group.map(|it| using(EntityType::Group, it.name, it.id, it.path))
    } else if kind == AttachedTo::Role as u8 || kind == AttachedTo::RoleBoundary as u8 {
        let role = cx.tx.get::<Roles>(&key).await?;
        role.map(|it| using(EntityType::Role, it.name, it.id, it.path))
    } else {
        let user = cx.tx.get::<Users>(&key).await?;
        user.map(|it| using(EntityType::User, it.name, it.id, it.path))
    })
}
