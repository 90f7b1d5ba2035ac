//! Execution roles.

use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::Mode;
use strongroom_types::{AccountId, Arn};

use super::{
    Lambda,
    error::{Error, Result},
};
use crate::{
    authorize::{Keys, Target, check},
    context::{Context, Home, Request, Services, Tls},
    iam::{Caller, Role, principals},
    operation::Service as _,
};

/// A role that a function is to have, whether it exists or not.
struct RoleTarget<'a> {
    arn: &'a Arn,
    account: AccountId,
    /// Who may assume it.
    trust: Option<Policy>,
}

impl Target for RoleTarget<'_> {
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
        self.trust.as_ref()
    }

    fn condition_keys(&self, _: &mut Keys) {}
}

/// Whether the caller may give a function of `home` this role, and Lambda may
/// assume it.
///
/// # Errors
/// `AccessDeniedException` without `iam:PassRole`;
/// `InvalidParameterValueException` for a role that is none, or that does not
/// trust Lambda.
pub(super) async fn may_pass(cx: &mut Context<'_>, home: &Home, role: &str) -> Result<()> {
    let arn: Arn = role.parse().map_err(|_| cannot_be_assumed())?;
    let account: AccountId = arn.account().parse().map_err(|_| cannot_be_assumed())?;
    if arn.service() != "iam" || !arn.resource().starts_with("role/") {
        return Err(cannot_be_assumed());
    }
    if account != home.account {
        return Err(Error::AccessDenied(
            "Cross-account pass role is not allowed.".into(),
        ));
    }
    let passed = RoleTarget {
        arn: &arn,
        account,
        trust: None,
    };
    let mut keys = Keys::default();
    keys.one("iam:PassedToService", Lambda::EVENT_SOURCE);
    check(cx, &passed, "iam:PassRole", &keys).map_err(|text| Error::AccessDenied(text.into()))?;
    let assumed = assume(cx, home, role).await?;
    assumed.map(drop).ok_or_else(cannot_be_assumed)
}

/// The role with this ARN, if it exists and Lambda may assume it for a function
/// of `home`.
pub(super) async fn assume(cx: &mut Context<'_>, home: &Home, role: &str) -> Result<Option<Role>> {
    let Ok(arn) = role.parse::<Arn>() else {
        return Ok(None);
    };
    let Some(found) = find(cx, role).await? else {
        return Ok(None);
    };
    let Ok(trust) = Policy::parse(&found.trust_policy, PolicyKind::Trust) else {
        return Ok(None);
    };
    let trusted = RoleTarget {
        arn: &arn,
        account: home.account,
        trust: Some(trust),
    };
    let request = request(cx.services, home, &arn);
    let assumed = Context::begin(cx.services, &request, cx.now, Mode::Read).await?;
    let allowed = check(&assumed, &trusted, "sts:AssumeRole", &Keys::default());
    Ok(allowed.is_ok().then_some(found))
}

async fn find(cx: &mut Context<'_>, arn: &str) -> Result<Option<Role>> {
    let partition = cx.services.partition;
    let found = principals::by_arn(&mut cx.tx, partition, arn).await;
    match found {
        Ok(Some(principals::Found::Role(_, role))) => Ok(Some(role)),
        Ok(_) => Ok(None),
        Err(error) => Err(Error::Store(error)),
    }
}

/// A request that Lambda makes by itself.
pub(super) fn request(services: &Services, home: &Home, arn: &Arn) -> Request {
    let caller = Caller::service(Lambda::EVENT_SOURCE, home.account, arn.clone());
    Request {
        id: services.random.uuid().to_string(),
        caller: std::sync::Arc::new(caller),
        region: home.region,
        source_ip: [127, 0, 0, 1].into(),
        user_agent: Some(Lambda::EVENT_SOURCE.to_owned()),
        referer: None,
        vpc_endpoint: None,
        host: None,
        tls: Some(Tls::in_process()),
    }
}

fn cannot_be_assumed() -> Error {
    Error::InvalidParameterValue(
        "The role defined for the function cannot be assumed by Lambda.".into(),
    )
}
