use std::ops::Range;

/// A place in a document, as IAM's policy simulator counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// Characters of the line before this place, plus 1.
    pub column: u32,
}

/// Where a statement stands in its document.
///
/// The positions are where IAM's own reader stands, as the recorded answers of
/// its simulator show: `end` is behind the closing brace; `start` is behind
/// what was read before the statement, which is the list's bracket or the
/// statement before it, or behind its own brace if it stands without a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The statement with its braces, in bytes.
    pub bytes: Range<usize>,
    /// `EndPosition`.
    pub end: Position,
    /// `StartPosition`.
    pub start: Position,
}

/// The spans of a policy's statements, in their order. The text must be JSON;
/// of other texts as many are found as there are.
pub(crate) fn statements(text: &str) -> Vec<Span> {
    let mut reader = Reader {
        text,
        rest: text,
        position: Position { line: 1, column: 1 },
    };
    let mut spans = Vec::new();
    let (mut depth, mut key, mut listed) = (0_u32, None, false);
    // Behind the token that was read last, and the open statement.
    let mut before = reader.position;
    let mut open: Option<(usize, Position)> = None;
    while let Some((token, at)) = reader.token() {
        // Of the statements the braces are at depth 1, in a list at depth 2.
        let level = if listed { 2 } else { 1 };
        match token {
            "{" if depth == level && key == Some("Statement") => {
                let start = if listed { before } else { reader.position };
                open = Some((at, start));
                depth += 1;
            }
            "[" if depth == 1 && key == Some("Statement") => {
                listed = true;
                depth += 1;
            }
            "{" | "[" => depth += 1,
            "}" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == level
                    && let Some((first, start)) = open.take()
                {
                    spans.push(Span {
                        bytes: first..at + 1,
                        end: reader.position,
                        start,
                    });
                }
            }
            "," if depth == 1 => (key, listed) = (None, false),
            ":" | "," => {}
            string if depth == 1 && key.is_none() && string.starts_with('"') => {
                let name: Option<String> = serde_json::from_str(string).ok();
                key = Some(if name.as_deref() == Some("Statement") {
                    "Statement"
                } else {
                    ""
                });
            }
            _ => {}
        }
        if token != "," {
            before = reader.position;
        }
    }
    spans
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    position: Position,
}

impl<'a> Reader<'a> {
    /// The next token, and where it starts. A string is one token with its
    /// quotes; so is a run of other letters.
    fn token(&mut self) -> Option<(&'a str, usize)> {
        let rest = self.rest.trim_start();
        self.advance(self.rest.len() - rest.len());
        let length = match rest.chars().next()? {
            '"' => {
                let mut escaped = true;
                let closing = |(_, letter): &(usize, char)| {
                    let closes = !escaped && *letter == '"';
                    escaped = !escaped && *letter == '\\';
                    closes
                };
                // The opening quote counts as escaped.
                let found = rest.char_indices().find(closing);
                found.map_or(rest.len(), |(at, quote)| at + quote.len_utf8())
            }
            '{' | '}' | '[' | ']' | ':' | ',' => 1,
            _ => {
                let ends = |letter: char| letter.is_whitespace() || "{}[]:,\"".contains(letter);
                rest.find(ends).unwrap_or(rest.len())
            }
        };
        let start = self.text.len() - rest.len();
        let token = rest.get(..length)?;
        self.advance(length);
        Some((token, start))
    }

    fn advance(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        for letter in passed.chars() {
            if letter == '\n' {
                self.position.line = self.position.line.saturating_add(1);
                self.position.column = 1;
            } else {
                self.position.column = self.position.column.saturating_add(1);
            }
        }
        self.rest = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[([u32; 4], &str)]) {
        let found: Vec<_> = statements(text)
            .into_iter()
            .map(|span| {
                let Span { bytes, end, start } = span;
                let places = [start.line, start.column, end.line, end.column];
                (places, text[bytes].to_owned())
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(places, statement)| (*places, (*statement).to_owned()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn as_the_simulator_reports() {
        // AWS CLI Command Reference, `simulate-custom-policy`: 1:38 to 1:167.
        let statement = r#"{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}"#;
        check(
            &format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#),
            &[([1, 38, 1, 167], statement)],
        );
        // The same, `simulate-principal-policy`: 3:19 to 9:10.
        let statement = "{\n            \"Effect\": \"Allow\",\n            \"Action\": [\n                \"codecommit:ListRepositories\"\n            ], \"Resource\": \"*\"\n        }";
        check(
            &format!(
                "{{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n        {statement}\n    ]\n}}"
            ),
            &[([3, 19, 9, 10], statement)],
        );
    }

    #[test]
    fn several_statements_and_what_only_looks_like_one() {
        check(
            r#"{"Id":"\"Statement\":{","Statement":[{"Sid":"}"},{"Sid":"é["}],"Version":"2012-10-17"}"#,
            &[
                ([1, 38, 1, 49], r#"{"Sid":"}"}"#),
                ([1, 49, 1, 62], r#"{"Sid":"é["}"#),
            ],
        );
        check(r#"{"\u0053tatement":{}}"#, &[([1, 20, 1, 21], "{}")]);
        check(r#"{"a":{"Statement":{}}}"#, &[]);
    }

    #[test]
    fn what_is_no_policy_has_none() {
        for text in ["", "{", "\"", "[[[", "{\"Statement\":", "}}}}"] {
            check(text, &[]);
        }
    }
}
