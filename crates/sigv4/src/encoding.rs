//! Percent-encoding of paths and queries, and hexadecimal.

/// The parameters of a query string as sent: names and values, still encoded.
/// Empty ones (`a=1&&b=2`) are skipped, as signers and form decoders do.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The bytes that an encoded name or value stands for. `+` is a space, and a
/// `%` that no two digits follow is itself.
pub(crate) fn decode(text: &str) -> impl Iterator<Item = u8> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (first, tail) = rest.split_first()?;
        rest = tail;
        match (first, tail) {
            (b'+', _) => Some(b' '),
            (b'%', [high, low, tail @ ..]) => {
                let Some((high, low)) = nibble(*high).zip(nibble(*low)) else {
                    return Some(b'%');
                };
                rest = tail;
                Some(high << 4 | low)
            }
            _ => Some(*first),
        }
    })
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Appends `byte` as RFC 3986 encodes it outside the unreserved characters,
/// digits in upper case.
pub(crate) fn push(out: &mut Vec<u8>, byte: u8) {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        out.push(byte);
    } else {
        out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
    }
}

/// `text` encoded for a query.
pub(crate) fn encode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    text.bytes().for_each(|byte| push(&mut out, byte));
    out.into_iter().map(char::from).collect()
}

/// The digit for `value` below 16, with `ten` as the digit for 10.
fn digit(value: u8) -> u8 {
    if value < 10 {
        b'0' + value
    } else {
        b'A' + value - 10
    }
}

/// `bytes` in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    let mut out = [0; 64];
    // Twice as many digits as bytes: it fits.
    let _ = hex::encode_to_slice(bytes, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_leniently_and_never_guesses() {
        let check = |text, expected: &[u8]| {
            assert_eq!(decode(text).collect::<Vec<_>>(), expected, "{text}");
        };
        check("a%20b+c", b"a b c");
        check("%2b%2B", b"++");
        check("%", b"%");
        check("%4", b"%4");
        check("%zz%4g%41", b"%zz%4gA");
        check("%%41", b"%A");
        check("\u{1234}%ff", b"\xe1\x88\xb4\xff");
    }

    #[test]
    fn splits_a_query_as_forms_do() {
        let found: Vec<_> = pairs("&a=1&&b&=c&d=e=f&").collect();
        assert_eq!(found, [("a", "1"), ("b", ""), ("", "c"), ("d", "e=f")]);
    }

    #[test]
    fn writes_hexadecimal() {
        let mut bytes = [0; 32];
        bytes[0] = 0xaf;
        bytes[31] = 0x09;
        let text = String::from_utf8(hex(&bytes).to_vec()).unwrap();
        assert_eq!(text, format!("af{}09", "0".repeat(60)));
    }
}
