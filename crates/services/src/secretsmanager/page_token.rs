//! `NextToken`: where a list goes on, sealed against change.
//!
//! A token says after what the next page begins, and carries a tag over that,
//! the operation, the account and Region it answers for, and the query. So a
//! token that was altered, or is used where it was not given, is refused, and
//! nothing need be remembered between pages.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use strongroom_crypto::{HmacSha256Key, constant_time_eq, sha256};

use super::error::{Error, Result};
use crate::context::Home;

/// The version of the token's format, its first byte.
const VERSION: u8 = 1;
/// Bytes of the tag.
const TAG_BYTES: usize = 32;

/// A place between two items of a list: after the one that has this sort
/// value and this name. The item itself need not exist any more.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Cursor {
    /// What the list is sorted by, unless by name: milliseconds or days since
    /// the epoch. Absent where the item has no such date.
    #[prost(int64, optional, tag = "1")]
    pub(crate) value: Option<i64>,
    /// The item's name or id, which decides between equal values.
    #[prost(string, tag = "2")]
    pub(crate) name: String,
}

/// The list that a token belongs to.
pub(crate) struct Listing([u8; 32]);

/// Writes and reads tokens under one key, the same on every node.
pub(crate) struct PageTokens(HmacSha256Key);

impl Listing {
    /// The list that an operation gives to one account in one Region. The
    /// parameters are the request's as recorded; how much of the list it asks
    /// for makes no difference.
    pub(crate) fn new(operation: &str, home: &Home, parameters: Option<Value>) -> Self {
        let mut parameters = parameters.unwrap_or_default();
        if let Value::Object(members) = &mut parameters {
            members.remove("maxResults");
        }
        let listing = json!([
            operation,
            home.account.to_string(),
            home.region.as_str(),
            parameters
        ]);
        Self(sha256(listing.to_string().as_bytes()))
    }
}

impl PageTokens {
    /// Tokens under a key that nobody outside the deployment knows.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(HmacSha256Key::new(key))
    }

    /// The token for the page after `cursor`, below 1,024 characters.
    pub(crate) fn write(&self, listing: &Listing, cursor: &Cursor) -> String {
        let cursor = prost::Message::encode_to_vec(cursor);
        let token = [&[VERSION], self.tag(listing, &cursor).as_slice(), &cursor].concat();
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// Where the page that a token asks for begins.
    ///
    /// # Errors
    /// `InvalidNextTokenException` unless the token was given for this list.
    pub(crate) fn read(&self, listing: &Listing, token: &str) -> Result<Cursor> {
        self.open(listing, token).ok_or_else(invalid)
    }

    /// The same; nothing unless the token was given for this list.
    pub(crate) fn open(&self, listing: &Listing, token: &str) -> Option<Cursor> {
        let token = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (version, rest) = token.split_first()?;
        let (tag, cursor) = rest.split_at_checked(TAG_BYTES)?;
        let genuine = constant_time_eq(tag, &self.tag(listing, cursor));
        (*version == VERSION && genuine).then(|| prost::Message::decode(cursor).ok())?
    }

    fn tag(&self, listing: &Listing, cursor: &[u8]) -> [u8; TAG_BYTES] {
        self.0.sign(&[&[VERSION], &listing.0, cursor])
    }
}

/// The refusal of a token that was not given for this list.
pub(crate) fn invalid() -> Error {
    Error::InvalidNextToken("The NextToken value is invalid.".into())
}

/// Items of one page: as many as asked for, or `default`.
pub(crate) fn page_size(max_results: Option<i64>, default: usize) -> usize {
    // The model's range was checked when the request was decoded.
    max_results
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strongroom_types::{AccountId, Partition, Region};

    use super::*;
    use crate::operation::ServiceError as _;

    fn home(account: u64, region: &str) -> Home {
        Home {
            partition: Partition::default(),
            account: AccountId::new(account).unwrap(),
            region: region.parse().unwrap(),
        }
    }

    fn cursor() -> Cursor {
        Cursor {
            value: Some(7),
            name: "n".repeat(512),
        }
    }

    #[test]
    fn a_token_is_for_its_list_alone() {
        let tokens = PageTokens::new(&[1; 32]);
        let here = home(1, "eu-central-1");
        let parameters = json!({"maxResults": 2, "sortBy": "name"});
        let listing = Listing::new("ListSecrets", &here, Some(parameters));
        let token = tokens.write(&listing, &cursor());
        assert!(token.len() < 1024);

        let sort = Some(json!({"sortBy": "name"}));
        let same = Listing::new("ListSecrets", &here, sort.clone());
        assert_eq!(tokens.read(&same, &token).unwrap(), cursor());
        for other in [
            Listing::new("BatchGetSecretValue", &here, sort.clone()),
            Listing::new("ListSecrets", &home(2, "eu-central-1"), sort.clone()),
            Listing::new("ListSecrets", &home(1, "us-east-1"), sort.clone()),
            Listing::new(
                "ListSecrets",
                &here,
                Some(json!({"sortBy": "created-date"})),
            ),
            Listing::new("ListSecrets", &here, None),
        ] {
            let refusal = tokens.read(&other, &token).unwrap_err().refusal();
            assert_eq!(refusal.code, "InvalidNextTokenException");
        }
        assert!(PageTokens::new(&[2; 32]).read(&same, &token).is_err());
    }

    proptest! {
        #[test]
        fn an_altered_token_is_refused(place in any::<proptest::sample::Index>(), with in "[A-Za-z0-9_-]") {
            let tokens = PageTokens::new(&[1; 32]);
            let listing = Listing::new("ListSecrets", &home(1, Region::US_EAST_1.as_str()), None);
            let token = tokens.write(&listing, &Cursor { value: None, name: "a".to_owned() });
            let place = place.index(token.len());
            let altered = [&token[..place], &with, &token[place + 1..]].concat();
            prop_assert_eq!(tokens.read(&listing, &altered).is_ok(), altered == token);
            prop_assert!(tokens.read(&listing, &token[..place]).is_err());
        }

        #[test]
        fn any_text_is_refused_without_panic(text in any::<String>()) {
            let listing = Listing::new("ListSecrets", &home(1, "us-east-1"), None);
            prop_assert!(PageTokens::new(&[1; 32]).read(&listing, &text).is_err());
        }
    }
}
