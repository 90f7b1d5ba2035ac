use serde_json::{Map, Value, json};
use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::Mode;

use super::get_function::QUALIFIER;
use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Error, Lambda, Result, function::FunctionRef, policy::document, record::Statement, revision,
    },
    operation::Operation,
    protocol::Http,
    shape::{Input, Output},
};

/// The longest resource policy, in bytes.
///
/// Source: Lambda quotas, "Function resource-based policy".
const POLICY_BYTES: usize = 20_480;

/// Adds a statement to a function's resource policy.
///
/// Source: Lambda API Reference, AddPermission.
pub struct AddPermission;

/// The statement.
#[derive(Input)]
pub struct AddPermissionInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 256))]
    pub function_name: String,
    /// Tells it from others.
    #[shape(length(1, 100), pattern(r"([a-zA-Z0-9-_]+)"))]
    pub statement_id: String,
    /// `lambda:InvokeFunction`
    #[shape(pattern(r"(lambda:[*]|lambda:[a-zA-Z]+|[*])"))]
    pub action: String,
    /// A service, an account or an ARN.
    #[shape(pattern(r"[^\s]+"))]
    pub principal: String,
    /// The value that `aws:SourceArn` must be like.
    pub source_arn: Option<String>,
    /// The value that `aws:SourceAccount` must have.
    #[shape(length(0, 12), pattern(r"\d{12}"))]
    pub source_account: Option<String>,
    /// The organization that the principal must be of.
    #[shape(name = "PrincipalOrgID", length(12, 34), pattern(r"o-[a-z0-9]{10,32}"))]
    pub principal_org_id: Option<String>,
    /// A version or an alias, which has a policy of its own.
    #[shape(length(1, 128))]
    pub qualifier: Option<String>,
    /// What the caller thinks is the function's revision.
    pub revision_id: Option<String>,
    /// Not offered: functions have no URLs here.
    pub function_url_auth_type: Option<String>,
    /// Not offered.
    pub event_source_token: Option<String>,
    /// Not offered.
    pub invoked_via_function_url: Option<bool>,
}

/// The statement as it is now.
#[derive(Output)]
pub struct AddPermissionOutput {
    /// JSON.
    pub statement: Option<String>,
}

impl Operation for AddPermission {
    const NAME: &'static str = "AddPermission";
    const EVENT: &'static str = "AddPermission20150331v2";
    const ACTION: &'static str = "lambda:AddPermission";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ResourceConflictException",
        "ServiceException",
        "PolicyLengthExceededException",
        "ResourceNotFoundException",
        "PreconditionFailedException",
    ];
    const HTTP: Option<Http> = Some(Http {
        query: QUALIFIER,
        ..Http::new("POST", "/2015-03-31/functions/{FunctionName}/policy", 201)
    });
    type Service = Lambda;
    type Input = AddPermissionInput;
    type Output = AddPermissionOutput;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, input.qualifier.as_deref()).await
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<AddPermissionOutput> {
        let (function, mut holder) = function.policy_holder()?;
        revision(holder.revision(), input.revision_id.as_deref())?;
        crate::lambda::arguments::refuse(&[
            (
                "FunctionUrlAuthType",
                input.function_url_auth_type.is_some(),
            ),
            ("EventSourceToken", input.event_source_token.is_some()),
            (
                "InvokedViaFunctionUrl",
                input.invoked_via_function_url.is_some(),
            ),
        ])?;
        if holder
            .statements()
            .iter()
            .any(|known| known.id == input.statement_id)
        {
            return Err(Error::ResourceConflict(
                format!(
                    "The statement id ({}) provided already exists. Please provide a new \
                     statement id, or remove the existing statement.",
                    input.statement_id
                )
                .into(),
            ));
        }
        let json = statement(&input, &function).to_string();
        holder.statements().push(Statement {
            id: input.statement_id,
            json: json.clone(),
        });
        let document = document(holder.statements()).unwrap_or_default();
        if document.len() > POLICY_BYTES {
            return Err(Error::PolicyLengthExceeded(
                format!(
                    "The final policy size ({}) is bigger than the limit ({POLICY_BYTES}).",
                    document.len()
                )
                .into(),
            ));
        }
        if Policy::parse(&document, PolicyKind::Resource).is_err() {
            return Err(Error::InvalidParameterValue(
                "The provided principal was invalid. Please check the principal and try again."
                    .into(),
            ));
        }
        holder.put(cx, &function)?;
        Ok(AddPermissionOutput {
            statement: Some(json),
        })
    }
}

fn statement(input: &AddPermissionInput, function: &FunctionRef) -> Value {
    let principal = input.principal.as_str();
    let who = if principal == "*" {
        json!("*")
    } else if principal.ends_with(".amazonaws.com") {
        json!({"Service": principal})
    } else if principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit()) {
        let partition = function.home.partition.as_str();
        json!({"AWS": format!("arn:{partition}:iam::{principal}:root")})
    } else {
        json!({"AWS": principal})
    };
    let mut conditions = Map::new();
    if let Some(account) = &input.source_account {
        conditions.insert(
            "StringEquals".to_owned(),
            json!({"AWS:SourceAccount": account}),
        );
    }
    if let Some(arn) = &input.source_arn {
        conditions.insert("ArnLike".to_owned(), json!({"AWS:SourceArn": arn}));
    }
    if let Some(organization) = &input.principal_org_id {
        let equals = conditions
            .entry("StringEquals")
            .or_insert_with(|| json!({}));
        if let Some(equals) = equals.as_object_mut() {
            equals.insert("aws:PrincipalOrgID".to_owned(), json!(organization));
        }
    }
    let mut statement = json!({
        "Sid": input.statement_id, "Effect": "Allow", "Principal": who,
        "Action": input.action, "Resource": function.arn.as_str(),
    });
    if let (false, Some(members)) = (conditions.is_empty(), statement.as_object_mut()) {
        members.insert("Condition".to_owned(), Value::Object(conditions));
    }
    statement
}
