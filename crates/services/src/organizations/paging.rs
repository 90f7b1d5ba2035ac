//! Pages of lists.

use serde_json::Value;

use super::error::{Error, Result};
use crate::{
    context::Context,
    secretsmanager::page_token::{self, Cursor, page_size},
};

/// Items on a page when no number is asked for, and at most.
const PAGE: usize = 20;

/// The list that a request asks for.
pub(super) struct Listing(page_token::Listing);

impl Listing {
    pub(super) fn of(operation: &str, cx: &Context<'_>, parameters: Option<Value>) -> Self {
        Self(page_token::Listing::new(operation, &cx.home(), parameters))
    }

    /// The page after `token`, and the token of the next one. Items come with
    /// the id that orders them.
    ///
    /// # Errors
    /// `InvalidInputException` for a token that was not given for this list.
    pub(super) fn page<T>(
        &self,
        cx: &Context<'_>,
        items: Vec<(String, T)>,
        token: Option<&str>,
        max_results: Option<i64>,
    ) -> Result<(Vec<T>, Option<String>)> {
        let (ids, mut items): (Vec<_>, Vec<_>) =
            items.into_iter().map(|(id, item)| (id, Some(item))).unzip();
        let (places, next) = self.choose(cx, ids, token, max_results)?;
        let chosen = places
            .into_iter()
            .filter_map(|place| items.get_mut(place)?.take())
            .collect();
        Ok((chosen, next))
    }

    /// The places of a page's items, whatever they are.
    fn choose(
        &self,
        cx: &Context<'_>,
        ids: Vec<String>,
        token: Option<&str>,
        max_results: Option<i64>,
    ) -> Result<(Vec<usize>, Option<String>)> {
        let mut ranked: Vec<(String, usize)> = ids.into_iter().zip(0..).collect();
        let tokens = cx.services.secrets.page_tokens();
        if let Some(token) = token {
            let after = tokens.read(&self.0, token).map_err(|_| {
                Error::invalid(
                    "INVALID_NEXT_TOKEN",
                    "You provided an invalid NextToken value.",
                )
            })?;
            ranked.retain(|(id, _)| *id > after.name);
        }
        ranked.sort();
        let limit = page_size(max_results, PAGE);
        let more = ranked.len() > limit;
        ranked.truncate(limit);
        let next = ranked.last().filter(|_| more).map(|(id, _)| {
            let cursor = Cursor {
                value: None,
                name: id.clone(),
            };
            tokens.write(&self.0, &cursor)
        });
        Ok((ranked.into_iter().map(|(_, place)| place).collect(), next))
    }
}
