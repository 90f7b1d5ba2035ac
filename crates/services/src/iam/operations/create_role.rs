use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Error, Iam, Result,
        answers::Role,
        attachments, names,
        place::Place,
        principals::{self, Found},
        record,
        roles::{MAX_ROLES, SERVICE_ROLE_PATH},
        rows,
        tags::{self, Tag},
        trust,
    },
    operation::Operation,
    shape::{Input, Output},
    tables::Roles,
};

/// Makes a role.
///
/// Source: IAM API Reference, CreateRole.
pub struct CreateRole;

/// What is asked.
#[derive(Input)]
pub struct CreateRoleInput {
    /// `/` or `/a/b/`; `/` when absent.
    #[shape(length(1, 512), pattern(r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"))]
    pub path: Option<String>,
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// Who may assume the role: the JSON document.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub assume_role_policy_document: String,
    /// Up to 1,000 characters.
    #[shape(
        length(0, 1000),
        pattern(r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*")
    )]
    pub description: Option<String>,
    /// Seconds of the longest session: 3,600 to 43,200, 3,600 when absent.
    #[shape(range(3600, 43200))]
    pub max_session_duration: Option<i64>,
    /// ARN of the managed policy that bounds what it may do.
    #[shape(length(20, 2048))]
    pub permissions_boundary: Option<String>,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Option<Vec<Tag>>,
}

/// The new role.
#[derive(Output)]
pub struct CreateRoleOutput {
    /// The role.
    pub role: Role,
}

impl Operation for CreateRole {
    const NAME: &'static str = "CreateRole";
    const ACTION: &'static str = "iam:CreateRole";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "LimitExceededException",
        "InvalidInputException",
        "EntityAlreadyExistsException",
        "MalformedPolicyDocumentException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = CreateRoleInput;
    type Output = CreateRoleOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::new(
            cx,
            "role",
            input.path.as_deref(),
            &input.role_name,
        ))
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.some(
            "iam:PermissionsBoundary",
            input.permissions_boundary.as_ref(),
        );
        if let Some(tags) = &input.tags {
            tags::request_keys(tags, keys);
        }
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        match &input.tags {
            Some(tags) if !tags.is_empty() => &["iam:TagRole"],
            _ => &[],
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let path = input.path.unwrap_or_else(|| names::ROOT.to_owned());
        if path.starts_with(SERVICE_ROLE_PATH) {
            let reserved = SERVICE_ROLE_PATH.trim_end_matches('/');
            let text = format!(
                "Paths beginning with '{reserved}' are reserved for AWS Service Linked Roles"
            );
            return Err(Error::InvalidInput(text.into()));
        }
        let account = cx.request.caller.account;
        let key = names::key(account, &input.role_name);
        if cx.tx.get::<Roles>(&key).await?.is_some() {
            return Err(Error::exists("Role", &input.role_name));
        }
        let mut role = record::Role {
            path,
            id: names::draw_id(cx.services.random.as_ref(), "AROA"),
            created_ms: cx.now.as_millisecond(),
            trust_policy: trust::stored(cx, &input.assume_role_policy_document).await?,
            description: input.description.filter(|text| !text.is_empty()),
            max_session_seconds: trust::session_seconds(input.max_session_duration),
            name: input.role_name,
            ..record::Role::default()
        };
        let given = tags::checked(input.tags.unwrap_or_default())?;
        tags::set(&mut role.tags, given)?;
        rows::room::<Roles>(cx, "RolesPerAccount", MAX_ROLES).await?;
        if let Some(arn) = &input.permissions_boundary {
            let entity = attachments::Entity::role(account, &role.name);
            attachments::set_boundary(cx, entity, &mut role.permissions_boundary, arn).await?;
        }
        cx.tx.put::<Roles>(&key, &role)?;
        principals::remember(&mut cx.tx, account, &Found::Role(account, role.clone()))?;
        Ok(CreateRoleOutput {
            role: Role::made(cx, &role).await?,
        })
    }
}
