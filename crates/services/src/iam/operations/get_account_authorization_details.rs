use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        answers::{GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail},
        attachments,
        entity_type::EntityType,
        managed_policies, names,
        pages::page,
        place::Place,
        policies::Managed,
        record::{Group, Role, User},
        rows,
    },
    operation::Operation,
    shape::{Input, Output},
    tables::{Groups, ManagedPolicies, Roles, Users},
};

/// Returns the account's users, groups, roles and managed policies, with how they hang
/// together. Of AWS's policies those are in it that are used.
///
/// Source: IAM API Reference, GetAccountAuthorizationDetails.
pub struct GetAccountAuthorizationDetails;

/// What is asked.
#[derive(Input)]
pub struct GetAccountAuthorizationDetailsInput {
    /// Only these kinds.
    pub filter: Option<Vec<EntityType>>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
}

/// One page.
#[derive(Output)]
pub struct GetAccountAuthorizationDetailsOutput {
    /// The users.
    pub user_detail_list: Option<Vec<UserDetail>>,
    /// The groups.
    pub group_detail_list: Option<Vec<GroupDetail>>,
    /// The roles.
    pub role_detail_list: Option<Vec<RoleDetail>>,
    /// The managed policies.
    pub policies: Option<Vec<ManagedPolicyDetail>>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for GetAccountAuthorizationDetails {
    const NAME: &'static str = "GetAccountAuthorizationDetails";
    const ACTION: &'static str = "iam:GetAccountAuthorizationDetails";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = GetAccountAuthorizationDetailsInput;
    type Output = GetAccountAuthorizationDetailsOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::account(cx))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let filter = input.filter.unwrap_or_default();
        let asked = |kind| filter.is_empty() || filter.contains(&kind);
        let account = cx.request.caller.account;
        let usage = attachments::all_usage(&mut cx.tx, account).await?;
        let items = items(cx, asked, |arn| usage.contains_key(arn)).await?;
        let page = page(items, Item::rank, input.marker.as_deref(), input.max_items)?;
        let (mut users, mut groups) = (Vec::new(), Vec::new());
        let (mut roles, mut policies) = (Vec::new(), Vec::new());
        for item in page.items {
            match item {
                Item::User(user) => users.push(UserDetail::of(cx, user).await?),
                Item::Group(group) => groups.push(GroupDetail::of(cx, group)),
                Item::Role(role) => roles.push(RoleDetail::of(cx, role).await?),
                Item::Policy(arn, policy) => {
                    let usage = usage.get(&arn).copied().unwrap_or_default();
                    let partition = cx.services.partition;
                    policies.push(ManagedPolicyDetail::of(&arn, &policy, usage, partition));
                }
            }
        }
        Ok(GetAccountAuthorizationDetailsOutput {
            user_detail_list: Some(users),
            group_detail_list: Some(groups),
            role_detail_list: Some(roles),
            policies: Some(policies),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}

/// Anything that is listed.
enum Item {
    Group(Group),
    Policy(String, Managed),
    Role(Role),
    User(User),
}

impl Item {
    /// Users come first, then groups, roles, the account's policies and AWS's.
    fn rank(&self) -> String {
        let (kind, name) = match self {
            Self::User(user) => (0, &user.name),
            Self::Group(group) => (1, &group.name),
            Self::Role(role) => (2, &role.name),
            Self::Policy(_, Managed::Customer(policy)) => (3, &policy.name),
            Self::Policy(_, Managed::Aws(policy)) => return format!("4\n{}", policy.name),
        };
        format!("{kind}\n{}", name.to_lowercase())
    }
}

/// Everything of the kinds that are asked for.
async fn items(
    cx: &mut Context<'_>,
    asked: impl Fn(EntityType) -> bool,
    used: impl Fn(&str) -> bool,
) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    if asked(EntityType::User) {
        items.extend(rows::all::<Users>(cx).await?.into_iter().map(Item::User));
    }
    if asked(EntityType::Group) {
        items.extend(rows::all::<Groups>(cx).await?.into_iter().map(Item::Group));
    }
    if asked(EntityType::Role) {
        items.extend(rows::all::<Roles>(cx).await?.into_iter().map(Item::Role));
    }
    if asked(EntityType::LocalManagedPolicy) {
        for policy in rows::all::<ManagedPolicies>(cx).await? {
            let arn = names::own_arn(cx, "policy", &policy.path, &policy.name);
            items.push(Item::Policy(arn.to_string(), Managed::Customer(policy)));
        }
    }
    if asked(EntityType::AwsManagedPolicy) {
        let partition = cx.services.partition.as_str();
        let aws = managed_policies::ALL.iter();
        let aws = aws.map(|policy| (policy.arn(partition), Managed::Aws(policy)));
        let aws = aws.filter(|(arn, _)| used(arn));
        items.extend(aws.map(|(arn, policy)| Item::Policy(arn, policy)));
    }
    Ok(items)
}
