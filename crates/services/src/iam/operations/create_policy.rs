use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Error, Iam, Result,
        answers::Policy,
        document, names,
        place::Place,
        policies::{MAX_POLICIES, Managed},
        record::{self, ManagedPolicy},
        rows,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
    tables::ManagedPolicies,
};

/// Makes a managed policy, whose first version is `v1`.
///
/// Source: IAM API Reference, CreatePolicy.
pub struct CreatePolicy;

/// What is asked.
#[derive(Input)]
pub struct CreatePolicyInput {
    /// The policy's name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
    /// `/` or `/a/b/`; `/` when absent.
    #[shape(length(1, 512), pattern(r"((/[A-Za-z0-9\.,\+@=_-]+)*)/"))]
    pub path: Option<String>,
    /// The JSON document.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy_document: String,
    /// Up to 1,000 characters.
    #[shape(length(0, 1000))]
    pub description: Option<String>,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Option<Vec<Tag>>,
}

/// The new policy.
#[derive(Output)]
pub struct CreatePolicyOutput {
    /// The policy.
    pub policy: Option<Policy>,
}

impl Operation for CreatePolicy {
    const NAME: &'static str = "CreatePolicy";
    const ACTION: &'static str = "iam:CreatePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidInputException",
        "LimitExceededException",
        "EntityAlreadyExistsException",
        "MalformedPolicyDocumentException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = CreatePolicyInput;
    type Output = CreatePolicyOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::new_policy(
            cx,
            input.path.as_deref(),
            &input.policy_name,
        ))
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        if let Some(tags) = &input.tags {
            tags::request_keys(tags, keys);
        }
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        match &input.tags {
            Some(tags) if !tags.is_empty() => &["iam:TagPolicy"],
            _ => &[],
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = names::key(cx.request.caller.account, &input.policy_name);
        if cx.tx.get::<ManagedPolicies>(&key).await?.is_some() {
            let name = &input.policy_name;
            return Err(Error::EntityAlreadyExists(
                format!("A policy called {name} already exists. Duplicate names are not allowed.")
                    .into(),
            ));
        }
        document::managed(&input.policy_document)?;
        let created_ms = cx.now.as_millisecond();
        let mut policy = ManagedPolicy {
            name: input.policy_name,
            path: input.path.unwrap_or_else(|| names::ROOT.to_owned()),
            id: names::draw_id(cx.services.random.as_ref(), "ANPA"),
            created_ms,
            updated_ms: created_ms,
            description: input.description.filter(|text| !text.is_empty()),
            versions: vec![record::PolicyVersion {
                number: 1,
                document: input.policy_document,
                created_ms,
            }],
            default_version: 1,
            last_version: 1,
            ..ManagedPolicy::default()
        };
        let given = tags::checked(input.tags.unwrap_or_default())?;
        tags::set(&mut policy.tags, given)?;
        rows::room::<ManagedPolicies>(cx, "PoliciesPerAccount", MAX_POLICIES).await?;
        cx.tx.put::<ManagedPolicies>(&key, &policy)?;
        let arn = names::own_arn(cx, "policy", &policy.path, &policy.name);
        Ok(CreatePolicyOutput {
            policy: Some(Policy::made(arn.as_str(), &Managed::Customer(policy))),
        })
    }
}
