use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, account, pages::page, place::Place},
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the account's alias, if it has one.
///
/// Source: IAM API Reference, ListAccountAliases.
pub struct ListAccountAliases;

/// What is asked.
#[derive(Input)]
pub struct ListAccountAliasesInput {
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListAccountAliasesOutput {
    /// The alias.
    pub account_aliases: Vec<String>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListAccountAliases {
    const NAME: &'static str = "ListAccountAliases";
    const ACTION: &'static str = "iam:ListAccountAliases";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = ListAccountAliasesInput;
    type Output = ListAccountAliasesOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::account(cx))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let aliases: Vec<String> = account::own(cx).await?.alias.into_iter().collect();
        let marker = input.marker.as_deref();
        let page = page(aliases, String::clone, marker, input.max_items)?;
        Ok(ListAccountAliasesOutput {
            account_aliases: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
