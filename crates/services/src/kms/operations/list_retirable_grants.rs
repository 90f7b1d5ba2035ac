use strongroom_store::Mode;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    kms::{
        Kms,
        arguments::GrantListEntry,
        error::{Error, Result},
        grants,
        pages::Page,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the grants that a principal may retire, of any account's keys in the Region.
///
/// Source: KMS API Reference, ListRetirableGrants.
pub struct ListRetirableGrants;

/// What is asked.
#[derive(Input)]
pub struct ListRetirableGrantsInput {
    /// Items of a page.
    #[shape(range(1, 1000))]
    pub limit: Option<i64>,
    /// Where the list goes on.
    #[shape(length(1, 1024), pattern(r"[\u0020-\u00FF]*"))]
    pub marker: Option<String>,
    /// Who may retire the grant: an ARN.
    #[shape(length(1, 256), pattern(r"^[\w+=,.@:/-]+$"))]
    pub retiring_principal: Option<String>,
    /// The service that may retire the grant.
    #[shape(
        length(1, 128),
        pattern(r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$")
    )]
    pub retiring_service_principal: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct ListRetirableGrantsOutput {
    /// The grants.
    pub grants: Option<Vec<GrantListEntry>>,
    /// Where the list goes on, if it does.
    #[shape(unrecorded)]
    pub next_marker: Option<String>,
    /// Whether it does.
    pub truncated: Option<bool>,
}

impl Operation for ListRetirableGrants {
    const NAME: &'static str = "ListRetirableGrants";
    const ACTION: &'static str = "kms:ListRetirableGrants";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "DependencyTimeoutException",
        "InvalidMarkerException",
        "InvalidArnException",
        "NotFoundException",
        "KMSInternalException",
    ];
    type Service = Kms;
    type Input = ListRetirableGrantsInput;
    type Output = ListRetirableGrantsOutput;
    type Target = AnyResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<AnyResource> {
        Ok(AnyResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<AnyResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let retiring = match (input.retiring_principal, input.retiring_service_principal) {
            (Some(arn), None) => {
                grants::check_principal(&arn)?;
                arn
            }
            (None, Some(service)) => service,
            (None, None) | (Some(_), Some(_)) => {
                return Err(Error::validation(
                    "Exactly one of RetiringPrincipal and RetiringServicePrincipal must be given.",
                ));
            }
        };
        let narrowed = [Some(retiring.as_str())];
        let marker = input.marker.as_deref();
        let page = Page::of(cx, Self::NAME, &narrowed, input.limit, 100, marker)?;
        let mut found =
            grants::retirable(cx, &retiring, page.after.as_deref(), page.limit + 1).await?;
        let next = page.cut(cx, &mut found, |found| found.marker.clone());
        let entries = found
            .into_iter()
            .map(|found| grants::entry(&found.key, found.id, found.grant));
        Ok(ListRetirableGrantsOutput {
            grants: Some(entries.collect()),
            truncated: Some(next.is_some()),
            next_marker: next,
        })
    }
}
