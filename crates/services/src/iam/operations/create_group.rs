use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Error, Iam, Result, answers::Group, groups::MAX_GROUPS, names, place::Place, record, rows,
    },
    operation::Operation,
    shape::{Input, Output},
    tables::Groups,
};

/// Makes a group, without users and policies.
///
/// Source: IAM API Reference, CreateGroup.
pub struct CreateGroup;

/// What is asked.
#[derive(Input)]
pub struct CreateGroupInput {
    /// `/` or `/a/b/`; `/` when absent.
    #[shape(length(1, 512), pattern(r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"))]
    pub path: Option<String>,
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
}

/// The new group.
#[derive(Output)]
pub struct CreateGroupOutput {
    /// The group.
    pub group: Group,
}

impl Operation for CreateGroup {
    const NAME: &'static str = "CreateGroup";
    const ACTION: &'static str = "iam:CreateGroup";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "LimitExceededException",
        "EntityAlreadyExistsException",
        "NoSuchEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = CreateGroupInput;
    type Output = CreateGroupOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::new(
            cx,
            "group",
            input.path.as_deref(),
            &input.group_name,
        ))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = names::key(cx.request.caller.account, &input.group_name);
        if cx.tx.get::<Groups>(&key).await?.is_some() {
            return Err(Error::exists("Group", &input.group_name));
        }
        let group = record::Group {
            name: input.group_name,
            path: input.path.unwrap_or_else(|| names::ROOT.to_owned()),
            id: names::draw_id(cx.services.random.as_ref(), "AGPA"),
            created_ms: cx.now.as_millisecond(),
            ..record::Group::default()
        };
        rows::room::<Groups>(cx, "GroupsPerAccount", MAX_GROUPS).await?;
        cx.tx.put::<Groups>(&key, &group)?;
        Ok(CreateGroupOutput {
            group: Group::of(cx, &group),
        })
    }
}
