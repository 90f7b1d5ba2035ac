use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, NoResource},
    context::Context,
    operation::Operation,
    secretsmanager::{
        Result, SecretsManager,
        entry::SecretListEntry,
        filters::{Filter, Filters},
        index::{self, Query, SortBy, SortOrder},
        page_token::{Listing, page_size},
    },
    shape::{Input, Output, Shape as _},
};

/// Secrets on a page when no number is asked for.
const PAGE: usize = 100;

/// Lists the secrets of the caller's account in a Region.
///
/// Pages are stable: whatever secrets come and go between two of them, no
/// other is left out or shown twice, sorted by name or by creation. The other
/// dates move, and secrets with them.
///
/// Source: Secrets Manager API Reference, ListSecrets.
pub struct ListSecrets;

/// Which secrets, in which order.
#[derive(Input)]
pub struct ListSecretsInput {
    /// Also those that are scheduled for deletion.
    pub include_planned_deletion: Option<bool>,
    /// Secrets on a page: 1 to 100, 100 when absent.
    #[shape(range(1, 100))]
    pub max_results: Option<i64>,
    /// Where the page begins: the `NextToken` of the page before.
    #[shape(length(1, 4096), unrecorded)]
    pub next_token: Option<String>,
    /// What the secrets must have, up to 10 filters.
    #[shape(length(0, 10))]
    pub filters: Option<Vec<Filter>>,
    /// Which way to sort. AWS leaves the default open: here the newest dates
    /// come first, and names in their order.
    pub sort_order: Option<SortOrder>,
    /// What to sort by, `created-date` when absent.
    pub sort_by: Option<SortBy>,
}

/// One page.
#[derive(Output)]
pub struct ListSecretsOutput {
    /// The secrets. A page may be short, even empty, and have a next one.
    pub secret_list: Option<Vec<SecretListEntry>>,
    /// Asks for the next page, if there is one.
    pub next_token: Option<String>,
}

impl Operation for ListSecrets {
    const NAME: &'static str = "ListSecrets";
    const ACTION: &'static str = "secretsmanager:ListSecrets";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterException",
        "InvalidRequestException",
        "InvalidNextTokenException",
        "InternalServiceError",
    ];
    type Service = SecretsManager;
    type Input = ListSecretsInput;
    type Output = ListSecretsOutput;
    type Target = NoResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<NoResource> {
        Ok(NoResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<NoResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let home = cx.home();
        let tokens = &cx.services.secrets.page_tokens;
        let listing = Listing::new(Self::NAME, &home, input.record());
        let after = input
            .next_token
            .map(|token| tokens.read(&listing, &token))
            .transpose()?;
        let sort_by = input.sort_by.unwrap_or(SortBy::CreatedDate);
        let query = Query {
            filters: &Filters::new(input.filters)?,
            include_deleted: input.include_planned_deletion.unwrap_or(false),
            sort_by,
            sort_order: input.sort_order.unwrap_or(match sort_by {
                SortBy::Name => SortOrder::Asc,
                _ => SortOrder::Desc,
            }),
            after: after.as_ref(),
            limit: page_size(input.max_results, PAGE),
        };
        let (secrets, next) = index::list(cx, &query).await?;
        let entries = secrets
            .into_iter()
            .map(|secret| SecretListEntry::of(secret, &home));
        Ok(ListSecretsOutput {
            secret_list: Some(entries.collect()),
            next_token: next.map(|next| tokens.write(&listing, &next)),
        })
    }
}
