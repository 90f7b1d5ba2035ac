use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{Error, Lambda, Result, function::FunctionRef, revision},
    operation::Operation,
    protocol::{Http, Member},
    shape::{Input, Nothing},
};

/// Removes a statement from a function's resource policy.
///
/// Source: Lambda API Reference, RemovePermission.
pub struct RemovePermission;

/// Which statement.
#[derive(Input)]
pub struct RemovePermissionInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 256))]
    pub function_name: String,
    /// The statement.
    #[shape(length(1, 100), pattern(r"([a-zA-Z0-9-_.]+)"))]
    pub statement_id: String,
    /// A version or an alias, which has a policy of its own.
    #[shape(length(1, 128))]
    pub qualifier: Option<String>,
    /// What the caller thinks is the function's revision.
    pub revision_id: Option<String>,
}

impl Operation for RemovePermission {
    const NAME: &'static str = "RemovePermission";
    const EVENT: &'static str = "RemovePermission20150331v2";
    const ACTION: &'static str = "lambda:RemovePermission";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
        "PreconditionFailedException",
    ];
    const HTTP: Option<Http> = Some(Http {
        query: &[
            Member {
                at: "Qualifier",
                member: "Qualifier",
            },
            Member {
                at: "RevisionId",
                member: "RevisionId",
            },
        ],
        ..Http::new(
            "DELETE",
            "/2015-03-31/functions/{FunctionName}/policy/{StatementId}",
            204,
        )
    });
    type Service = Lambda;
    type Input = RemovePermissionInput;
    type Output = Nothing;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, input.qualifier.as_deref()).await
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<Nothing> {
        let (function, mut holder) = function.policy_holder()?;
        revision(holder.revision(), input.revision_id.as_deref())?;
        let before = holder.statements().len();
        holder
            .statements()
            .retain(|statement| statement.id != input.statement_id);
        if holder.statements().len() == before {
            return Err(Error::ResourceNotFound(
                format!(
                    "Statement {} is not found in resource policy.",
                    input.statement_id
                )
                .into(),
            ));
        }
        holder.put(cx, &function)?;
        Ok(Nothing)
    }
}
