//! Identifiers of organizations and what is in them.

use crate::context::Context;

const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// A prefix and `length` random small letters and digits.
pub(super) fn draw(cx: &Context<'_>, prefix: &str, length: usize) -> String {
    let random = cx.services.random.as_ref();
    let letter = || {
        let place = random.below(36) as usize;
        LETTERS.get(place).copied().map_or('a', char::from)
    };
    prefix
        .chars()
        .chain(std::iter::repeat_with(letter).take(length))
        .collect()
}
