use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Error, Lambda, Result,
        aliases::{self, AliasConfiguration},
        arguments::{NotOffered, refuse},
        function::FunctionRef,
        qualifier::Qualifier,
        record::FunctionAlias,
    },
    operation::Operation,
    protocol::Http,
    shape::Input,
    tables::FunctionAliases,
};

/// Gives a version of a function a name.
///
/// Source: Lambda API Reference, CreateAlias.
pub struct CreateAlias;

/// The alias.
#[derive(Input)]
pub struct CreateAliasInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 140))]
    pub function_name: String,
    /// The alias, which is no number.
    #[shape(length(1, 128))]
    pub name: String,
    /// The version that it stands for.
    #[shape(length(1, 1024), pattern(r"(\$LATEST(\.PUBLISHED)?|[0-9]+)"))]
    pub function_version: String,
    /// Up to 256 characters.
    #[shape(length(0, 256))]
    pub description: Option<String>,
    /// Not offered: an alias stands for one version.
    pub routing_config: Option<NotOffered>,
}

impl Operation for CreateAlias {
    const NAME: &'static str = "CreateAlias";
    const EVENT: &'static str = "CreateAlias20150331";
    const ACTION: &'static str = "lambda:CreateAlias";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ResourceConflictException",
        "ServiceException",
        "ResourceNotFoundException",
    ];
    const HTTP: Option<Http> = Some(Http::new(
        "POST",
        "/2015-03-31/functions/{FunctionName}/aliases",
        201,
    ));
    type Service = Lambda;
    type Input = CreateAliasInput;
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
        function.of_a_user()?;
        refuse(&[("RoutingConfig", NotOffered::is_asked(&input.routing_config))])?;
        aliases::check_name(&input.name)?;
        let key = function.alias_key(&input.name);
        if cx.tx.get::<FunctionAliases>(&key).await?.is_some() {
            let arn = function.qualified(&Qualifier::Alias(input.name));
            return Err(Error::ResourceConflict(
                format!("Alias already exists: {arn}").into(),
            ));
        }
        let alias = FunctionAlias {
            name: input.name,
            version: function.version(cx, &input.function_version).await?,
            description: input.description.unwrap_or_default(),
            ..FunctionAlias::default()
        };
        let alias = aliases::put(cx, &function, alias)?;
        Ok(AliasConfiguration::of(&function, alias))
    }
}
