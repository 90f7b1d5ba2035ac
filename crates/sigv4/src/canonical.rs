//! The canonical request: one text for all the ways of sending one request.

use strongroom_crypto::sha256;

use crate::{ALGORITHM, TERMINATOR, encoding, request::Request};

/// Name of the parameter that carries a presigned request's signature.
pub(crate) const SIGNATURE_PARAMETER: &str = "X-Amz-Signature";

/// The canonical request of `request`, with the headers that `signed_headers`
/// lists, in that order. `None` if one of them is absent or listed twice.
///
/// With `without_signature`, the first `X-Amz-Signature` of the query is left
/// out; a second one is a parameter like any other.
pub(crate) fn canonical_request(
    request: &Request<'_>,
    signed_headers: &str,
    payload_hash: &[u8; 64],
    without_signature: bool,
) -> Option<Vec<u8>> {
    let values = request.headers.iter().map(|(_, value)| value.len());
    let mut out = Vec::with_capacity(512 + request.query.len() + values.sum::<usize>());
    out.extend_from_slice(request.method.as_bytes());
    out.push(b'\n');
    push_path(&mut out, request.path);
    out.push(b'\n');
    push_query(&mut out, request.query, without_signature);
    out.push(b'\n');
    let mut highest: &[u8] = b"";
    for (place, name) in names(signed_headers).enumerate() {
        // A long header listed often would make the canonical request far
        // larger than the request. What sorts after all before it is new; only
        // lists that are not sorted are searched.
        if name > highest {
            highest = name;
        } else if names(signed_headers)
            .take(place)
            .any(|earlier| earlier == name)
        {
            return None;
        }
        push_header(&mut out, request, name)?;
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload_hash);
    Some(out)
}

/// The names that `SignedHeaders` lists.
pub(crate) fn names(signed_headers: &str) -> impl Iterator<Item = &[u8]> {
    signed_headers.as_bytes().split(|byte| *byte == b';')
}

/// SHA-256 of `bytes` in the hexadecimal of signatures.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 64] {
    encoding::hex(&sha256(bytes))
}

/// What the string to sign is made of.
pub(crate) struct StringToSign<'a> {
    pub(crate) stamp: &'a str,
    pub(crate) date: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) canonical_request_hash: [u8; 64],
}

impl StringToSign<'_> {
    /// The string to sign.
    pub(crate) fn text(&self) -> Vec<u8> {
        let parts: [&[u8]; 13] = [
            ALGORITHM.as_bytes(),
            b"\n",
            self.stamp.as_bytes(),
            b"\n",
            self.date.as_bytes(),
            b"/",
            self.region.as_bytes(),
            b"/",
            self.service.as_bytes(),
            b"/",
            TERMINATOR.as_bytes(),
            b"\n",
            &self.canonical_request_hash,
        ];
        parts.concat()
    }
}

/// Appends the path without `.`, `..` and repeated slashes, encoded once more
/// than it was sent.
fn push_path(out: &mut Vec<u8>, path: &str) {
    let mut segments = Vec::new();
    let mut ends_in_slash = true;
    for segment in path.split('/') {
        ends_in_slash = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    for segment in &segments {
        out.push(b'/');
        segment.bytes().for_each(|byte| encoding::push(out, byte));
    }
    if segments.is_empty() || ends_in_slash {
        out.push(b'/');
    }
}

/// Appends the parameters, decoded and encoded anew, in order of encoded name,
/// then encoded value.
fn push_query(out: &mut Vec<u8>, query: &str, without_signature: bool) {
    if query.is_empty() {
        return;
    }
    let encode = |text: &str| {
        let mut out = Vec::with_capacity(text.len());
        encoding::decode(text).for_each(|byte| encoding::push(&mut out, byte));
        out
    };
    let mut pairs: Vec<_> = encoding::pairs(query)
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    let signature = pairs
        .iter()
        .position(|(name, _)| without_signature && name == SIGNATURE_PARAMETER.as_bytes());
    if let Some(place) = signature {
        pairs.swap_remove(place);
    }
    pairs.sort_unstable();
    for (place, (name, value)) in pairs.iter().enumerate() {
        if place > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

/// Appends the line of a header, all its values in order of arrival, joined by
/// commas.
fn push_header(out: &mut Vec<u8>, request: &Request<'_>, name: &[u8]) -> Option<()> {
    out.extend_from_slice(name);
    let sent_as = if name == b":authority" { b"host" } else { name };
    let mut separator = b':';
    for (sent, value) in request.headers {
        if sent.as_bytes().eq_ignore_ascii_case(sent_as) {
            out.push(separator);
            push_value(out, value);
            separator = b',';
        }
    }
    out.push(b'\n');
    (separator == b',').then_some(())
}

/// Appends a header's value, trimmed and with runs of spaces and tabs as one
/// space, quoted or not.
fn push_value(out: &mut Vec<u8>, value: &[u8]) {
    // The least byte of all is found many bytes at a time.
    if value.iter().fold(u8::MAX, |least, byte| least.min(*byte)) > b' ' {
        out.extend_from_slice(value);
        return;
    }
    let words = value.split(|byte| matches!(byte, b' ' | b'\t'));
    let start = out.len();
    for word in words.filter(|word| !word.is_empty()) {
        if out.len() > start {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn paths_are_normalised_and_encoded_again() {
        let check = |path, expected: &str| {
            assert_eq!(written(|out| push_path(out, path)), expected, "{path}");
        };
        check("", "/");
        check("/", "/");
        check("//", "/");
        check("/a/..", "/");
        check("/../a", "/a");
        check("/a/./b//c/", "/a/b/c/");
        check("/a/b/..", "/a/");
        check("/a/.", "/a/");
        check("/a/...", "/a/...");
        check("a", "/a");
        check("/a%2Fb@~", "/a%252Fb%40~");
        check("/\u{1234}", "/%E1%88%B4");
    }

    #[test]
    fn queries_are_sorted_by_encoded_name_then_value() {
        let check = |query, expected: &str| {
            assert_eq!(
                written(|out| push_query(out, query, true)),
                expected,
                "{query}"
            );
        };
        check("", "");
        check("&", "");
        check("b&a", "a=&b=");
        check("a-=1&a=2&a=1", "a=1&a=2&a-=1");
        check("%C3%a4=%7E&z=*", "%C3%A4=~&z=%2A");
        check("a=b+c%20d%2B", "a=b%20c%20d%2B");
        check(
            "X-Amz-Signature=1&a=2&X-Amz-Signature=3",
            "X-Amz-Signature=3&a=2",
        );
        check("X-Amz-Signatur%65=1&x-amz-signature=2", "x-amz-signature=2");
    }

    #[test]
    fn a_header_is_present_and_listed_once() {
        let headers: &[(&str, &[u8])] = &[("Host", b"h"), ("A", b"1"), ("a", b"2")];
        let request = Request {
            method: "GET",
            path: "/",
            query: "",
            headers,
            body: b"",
        };
        let lines = |signed_headers| {
            let text = canonical_request(&request, signed_headers, &[b'0'; 64], false)?;
            let text = String::from_utf8(text).unwrap();
            Some(
                text.lines()
                    .skip(3)
                    .take_while(|line| !line.is_empty())
                    .collect::<Vec<_>>()
                    .join("|"),
            )
        };
        let check = |signed_headers, expected: Option<&str>| {
            assert_eq!(
                lines(signed_headers).as_deref(),
                expected,
                "{signed_headers}"
            );
        };
        check("a;host", Some("a:1,2|host:h"));
        check("host;a", Some("host:h|a:1,2"));
        check(":authority", Some(":authority:h"));
        for refused in [
            "host;host",
            "a;host;a",
            "host;a;host",
            "host;x",
            "",
            "host;",
            ";host",
        ] {
            check(refused, None);
        }
    }

    #[test]
    fn a_signature_in_the_query_is_signed_unless_it_is_the_one_used() {
        assert_eq!(
            written(|out| push_query(out, "X-Amz-Signature=1", false)),
            "X-Amz-Signature=1"
        );
    }

    #[test]
    fn values_lose_needless_spaces() {
        let check = |value: &str, expected: &str| {
            assert_eq!(
                written(|out| push_value(out, value.as_bytes())),
                expected,
                "{value:?}"
            );
        };
        check("", "");
        check("  ", "");
        check("a", "a");
        check("  a  \t b ", "a b");
        check("\"a   b\"", "\"a b\"");
    }
}
