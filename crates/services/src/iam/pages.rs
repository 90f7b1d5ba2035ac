//! `Marker` and `MaxItems`: a list in pages.
//!
//! A marker says after what the next page begins. It carries nothing that the
//! caller could not have named, so it is not sealed; one that is none is
//! refused.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::error::{Error, Result};

/// Items on a page when no number is asked for.
///
/// Source: IAM API Reference, `MaxItems`.
const USUAL: usize = 100;

/// One page of a list.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) is_truncated: bool,
    /// Asks for the next page, if there is one.
    pub(super) marker: Option<String>,
}

/// The page of `items` that `marker` asks for, in the order of their ranks,
/// which are unique.
///
/// # Errors
/// `ValidationError` for a marker that no list gave.
pub(super) fn page<T>(
    items: Vec<T>,
    rank: impl Fn(&T) -> String,
    marker: Option<&str>,
    max_items: Option<i64>,
) -> Result<Page<T>> {
    let ranks = items.iter().map(rank).collect();
    let chosen = choose(ranks, marker, max_items)?;
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    let places = chosen.items.into_iter();
    Ok(Page {
        marker: chosen.marker,
        items: places
            .filter_map(|place| items.get_mut(place)?.take())
            .collect(),
        is_truncated: chosen.is_truncated,
    })
}

/// The places of a page's items, whatever they are.
fn choose(ranks: Vec<String>, marker: Option<&str>, max_items: Option<i64>) -> Result<Page<usize>> {
    let after = marker.map(read).transpose()?;
    let limit = limit(max_items);
    let mut ranked: Vec<(String, usize)> = ranks
        .into_iter()
        .zip(0..)
        .filter(|(rank, _)| after.as_ref().is_none_or(|after| rank > after))
        .collect();
    ranked.sort();
    let is_truncated = ranked.len() > limit;
    ranked.truncate(limit);
    let last = ranked.last().filter(|_| is_truncated);
    Ok(Page {
        marker: last.map(|(rank, _)| write(rank)),
        items: ranked.into_iter().map(|(_, place)| place).collect(),
        is_truncated,
    })
}

/// Items of one page. The model's range was checked when the request was
/// decoded.
pub(super) fn limit(max_items: Option<i64>) -> usize {
    max_items
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(USUAL)
}

/// The marker for what comes after `rank`.
pub(super) fn write(rank: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rank)
}

/// # Errors
/// `ValidationError` for a marker that no list gave.
pub(super) fn read(marker: &str) -> Result<String> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(marker).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| Error::Validation(format!("Invalid Marker: {marker}").into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(items: &[&str], max_items: Option<i64>) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut marker = None;
        loop {
            let all = items.iter().map(|item| (*item).to_owned()).collect();
            let page = page(all, String::clone, marker.as_deref(), max_items).unwrap();
            assert_eq!(page.is_truncated, page.marker.is_some());
            pages.push(page.items);
            match page.marker {
                Some(next) => marker = Some(next),
                None => return pages,
            }
        }
    }

    #[test]
    fn pages_are_sorted_and_together_the_whole() {
        assert_eq!(
            pages(&["b", "a", "c"], Some(2)),
            [vec!["a", "b"], vec!["c"]]
        );
        assert_eq!(pages(&["b", "a"], Some(2)), [["a", "b"]]);
        assert_eq!(pages(&[], None), [vec![""; 0]]);
        let many: Vec<String> = (0..250).map(|number| format!("{number:03}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let lengths: Vec<usize> = pages(&many, None).iter().map(Vec::len).collect();
        assert_eq!(lengths, [100, 100, 50]);
    }

    #[test]
    fn what_no_list_gave_is_refused() {
        for bad in ["*", "a b", "_w"] {
            assert!(matches!(read(bad), Err(Error::Validation(_))), "{bad}");
        }
        assert_eq!(read(&write("ähm")).unwrap(), "ähm");
    }
}
