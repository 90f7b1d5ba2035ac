use std::borrow::Cow;

use strongroom_policy::{Policy, PolicyKind};
use strongroom_types::{AccountId, Arn, Principal};

use super::policies::{PolicyList, SourcePolicy, SourceType, parse};
use crate::{
    authorize::{Keys, Target},
    context::Context,
    iam::{
        error::{Error, Result},
        managed_policies, names, policies,
        record::{Group, InlinePolicy, Role, Tag, User},
        tags,
    },
    tables::{Groups, Roles, Users},
};

/// The session of a role that is simulated.
const SESSION: &str = "simulation";

/// A user, group or role whose policies are simulated or listed.
pub struct Source {
    arn: Arn,
    account: AccountId,
    entity: Option<Entity>,
}

enum Entity {
    Group(Group),
    Role(Role),
    User(User),
}

impl Source {
    /// The user, group or role with this ARN.
    ///
    /// # Errors
    /// `ValidationError` for what is no ARN, `InvalidInput` for one of
    /// something else.
    pub(in crate::iam) async fn resolve(cx: &mut Context<'_>, text: &str) -> Result<Self> {
        let arn: Arn = text.parse().map_err(|_| Error::arn_unparsable())?;
        let invalid = || Error::arn_invalid(text);
        let partition = cx.services.partition.as_str();
        let (kind, place) = arn.resource().split_once('/').ok_or_else(invalid)?;
        let name = place.rsplit('/').next().unwrap_or_default();
        let account: AccountId = arn.account().parse().map_err(|_| invalid())?;
        let of_iam = arn.service() == "iam" && arn.partition() == partition;
        if !of_iam || name.is_empty() || !["group", "role", "user"].contains(&kind) {
            return Err(invalid());
        }
        let key = names::key(account, name);
        let entity = match kind {
            "group" => cx.tx.get::<Groups>(&key).await?.map(Entity::Group),
            "role" => cx.tx.get::<Roles>(&key).await?.map(Entity::Role),
            _ => cx.tx.get::<Users>(&key).await?.map(Entity::User),
        };
        // Names are found in any case, but an ARN has one.
        let entity = entity.filter(|entity| {
            let (kind, path, name) = entity.place();
            names::arn(partition, account, kind, path, name) == arn
        });
        Ok(Self {
            arn,
            account,
            entity,
        })
    }

    fn entity(&self) -> Result<&Entity> {
        self.entity.as_ref().ok_or_else(|| {
            let resource = self.arn.resource();
            let kind = resource.split('/').next().unwrap_or_default();
            let name = resource.rsplit('/').next().unwrap_or_default();
            Error::not_found(kind, name)
        })
    }

    /// The policies that are attached to it and written into it; of a user,
    /// also those of the user's groups.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(in crate::iam) async fn policies(&self, cx: &mut Context<'_>) -> Result<PolicyList> {
        let mut list = Vec::new();
        let entity = self.entity()?;
        entity.add_policies(cx, &mut list).await?;
        if let Entity::User(user) = entity {
            for name in &user.groups {
                let group = cx.tx.get::<Groups>(&(self.account, name.clone())).await?;
                if let Some(group) = group {
                    Entity::Group(group).add_policies(cx, &mut list).await?;
                }
            }
        }
        Ok(list)
    }

    /// The ARN of its permissions boundary, if it has one.
    pub(in crate::iam) fn boundary(&self) -> Option<&str> {
        match self.entity.as_ref()? {
            Entity::Group(_) => None,
            Entity::Role(role) => role.permissions_boundary.as_deref(),
            Entity::User(user) => user.permissions_boundary.as_deref(),
        }
    }

    /// Whom requests are made by: a user, or a session of a role; a group
    /// makes none.
    pub(in crate::iam) fn principal(&self) -> Option<Principal> {
        let account = self.account;
        match self.entity.as_ref()? {
            Entity::Group(_) => None,
            Entity::Role(role) => Some(Principal::AssumedRole {
                account,
                path: role.path.as_str().into(),
                role_name: role.name.as_str().into(),
                role_id: role.id.as_str().into(),
                session_name: SESSION.into(),
            }),
            Entity::User(user) => Some(Principal::User {
                account,
                path: user.path.as_str().into(),
                name: user.name.as_str().into(),
                id: user.id.as_str().into(),
            }),
        }
    }

    /// Whether it is a user, who can be the caller of a simulation.
    pub(in crate::iam) fn is_user(&self) -> bool {
        matches!(self.entity, Some(Entity::User(_)))
    }

    /// Whether it is a service's own role, which organizations leave alone.
    pub(in crate::iam) fn is_service_linked(&self) -> bool {
        matches!(&self.entity, Some(Entity::Role(role)) if role.linked_service.is_some())
    }

    /// Its tags.
    pub(in crate::iam) fn tags(&self) -> &[Tag] {
        match &self.entity {
            Some(Entity::Role(role)) => &role.tags,
            Some(Entity::User(user)) => &user.tags,
            Some(Entity::Group(_)) | None => &[],
        }
    }
}

impl Entity {
    fn place(&self) -> (&'static str, &str, &str) {
        match self {
            Self::Group(group) => ("group", &group.path, &group.name),
            Self::Role(role) => ("role", &role.path, &role.name),
            Self::User(user) => ("user", &user.path, &user.name),
        }
    }

    async fn add_policies(&self, cx: &mut Context<'_>, list: &mut PolicyList) -> Result<()> {
        let (inline, attached): (&[InlinePolicy], &[String]) = match self {
            Self::Group(group) => (&group.inline_policies, &group.attached_policies),
            Self::Role(role) => (&role.inline_policies, &role.attached_policies),
            Self::User(user) => (&user.inline_policies, &user.attached_policies),
        };
        let kind = match self {
            Self::Group(_) => SourceType::Group,
            Self::Role(_) => SourceType::Role,
            Self::User(_) => SourceType::User,
        };
        let (_, _, name) = self.place();
        for InlinePolicy {
            name: policy_name,
            document,
        } in inline
        {
            list.push(SourcePolicy {
                id: format!("{}_{name}_{policy_name}", kind.as_str()),
                kind,
                arn: None,
                inline: Some((name.to_owned(), policy_name.clone())),
                policy: parse(document, PolicyKind::Identity)?,
            });
        }
        for arn in attached {
            list.push(managed(cx, arn).await?);
        }
        Ok(())
    }
}

/// A managed policy that is attached somewhere.
///
/// # Errors
/// `PolicyEvaluation` if it is not there.
pub(super) async fn managed(cx: &mut Context<'_>, arn: &str) -> Result<SourcePolicy> {
    let partition = cx.services.partition;
    let document: Option<Cow<'_, str>> =
        policies::default_document(&mut cx.tx, partition, arn).await?;
    let document = document
        .ok_or_else(|| Error::PolicyEvaluation(format!("Policy {arn} was not found.").into()))?;
    let of_aws = managed_policies::find(arn).is_some();
    Ok(SourcePolicy {
        id: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        kind: if of_aws {
            SourceType::AwsManaged
        } else {
            SourceType::UserManaged
        },
        arn: Some(arn.to_owned()),
        inline: None,
        policy: parse(&document, PolicyKind::Identity)?,
    })
}

impl Target for Source {
    fn resource(&self) -> &str {
        self.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(self.arn.as_str())
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.account)
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, keys: &mut Keys) {
        tags::resource_keys(self.tags(), keys, true);
    }
}
