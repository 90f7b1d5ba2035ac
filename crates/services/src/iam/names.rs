//! Names, paths, ids and ARNs of IAM's entities.
//!
//! Names are unique in their account whatever their case; the case in which
//! they were given is kept.
//!
//! Source: IAM User Guide, IAM identifiers.

use strongroom_crypto::Random;
use strongroom_types::{AccountId, Arn};

use crate::context::Context;

/// The path of what was made without one.
pub(super) const ROOT: &str = "/";

/// The alphabet of AWS's identifiers: base 32.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Characters of a unique id after its four letters.
const ID_LETTERS: usize = 17;

/// The key of a name's row.
pub(super) fn key(account: AccountId, name: &str) -> (AccountId, String) {
    (account, name.to_lowercase())
}

/// `arn:aws:iam::<account>:<kind><path><name>`. IAM is in no Region.
pub(super) fn arn(partition: &str, account: AccountId, kind: &str, path: &str, name: &str) -> Arn {
    Arn::new(
        partition,
        "iam",
        "",
        account,
        format_args!("{kind}{path}{name}"),
    )
}

/// The ARN of something of the caller's account.
pub(super) fn own_arn(cx: &Context<'_>, kind: &str, path: &str, name: &str) -> Arn {
    let account = cx.request.caller.account;
    arn(cx.services.partition.as_str(), account, kind, path, name)
}

/// A new unique id: `AROA…`, `ANPA…`.
pub(crate) fn draw_id(random: &dyn Random, kind: &str) -> String {
    draw(random, kind, ID_LETTERS)
}

/// A prefix and `length` random base-32 characters.
pub(super) fn draw(random: &dyn Random, prefix: &str, length: usize) -> String {
    let letter = || {
        let place = usize::try_from(random.below(32)).unwrap_or(0);
        BASE32.get(place).copied().map_or('A', char::from)
    };
    prefix
        .chars()
        .chain(std::iter::repeat_with(letter).take(length))
        .collect()
}
