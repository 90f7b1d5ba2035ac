use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Lambda, Result, UPLOAD_BYTES,
        arguments::{Code, NotOffered, refuse},
        configuration::{FunctionConfiguration, architecture},
        function::FunctionRef,
        revision, versions,
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
    pub s3_object_storage_mode: Option<String>,
    /// Not offered.
    pub image_uri: Option<String>,
    /// Whether to publish the function as a version too.
    pub publish: Option<bool>,
    /// Not offered.
    pub publish_to: Option<String>,
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
    const EVENT: &'static str = "UpdateFunctionCode20150331v2";
    const ACTION: &'static str = "lambda:UpdateFunctionCode";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
        "PreconditionFailedException",
    ];
    const HTTP: Option<Http> = Some(Http {
        body_bytes: Some(UPLOAD_BYTES),
        ..Http::new("PUT", "/2015-03-31/functions/{FunctionName}/code", 200)
    });
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
        revision(&row.revision_id, input.revision_id.as_deref())?;
        refuse(&[
            ("PublishTo", input.publish_to.is_some()),
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
            s3_object_storage_mode: input.s3_object_storage_mode,
            image_uri: input.image_uri,
            source_kms_key_arn: input.source_kms_key_arn,
        };
        let zip = code.zip()?;
        if input.dry_run == Some(true) {
            return Ok(FunctionConfiguration::custom(&row, function.arn));
        }
        let row = versions::put(cx, &function, row, Some(zip)).await?;
        if input.publish == Some(true) {
            let version = versions::publish(cx, &function, row, None).await?;
            return Ok(FunctionConfiguration::version(&function, &version));
        }
        Ok(FunctionConfiguration::custom(&row, function.arn))
    }
}
