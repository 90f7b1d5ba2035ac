use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::GrantListEntry,
        error::Result,
        grants,
        pages::Page,
        record,
        target::{Forms, KeyRef},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the grants of a key.
///
/// Source: KMS API Reference, ListGrants.
pub struct ListGrants;

/// What is asked.
#[derive(Input)]
pub struct ListGrantsInput {
    /// Items of a page.
    #[shape(range(1, 1000))]
    pub limit: Option<i64>,
    /// Where the list goes on.
    #[shape(length(1, 1024), pattern(r"[\u0020-\u00FF]*"))]
    pub marker: Option<String>,
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// The one grant that is wanted.
    #[shape(length(1, 128))]
    pub grant_id: Option<String>,
    /// Who may use the key: an ARN.
    #[shape(length(1, 256), pattern(r"^[\w+=,.@:/-]+$"))]
    pub grantee_principal: Option<String>,
    /// The service that may use the key.
    #[shape(
        length(1, 128),
        pattern(r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$")
    )]
    pub grantee_service_principal: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct ListGrantsOutput {
    /// The grants.
    pub grants: Option<Vec<GrantListEntry>>,
    /// Where the list goes on, if it does.
    #[shape(unrecorded)]
    pub next_marker: Option<String>,
    /// Whether it does.
    pub truncated: Option<bool>,
}

impl Operation for ListGrants {
    const NAME: &'static str = "ListGrants";
    const ACTION: &'static str = "kms:ListGrants";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DependencyTimeoutException",
        "InvalidMarkerException",
        "InvalidGrantIdException",
        "InvalidArnException",
        "KMSInternalException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = ListGrantsInput;
    type Output = ListGrantsOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::resolve(cx, &input.key_id, Forms::KeyOnly).await
    }

    fn condition_keys(_: &Self::Input, keys: &mut Keys) {
        keys.one("kms:GrantIsForAWSResource", "false");
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.found()?.key;
        let arn = key.arn.to_string();
        let narrowed = [
            Some(arn.as_str()),
            input.grant_id.as_deref(),
            input.grantee_principal.as_deref(),
            input.grantee_service_principal.as_deref(),
        ];
        let marker = input.marker.as_deref();
        let page = Page::of(cx, Self::NAME, &narrowed, input.limit, 100, marker)?;
        let mut found = Vec::new();
        let mut after = page.after.clone();
        while found.len() <= page.limit {
            let rows = grants::after(cx, &key, after.as_deref(), page.limit + 1).await?;
            let Some((last, _)) = rows.last() else { break };
            after = Some(last.clone());
            found.extend(
                rows.into_iter()
                    .filter(|(id, grant)| is_wanted(&input, id, grant)),
            );
        }
        found.truncate(page.limit + 1);
        let next = page.cut(cx, &mut found, |(id, _)| id.clone());
        let entries = found
            .into_iter()
            .map(|(id, grant)| grants::entry(&key.arn, id, grant));
        Ok(ListGrantsOutput {
            grants: Some(entries.collect()),
            truncated: Some(next.is_some()),
            next_marker: next,
        })
    }
}

fn is_wanted(input: &ListGrantsInput, id: &str, grant: &record::Grant) -> bool {
    let same = |wanted: &Option<String>, is_service: bool| match wanted {
        None => true,
        Some(wanted) => grant.grantee_is_service == is_service && grant.grantee == *wanted,
    };
    input.grant_id.as_deref().is_none_or(|wanted| wanted == id)
        && same(&input.grantee_principal, false)
        && same(&input.grantee_service_principal, true)
}
