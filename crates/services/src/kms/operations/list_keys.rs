use strongroom_store::Mode;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    kms::{Kms, error::Result, pages::Page},
    operation::Operation,
    shape::{Input, Output, enumeration},
    tables::KmsKeys,
};

/// Lists the keys of an account and Region.
///
/// Source: KMS API Reference, ListKeys.
pub struct ListKeys;

/// What is asked.
#[derive(Input)]
pub struct ListKeysInput {
    /// Items of a page.
    #[shape(range(1, 1000))]
    pub limit: Option<i64>,
    /// Where the list goes on.
    #[shape(length(1, 1024), pattern(r"[\u0020-\u00FF]*"))]
    pub marker: Option<String>,
    /// Whose keys: `SELF`, or those shared through RAM, of which there are none.
    #[shape(length(1, 2))]
    pub resource_owners: Option<Vec<ResourceOwner>>,
}

/// What is answered.
#[derive(Output)]
pub struct ListKeysOutput {
    /// Their ids and ARNs.
    pub keys: Option<Vec<KeyListEntry>>,
    /// Where the list goes on, if it does.
    #[shape(unrecorded)]
    pub next_marker: Option<String>,
    /// Whether it does.
    pub truncated: Option<bool>,
}

enumeration! {
    /// Whose keys to list.
    pub enum ResourceOwner { Own = "SELF", Shared = "OTHER_ACCOUNTS_VIA_RAM" }
}

/// A key of the list.
#[derive(Output)]
pub struct KeyListEntry {
    /// Its id.
    pub key_id: Option<String>,
    /// Its ARN.
    pub key_arn: Option<String>,
}

impl Operation for ListKeys {
    const NAME: &'static str = "ListKeys";
    const ACTION: &'static str = "kms:ListKeys";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "DependencyTimeoutException",
        "KMSInternalException",
        "InvalidMarkerException",
    ];
    type Service = Kms;
    type Input = ListKeysInput;
    type Output = ListKeysOutput;
    type Target = AnyResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<AnyResource> {
        Ok(AnyResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<AnyResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let home = cx.home();
        let marker = input.marker.as_deref();
        let page = Page::of(cx, Self::NAME, &[], input.limit, 1000, marker)?;
        let owners = input.resource_owners.unwrap_or_default();
        if !owners.is_empty() && !owners.contains(&ResourceOwner::Own) {
            return Ok(ListKeysOutput {
                keys: Some(Vec::new()),
                next_marker: None,
                truncated: Some(false),
            });
        }
        let after = page
            .after
            .as_ref()
            .map(|id| (home.account, home.region, id.clone()));
        let prefix = (home.account, home.region);
        let rows = cx
            .tx
            .range::<KmsKeys>(prefix, after.as_ref(), page.limit + 1)
            .await?;
        let mut ids: Vec<String> = rows.into_iter().map(|((.., id), _)| id).collect();
        let next = page.cut(cx, &mut ids, Clone::clone);
        let keys = ids.into_iter().map(|id| KeyListEntry {
            key_arn: Some(home.arn("kms", format_args!("key/{id}")).to_string()),
            key_id: Some(id),
        });
        Ok(ListKeysOutput {
            keys: Some(keys.collect()),
            truncated: Some(next.is_some()),
            next_marker: next,
        })
    }
}
