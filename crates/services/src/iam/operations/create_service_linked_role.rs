use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Error, Iam, Result,
        answers::Role,
        names,
        place::Place,
        principals::{self, Found},
        record,
        roles::MAX_ROLES,
        rows, service_linked, trust,
    },
    operation::Operation,
    shape::{Input, Output},
    tables::Roles,
};

/// Makes the role of one of AWS's services, which nobody else can change.
///
/// Source: IAM API Reference, CreateServiceLinkedRole.
pub struct CreateServiceLinkedRole;

/// What is asked.
#[derive(Input)]
pub struct CreateServiceLinkedRoleInput {
    /// The service, `mrk.kms.amazonaws.com`.
    #[shape(name = "AWSServiceName", length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub aws_service_name: String,
    /// Up to 1,000 characters.
    #[shape(
        length(0, 1000),
        pattern(r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*")
    )]
    pub description: Option<String>,
    /// What to add to the role's name.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub custom_suffix: Option<String>,
}

/// The new role.
#[derive(Output)]
pub struct CreateServiceLinkedRoleOutput {
    /// The role.
    pub role: Option<Role>,
}

impl Operation for CreateServiceLinkedRole {
    const NAME: &'static str = "CreateServiceLinkedRole";
    const ACTION: &'static str = "iam:CreateServiceLinkedRole";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidInputException",
        "LimitExceededException",
        "NoSuchEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = CreateServiceLinkedRoleInput;
    type Output = CreateServiceLinkedRoleOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        let service = &input.aws_service_name;
        let name = service_linked::role_name(service, input.custom_suffix.as_deref());
        Ok(Place::new(
            cx,
            "role",
            Some(&service_linked::path(service)),
            &name,
        ))
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("iam:AWSServiceName", &input.aws_service_name);
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let service = input.aws_service_name;
        let suffix = input.custom_suffix.as_deref();
        service_linked::check(&service, suffix)?;
        let name = service_linked::role_name(&service, suffix);
        let account = cx.request.caller.account;
        let key = names::key(account, &name);
        if cx.tx.get::<Roles>(&key).await?.is_some() {
            return Err(Error::InvalidInput(
                format!(
                    "Service role name {name} has been taken in this account, please try a \
                     different suffix."
                )
                .into(),
            ));
        }
        rows::room::<Roles>(cx, "RolesPerAccount", MAX_ROLES).await?;
        let role = record::Role {
            name,
            path: service_linked::path(&service),
            id: names::draw_id(cx.services.random.as_ref(), "AROA"),
            created_ms: cx.now.as_millisecond(),
            trust_policy: service_linked::trust_policy(&service),
            description: input.description.filter(|text| !text.is_empty()),
            max_session_seconds: trust::session_seconds(None),
            linked_service: Some(service),
            ..record::Role::default()
        };
        cx.tx.put::<Roles>(&key, &role)?;
        principals::remember(&mut cx.tx, account, &Found::Role(account, role.clone()))?;
        Ok(CreateServiceLinkedRoleOutput {
            role: Some(Role::made(cx, &role).await?),
        })
    }
}
