use strongroom_store::Mode;

use super::get_secret_value::{GetSecretValue, GetSecretValueInput, GetSecretValueOutput};
use crate::{
    authorize::{Authorized, NoResource},
    cloudtrail::Event,
    context::Context,
    operation::{self, Operation, ServiceError as _},
    secretsmanager::{
        Error, Result, SecretsManager,
        filters::{Filter, Filters},
        index::{self, Query, SortBy, SortOrder},
        page_token::{self, Listing, page_size},
    },
    shape::{Input, Output, Shape as _},
};

/// Secrets on a page when no number is asked for, and the most there are.
const PAGE: usize = 20;

/// Returns the current values of up to 20 secrets, decrypted.
///
/// Each secret is a GetSecretValue of its own: authorized, recorded, refused
/// for itself. What is wrong with one of them does not spoil the others.
///
/// Source: Secrets Manager API Reference, BatchGetSecretValue.
pub struct BatchGetSecretValue;

/// Which secrets: named, or found by filters.
#[derive(Input)]
pub struct BatchGetSecretValueInput {
    /// Up to 20 names, ARNs and partial ARNs.
    #[shape(length(1, 20), each(length(1, 2048)))]
    pub secret_id_list: Option<Vec<String>>,
    /// What the secrets must have, up to 10 filters.
    #[shape(length(0, 10))]
    pub filters: Option<Vec<Filter>>,
    /// Secrets on a page, only with filters: 1 to 20, 20 when absent.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
    /// Where the page begins: the `NextToken` of the page before.
    #[shape(length(1, 4096), unrecorded)]
    pub next_token: Option<String>,
}

/// The values, and what went wrong.
#[derive(Output)]
pub struct BatchGetSecretValueOutput {
    /// The values that could be read, each as GetSecretValue answers it.
    pub secret_values: Option<Vec<GetSecretValueOutput>>,
    /// Asks for the next page, if there is one.
    pub next_token: Option<String>,
    /// Why the others could not be read.
    pub errors: Option<Vec<ApiError>>,
}

/// Why one secret could not be read.
#[derive(Output)]
pub struct ApiError {
    /// The secret as it was asked for, its ARN if filters found it.
    pub secret_id: Option<String>,
    /// The exception that GetSecretValue would have answered.
    pub error_code: Option<String>,
    /// Its message.
    pub message: Option<String>,
}

impl Operation for BatchGetSecretValue {
    const NAME: &'static str = "BatchGetSecretValue";
    const ACTION: &'static str = "secretsmanager:BatchGetSecretValue";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InvalidParameterException",
        "InvalidRequestException",
        "DecryptionFailure",
        "InternalServiceError",
        "InvalidNextTokenException",
    ];
    type Service = SecretsManager;
    type Input = BatchGetSecretValueInput;
    type Output = BatchGetSecretValueOutput;
    type Target = NoResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<NoResource> {
        Ok(NoResource)
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        if input.filters.is_some() {
            &["secretsmanager:ListSecrets"]
        } else {
            &[]
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<NoResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (secret_ids, next_token) = chosen(cx, input).await?;
        let mut values = Vec::with_capacity(secret_ids.len());
        let mut errors = Vec::new();
        for secret_id in secret_ids {
            match get(cx, secret_id).await? {
                Ok(value) => values.push(value),
                Err(error) => errors.push(error),
            }
        }
        Ok(BatchGetSecretValueOutput {
            secret_values: Some(values),
            next_token,
            errors: Some(errors),
        })
    }
}

/// The secrets that are asked for, and the token of the next page.
async fn chosen(
    cx: &mut Context<'_>,
    input: BatchGetSecretValueInput,
) -> Result<(Vec<String>, Option<String>)> {
    let home = cx.home();
    let tokens = &cx.services.secrets.page_tokens;
    let listing = Listing::new(BatchGetSecretValue::NAME, &home, input.record());
    let filters = input.filters.filter(|filters| !filters.is_empty());
    let filters = match (input.secret_id_list, filters) {
        (None, Some(filters)) => Filters::new(Some(filters))?,
        (Some(_), None) if input.max_results.is_some() => {
            return Err(Error::InvalidParameter(
                "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is \
                 provided."
                    .into(),
            ));
        }
        // A list of ids is answered at once, so no token was ever given.
        (Some(_), None) if input.next_token.is_some() => return Err(page_token::invalid()),
        (Some(secret_ids), None) => return Ok((secret_ids, None)),
        (None, None) | (Some(_), Some(_)) => {
            return Err(Error::InvalidParameter(
                "Either 'SecretIdList' or 'Filters' must be provided, but not both.".into(),
            ));
        }
    };
    let after = input
        .next_token
        .map(|token| tokens.read(&listing, &token))
        .transpose()?;
    let query = Query {
        filters: &filters,
        include_deleted: false,
        sort_by: SortBy::CreatedDate,
        sort_order: SortOrder::Desc,
        after: after.as_ref(),
        limit: page_size(input.max_results, PAGE),
    };
    let (secrets, next) = index::list(cx, &query).await?;
    let arns = secrets
        .iter()
        .map(|secret| secret.arn(&home).to_string())
        .collect();
    Ok((arns, next.map(|next| tokens.write(&listing, &next))))
}

/// GetSecretValue of one secret. A refusal is part of the answer; a failure of
/// the store is one of the whole batch.
async fn get(
    cx: &mut Context<'_>,
    secret_id: String,
) -> Result<std::result::Result<GetSecretValueOutput, ApiError>> {
    let input = GetSecretValueInput {
        secret_id: secret_id.clone(),
        version_id: None,
        version_stage: None,
    };
    let mut event = Event::of::<GetSecretValue>();
    event.request_parameters = input.record().map(Into::into);
    // The record of a call comes before those of the keys it used.
    let place = cx.events.len();
    let owner = cx.remarks.owner.take();
    let answer = match operation::run::<GetSecretValue>(cx, input).await {
        Ok(value) => Ok(value),
        Err(error) if error.store_error().is_some() => return Err(error),
        Err(error) => {
            let refusal = error.refusal();
            event.fail(&refusal);
            Err(ApiError {
                secret_id: Some(secret_id),
                error_code: Some(refusal.code.to_owned()),
                message: Some(refusal.message.into_owned()),
            })
        }
    };
    event.owner = std::mem::replace(&mut cx.remarks.owner, owner);
    cx.events.insert(place, event);
    Ok(answer)
}
