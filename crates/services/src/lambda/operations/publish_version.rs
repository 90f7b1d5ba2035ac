use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Error, Lambda, Result,
        arguments::refuse,
        configuration::{FunctionConfiguration, base64},
        function::FunctionRef,
        revision, versions,
    },
    operation::Operation,
    protocol::Http,
    shape::Input,
};

/// Makes a copy of a function that never changes.
///
/// Source: Lambda API Reference, PublishVersion.
pub struct PublishVersion;

/// Which function.
#[derive(Input)]
pub struct PublishVersionInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 140))]
    pub function_name: String,
    /// What the caller thinks is the digest of its archive.
    pub code_sha256: Option<String>,
    /// The version's, the function's when absent.
    #[shape(length(0, 256))]
    pub description: Option<String>,
    /// What the caller thinks is the function's revision.
    pub revision_id: Option<String>,
    /// Not offered.
    pub publish_to: Option<String>,
}

impl Operation for PublishVersion {
    const NAME: &'static str = "PublishVersion";
    const EVENT: &'static str = "PublishVersion20150331";
    const ACTION: &'static str = "lambda:PublishVersion";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ResourceConflictException",
        "ServiceException",
        "ResourceNotFoundException",
        "PreconditionFailedException",
    ];
    const HTTP: Option<Http> = Some(Http::new(
        "POST",
        "/2015-03-31/functions/{FunctionName}/versions",
        201,
    ));
    type Service = Lambda;
    type Input = PublishVersionInput;
    type Output = FunctionConfiguration;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, None).await
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<FunctionConfiguration> {
        let (function, row) = function.changeable()?;
        refuse(&[("PublishTo", input.publish_to.is_some())])?;
        revision(&row.revision_id, input.revision_id.as_deref())?;
        let digest = base64(&row.code);
        if let Some(given) = input.code_sha256.filter(|given| *given != digest) {
            return Err(Error::InvalidParameterValue(
                format!(
                    "CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST \
                     ({digest}). Please try again with the CodeSHA256 in $LATEST."
                )
                .into(),
            ));
        }
        let version = versions::publish(cx, &function, row, input.description).await?;
        Ok(FunctionConfiguration::version(&function, &version))
    }
}
