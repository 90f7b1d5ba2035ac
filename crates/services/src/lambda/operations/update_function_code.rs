use strongroom_store::Mode;
use strongroom_types::Sensitive;

use super::create_function::put;
use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Lambda, Result,
        arguments::{Code, NotOffered, refuse},
        configuration::{FunctionConfiguration, architecture},
        function::FunctionRef,
        revision,
    },
    operation::Operation,
    protocol::Http,
    shape::{Blob, Input},
};

/// Gives a function another archive.
///
/// Source: Lambda API Reference, UpdateFunctionCode.
pub struct UpdateFunctionCode;

/// The archive.
#[derive(Input)]
pub struct UpdateFunctionCodeInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 140))]
    pub function_name: String,
    /// The archive.
    pub zip_file: Option<Sensitive<Blob>>,
    /// Not offered: there is no S3 here.
    pub s3_bucket: Option<String>,
    /// Not offered.
    pub s3_key: Option<String>,
    /// Not offered.
    pub s3_object_version: Option<String>,
    /// Not offered.
    pub image_uri: Option<String>,
    /// Not offered: there are no versions but the newest.
    pub publish: Option<bool>,
    /// Whether only to check the request.
    pub dry_run: Option<bool>,
    /// What the caller thinks is the function's revision.
    pub revision_id: Option<String>,
    /// The machine's own.
    pub architectures: Option<Vec<String>>,
    /// Not offered.
    #[shape(name = "SourceKMSKeyArn")]
    pub source_kms_key_arn: Option<NotOffered>,
}

impl Operation for UpdateFunctionCode {
    const NAME: &'static str = "UpdateFunctionCode";
    const ACTION: &'static str = "lambda:UpdateFunctionCode";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
        "PreconditionFailedException",
    ];
    const HTTP: Option<Http> = Some(Http::new(
        "PUT",
        "/2015-03-31/functions/{FunctionName}/code",
        200,
    ));
    type Service = Lambda;
    type Input = UpdateFunctionCodeInput;
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
        revision(&row, input.revision_id.as_deref())?;
        refuse(&[
            ("Publish", input.publish == Some(true)),
            ("SourceKMSKeyArn", input.source_kms_key_arn.is_some()),
            (
                "The architecture",
                input
                    .architectures
                    .is_some_and(|all| all != [architecture()]),
            ),
        ])?;
        let code = Code {
            zip_file: input.zip_file,
            s3_bucket: input.s3_bucket,
            s3_key: input.s3_key,
            s3_object_version: input.s3_object_version,
            image_uri: input.image_uri,
        };
        let zip = code.zip()?;
        let row = if input.dry_run == Some(true) {
            row
        } else {
            put(cx, &function, row, Some(zip))?
        };
        Ok(FunctionConfiguration::custom(&row, function.arn))
    }
}
