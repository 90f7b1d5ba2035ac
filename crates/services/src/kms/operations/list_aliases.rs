use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    kms::{Kms, aliases, arguments::time, error::Result, key, pages::Page, record},
    operation::Operation,
    shape::{Input, Output},
    tables::KmsAliases,
};

/// Lists the aliases of an account and Region, or of one key.
///
/// Source: KMS API Reference, ListAliases.
pub struct ListAliases;

/// What is asked.
#[derive(Input)]
pub struct ListAliasesInput {
    /// The key whose aliases are wanted; absent for all.
    #[shape(length(1, 2048))]
    pub key_id: Option<String>,
    /// Items of a page.
    #[shape(range(1, 1000))]
    pub limit: Option<i64>,
    /// Where the list goes on.
    #[shape(length(1, 1024), pattern(r"[\u0020-\u00FF]*"))]
    pub marker: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct ListAliasesOutput {
    /// The aliases.
    pub aliases: Option<Vec<AliasListEntry>>,
    /// Where the list goes on, if it does.
    #[shape(unrecorded)]
    pub next_marker: Option<String>,
    /// Whether it does.
    pub truncated: Option<bool>,
}

/// An alias of the list.
#[derive(Output)]
pub struct AliasListEntry {
    /// Its name.
    pub alias_name: Option<String>,
    /// Its ARN.
    pub alias_arn: Option<String>,
    /// The id of its key; absent where AWS's own key was never used.
    pub target_key_id: Option<String>,
    /// When it was made.
    pub creation_date: Option<Timestamp>,
    /// When it came to stand for its key.
    pub last_updated_date: Option<Timestamp>,
}

/// An alias' name and its row, if it has one.
type Found = (String, Option<record::Alias>);

impl Operation for ListAliases {
    const NAME: &'static str = "ListAliases";
    const ACTION: &'static str = "kms:ListAliases";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "DependencyTimeoutException",
        "InvalidMarkerException",
        "KMSInternalException",
        "InvalidArnException",
        "NotFoundException",
    ];
    type Service = Kms;
    type Input = ListAliasesInput;
    type Output = ListAliasesOutput;
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
        let narrowed = [input.key_id.as_deref()];
        let marker = input.marker.as_deref();
        let page = Page::of(cx, Self::NAME, &narrowed, input.limit, 100, marker)?;
        let mut found = match &input.key_id {
            None => of_account(cx, &page).await?,
            Some(key_id) => of_key(cx, &page, key_id).await?,
        };
        let next = page.cut(cx, &mut found, |(name, _)| name.clone());
        let aliases = found.into_iter().map(|(name, alias)| AliasListEntry {
            alias_arn: Some(home.arn("kms", format_args!("{name}")).to_string()),
            alias_name: Some(name),
            creation_date: alias.as_ref().and_then(|alias| time(alias.created_ms)),
            last_updated_date: alias
                .as_ref()
                .and_then(|alias| time(alias.created_ms.max(alias.updated_ms))),
            target_key_id: alias.map(|alias| alias.target_key_id),
        });
        Ok(ListAliasesOutput {
            aliases: Some(aliases.collect()),
            truncated: Some(next.is_some()),
            next_marker: next,
        })
    }
}

/// One more than the page holds, with AWS's own aliases in their places.
async fn of_account(cx: &mut Context<'_>, page: &Page) -> Result<Vec<Found>> {
    let home = cx.home();
    let after = page
        .after
        .as_ref()
        .map(|name| (home.account, home.region, name.clone()));
    let prefix = (home.account, home.region);
    let rows = cx
        .tx
        .range::<KmsAliases>(prefix, after.as_ref(), page.limit + 1)
        .await?;
    let mut found: Vec<Found> = rows
        .into_iter()
        .map(|((.., name), alias)| (name, Some(alias)))
        .collect();
    let complete = found.len() <= page.limit;
    for name in aliases::PREDEFINED {
        let is_on_page = page.after.as_deref().is_none_or(|after| *name > after)
            && (complete || found.last().is_some_and(|(last, _)| *name < last.as_str()));
        if is_on_page && found.iter().all(|(known, _)| known != name) {
            found.push(((*name).to_owned(), None));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

/// The aliases of one key, from the page's beginning.
async fn of_key(cx: &mut Context<'_>, page: &Page, key_id: &str) -> Result<Vec<Found>> {
    let home = cx.home();
    let name = key::KeyName::parse(key_id, home)?;
    let key = name.find(cx).await?.filter(|key| key.home == home);
    let key = key.ok_or_else(|| name.missing())?;
    let mut names = key.row.aliases.clone();
    names.sort();
    let mut found = Vec::new();
    for name in names {
        if page.after.as_ref().is_none_or(|after| name > *after) {
            let row = (home.account, home.region, name.clone());
            found.push((name, cx.tx.get::<KmsAliases>(&row).await?));
        }
    }
    Ok(found)
}
