use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::{GrantConstraints, end_dry_run},
        encryption_context,
        error::{Error, Result},
        grants,
        grants::GrantOperation,
        key::OpenKey,
        record,
        spec::KeySpec,
        state::Deed,
        target::{Forms, KeyRef},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lets somebody use a key, for some operations and as long as nobody ends it.
///
/// Source: KMS API Reference, CreateGrant.
pub struct CreateGrant;

/// What is asked.
#[derive(Input)]
pub struct CreateGrantInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Who may use the key: an ARN.
    #[shape(length(1, 256), pattern(r"^[\w+=,.@:/-]+$"))]
    pub grantee_principal: Option<String>,
    /// Who may retire the grant: an ARN.
    #[shape(length(1, 256), pattern(r"^[\w+=,.@:/-]+$"))]
    pub retiring_principal: Option<String>,
    /// What the grantee may do.
    pub operations: Vec<GrantOperation>,
    /// What binds the grant to encryption contexts.
    pub constraints: Option<GrantConstraints>,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
    /// A friendly name, which makes a repeated call harmless.
    #[shape(length(1, 256), pattern(r"^[a-zA-Z0-9:/_-]+$"))]
    pub name: Option<String>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
    /// The service that may use the key.
    #[shape(
        length(1, 128),
        pattern(r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$")
    )]
    pub grantee_service_principal: Option<String>,
    /// The service that may retire the grant.
    #[shape(
        length(1, 128),
        pattern(r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$")
    )]
    pub retiring_service_principal: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct CreateGrantOutput {
    /// A token of the grant.
    #[shape(unrecorded)]
    pub grant_token: Option<String>,
    /// The grant's id.
    pub grant_id: Option<String>,
}

/// Pairs of a constraint.
const MAX_PAIRS: usize = 8;
/// Characters of a key or a value in a constraint.
const MAX_CHARACTERS: usize = 384;

impl Operation for CreateGrant {
    const NAME: &'static str = "CreateGrant";
    const ACTION: &'static str = "kms:CreateGrant";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DisabledException",
        "DependencyTimeoutException",
        "InvalidArnException",
        "KMSInternalException",
        "InvalidGrantTokenException",
        "LimitExceededException",
        "KMSInvalidStateException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = CreateGrantInput;
    type Output = CreateGrantOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        let found = KeyRef::resolve(cx, &input.key_id, Forms::KeyOnly).await?;
        let found = found
            .with_grants(cx, input.grant_tokens.as_deref(), None)
            .await?;
        Ok(found.asking(grant_of(cx, input)?))
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.many(
            "kms:GrantOperations",
            input
                .operations
                .iter()
                .map(|it| it.as_str().to_owned())
                .collect(),
        );
        keys.some("kms:GranteePrincipal", input.grantee_principal.as_ref());
        keys.some("kms:RetiringPrincipal", input.retiring_principal.as_ref());
        keys.one("kms:GrantIsForAWSResource", "false");
        if let Some(constraints) = &input.constraints {
            let (kind, context) = if constraints.encryption_context_equals.is_some() {
                (
                    "EncryptionContextEquals",
                    &constraints.encryption_context_equals,
                )
            } else {
                (
                    "EncryptionContextSubset",
                    &constraints.encryption_context_subset,
                )
            };
            if context.is_some() {
                keys.one("kms:GrantConstraintType", kind);
                encryption_context::condition_keys(context.as_ref(), keys);
            }
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.found()?.key;
        key.check(Deed::CreateGrant, cx.now)?;
        let mut grant = grant_of(cx, &input)?;
        if !grant.grantee_is_service {
            grant.grantee_id = grants::unique_id(cx, &grant.grantee).await?;
        }
        if !grant.retiring_is_service {
            grant.retiring_id = grants::unique_id(cx, &grant.retiring).await?;
        }
        check(&key, &input)?;
        end_dry_run(input.dry_run)?;
        let id = grants::add(cx, &key, &grant).await?;
        cx.remarks.response_elements = Some(json!({"grantId": id, "keyId": key.arn.as_str()}));
        Ok(CreateGrantOutput {
            grant_token: Some(grants::token(cx, &key, &id)),
            grant_id: Some(id),
        })
    }
}

/// The grant that a request asks for.
///
/// # Errors
/// `ValidationException`, `InvalidArnException`.
fn grant_of(cx: &Context<'_>, input: &CreateGrantInput) -> Result<record::Grant> {
    // The model has no least length; a grant of nothing is none.
    if input.operations.is_empty() {
        return Err(Error::validation(
            "1 validation error detected: Value '[]' at 'operations' failed to satisfy \
             constraint: Member must have length greater than or equal to 1",
        ));
    }
    let (grantee, grantee_is_service) =
        match (&input.grantee_principal, &input.grantee_service_principal) {
            (Some(arn), None) => (arn.clone(), false),
            (None, Some(service)) => (service.clone(), true),
            (None, None) | (Some(_), Some(_)) => {
                return Err(Error::validation(
                    "Exactly one of GranteePrincipal and GranteeServicePrincipal must be given.",
                ));
            }
        };
    let (retiring, retiring_is_service) =
        match (&input.retiring_principal, &input.retiring_service_principal) {
            (Some(arn), None) => (arn.clone(), false),
            (None, Some(service)) => (service.clone(), true),
            (None, None) => (String::new(), false),
            (Some(_), Some(_)) => {
                return Err(Error::validation(
                    "Only one of RetiringPrincipal and RetiringServicePrincipal can be given.",
                ));
            }
        };
    if !grantee_is_service {
        grants::check_principal(&grantee)?;
    }
    if !retiring_is_service && !retiring.is_empty() {
        grants::check_principal(&retiring)?;
    }
    let constraints = input.constraints.as_ref();
    let subset = constraints.and_then(|it| it.encryption_context_subset.clone());
    let equals = constraints.and_then(|it| it.encryption_context_equals.clone());
    let constraint = match (&subset, &equals) {
        (None, None) => record::Constraint::Unbound,
        (Some(_), None) => record::Constraint::Subset,
        (None, Some(_)) => record::Constraint::Equals,
        (Some(_), Some(_)) => {
            return Err(Error::validation(
                "Only one of EncryptionContextSubset and EncryptionContextEquals can be given.",
            ));
        }
    };
    Ok(record::Grant {
        grantee_id: String::new(),
        retiring_id: String::new(),
        created_ms: cx.now.as_millisecond(),
        grantee,
        grantee_is_service,
        retiring,
        retiring_is_service,
        operations: input
            .operations
            .iter()
            .map(|it| it.as_str().to_owned())
            .collect(),
        context_subset: subset.unwrap_or_default(),
        context_equals: equals.unwrap_or_default(),
        constraint: constraint.into(),
        name: input.name.clone().unwrap_or_default(),
        issuing_account: cx.request.caller.account.number(),
        source_arn: constraints
            .and_then(|it| it.source_arn.clone())
            .unwrap_or_default(),
    })
}

/// Whether the operations and the constraints suit the key.
///
/// # Errors
/// `ValidationException`.
fn check(key: &OpenKey, input: &CreateGrantInput) -> Result<()> {
    let unsuited = |operation: &&GrantOperation| !operation.suits(key.spec, key.usage);
    if let Some(operation) = input.operations.iter().find(unsuited) {
        return Err(Error::validation(format!(
            "Grant operation {} is not valid for a key of spec {} and usage {}.",
            operation.as_str(),
            key.spec.as_str(),
            key.usage.as_str(),
        )));
    }
    let constraints = input.constraints.iter().flat_map(|constraints| {
        [
            &constraints.encryption_context_subset,
            &constraints.encryption_context_equals,
        ]
    });
    for context in constraints.flatten() {
        if key.spec != KeySpec::SymmetricDefault {
            return Err(Error::validation(
                "Encryption context constraints need a symmetric encryption key.",
            ));
        }
        let long = |text: &String| text.chars().count() > MAX_CHARACTERS;
        if context.len() > MAX_PAIRS || context.iter().any(|(key, value)| long(key) || long(value))
        {
            return Err(Error::validation(format!(
                "An encryption context constraint has at most {MAX_PAIRS} pairs, of at most \
                 {MAX_CHARACTERS} characters each."
            )));
        }
    }
    Ok(())
}
