use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Lambda, Result,
        aliases::{self, AliasConfiguration},
        arguments::{NotOffered, refuse},
        function::FunctionRef,
        revision,
    },
    operation::Operation,
    protocol::Http,
    shape::Input,
};

/// Moves an alias to another version, or describes it anew.
///
/// Source: Lambda API Reference, UpdateAlias.
pub struct UpdateAlias;

/// What is left out stays.
#[derive(Input)]
pub struct UpdateAliasInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 140))]
    pub function_name: String,
    /// The alias, which is no number.
    #[shape(length(1, 128))]
    pub name: String,
    /// The version that it stands for from now on.
    #[shape(length(1, 1024), pattern(r"(\$LATEST(\.PUBLISHED)?|[0-9]+)"))]
    pub function_version: Option<String>,
    /// Up to 256 characters.
    #[shape(length(0, 256))]
    pub description: Option<String>,
    /// Not offered: an alias stands for one version.
    pub routing_config: Option<NotOffered>,
    /// What the caller thinks is the alias's revision.
    pub revision_id: Option<String>,
}

impl Operation for UpdateAlias {
    const NAME: &'static str = "UpdateAlias";
    const EVENT: &'static str = "UpdateAlias20150331";
    const ACTION: &'static str = "lambda:UpdateAlias";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ResourceConflictException",
        "ServiceException",
        "ResourceNotFoundException",
        "PreconditionFailedException",
    ];
    const HTTP: Option<Http> = Some(Http::new(
        "PUT",
        "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
        200,
    ));
    type Service = Lambda;
    type Input = UpdateAliasInput;
    type Output = AliasConfiguration;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, None).await
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<AliasConfiguration> {
        let function = function.unqualified()?;
        refuse(&[("RoutingConfig", NotOffered::is_asked(&input.routing_config))])?;
        let mut alias = function.alias(cx, &input.name).await?;
        revision(&alias.revision_id, input.revision_id.as_deref())?;
        if let Some(version) = input.function_version {
            alias.version = function.version(cx, &version).await?;
        }
        alias.description = input.description.unwrap_or(alias.description);
        let alias = aliases::put(cx, &function, alias)?;
        Ok(AliasConfiguration::of(&function, alias))
    }
}
