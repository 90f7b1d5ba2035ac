//! What differs from run to run, by names that do not.

use jiff::Timestamp;

/// The shortest run of one letter that is written as a count.
const LONG_RUN: usize = 64;
const DAY_SECONDS: f64 = 86_400.0;
/// Digits of a time in seconds since the epoch.
const EPOCH_DIGITS: usize = 10;

/// Members whose values are different bytes each time, or may be.
const BLOBS: &[&str] = &[
    "CiphertextBlob",
    "GrantToken",
    "ImportToken",
    "Mac",
    "Plaintext",
    "PrivateKeyCiphertextBlob",
    "PrivateKeyPlaintext",
    "PublicKey",
    "SharedSecret",
    "Signature",
];
/// The longest base64 that is shown as it is.
const SHORT_BLOB: usize = 16;

/// The names of what one run came up with.
pub(super) struct Names {
    /// What the transcript says itself is shown as it is.
    said: String,
    /// Name and text, in the order in which they came.
    known: Vec<(String, String)>,
}

impl Names {
    /// For a transcript with these requests.
    pub(super) fn of(said: String) -> Self {
        Self {
            said,
            known: Vec::new(),
        }
    }

    /// The text behind a name, which must have come up.
    pub(super) fn value(&self, name: &str) -> &str {
        let mut known = self.known.iter();
        let found = known.find_map(|(known, value)| (known == name).then_some(value));
        found.unwrap_or_else(|| panic!("nothing is called `{name}` yet"))
    }

    /// Gives a text a name before it comes up.
    pub(super) fn know(&mut self, name: &str, text: String) {
        self.known.push((name.to_owned(), text));
    }

    /// A request's text with the names it uses replaced, and runs of letters
    /// written out.
    pub(super) fn resolve(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.known {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        while let Some((start, end, run)) = written_run(&text) {
            text.replace_range(start..end, &run);
        }
        text
    }

    /// A reply's body with names for what differs.
    pub(super) fn normalize(&mut self, body: &str, now: Timestamp) -> String {
        if body.starts_with('<') {
            return self.normalize_xml(body, now);
        }
        let mut named = String::new();
        let mut rest = body;
        let mut member = String::new();
        while let Some(first) = rest.chars().next() {
            let (piece, after) = if first == '"' {
                let (string, after) = string(rest);
                if after.starts_with(':') {
                    member = string.trim_matches('"').to_owned();
                    (string.to_owned(), after)
                } else {
                    (self.string(string, &member), after)
                }
            } else if first.is_ascii_digit() {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
                let (number, after) = rest.split_at(end.unwrap_or(rest.len()));
                (time(number, now), after)
            } else {
                let (other, after) = rest.split_at(first.len_utf8());
                (other.to_owned(), after)
            };
            named += &piece;
            rest = after;
        }
        named
    }

    /// The same of XML: dates are written out there, and IAM's unique ids may
    /// stand anywhere.
    fn normalize_xml(&mut self, body: &str, now: Timestamp) -> String {
        let mut named = body.to_owned();
        for date in dates(body) {
            let seconds = (date.parse::<Timestamp>().unwrap() - now).get_seconds();
            if let Some(name) = from_now(seconds) {
                named = named.replace(date, &name);
            }
        }
        for number in numbers(body).filter(|number| number.len() == EPOCH_DIGITS) {
            let seconds = number.parse::<i64>().unwrap() - now.as_second();
            if seconds.abs() < 60 {
                named = named.replace(number, "{time}");
            }
        }
        for uuid in uuids(body) {
            self.learn("uuid", uuid);
        }
        for id in unique_ids(body) {
            self.learn(&id[..4], id);
        }
        for (element, name) in [
            ("SecretAccessKey", "secret"),
            ("SessionToken", "session-token"),
            ("Marker", "marker"),
        ] {
            if let Some(text) = element_text(body, element) {
                self.learn(name, text);
            }
        }
        for (name, value) in &self.known {
            named = named.replace(value, &format!("{{{name}}}"));
        }
        shorten(&named)
    }

    /// A string with its quotes, as the value of `member`.
    fn string(&mut self, string: &str, member: &str) -> String {
        let inner = string.trim_matches('"');
        match member {
            "RandomPassword" => {
                let password: String = serde_json::from_str(string).unwrap();
                return format!("\"{{password {}}}\"", password.chars().count());
            }
            "NextToken" => {
                self.learn("token", inner);
            }
            "NextMarker" => {
                self.learn("marker", inner);
            }
            member if BLOBS.contains(&member) && inner.len() > SHORT_BLOB => {
                self.learn("blob", inner);
            }
            _ => {
                if let Some(message) = encoded_message(inner) {
                    self.learn("encoded", message);
                }
                for id in hexadecimal(inner) {
                    self.learn(if id.len() == 64 { "hex" } else { "mrk" }, id);
                }
                for suffix in suffixes(inner) {
                    self.learn("suffix", suffix);
                }
                for uuid in uuids(inner) {
                    self.learn("uuid", uuid);
                }
                for (kind, id) in organization_ids(inner) {
                    self.learn(kind, id);
                }
            }
        }
        let mut shown = string.to_owned();
        if member == "LastModified" {
            return "\"{time}\"".to_owned();
        }
        for (name, value) in &self.known {
            // As the end of an ARN only: six letters may stand anywhere.
            let hyphen = if name.starts_with("suffix") { "-" } else { "" };
            let (value, name) = (format!("{hyphen}{value}"), format!("{hyphen}{{{name}}}"));
            shown = shown.replace(&value, &name);
        }
        shorten(&shown)
    }

    fn learn(&mut self, kind: &str, text: &str) {
        let is_known = self.known.iter().any(|(_, known)| known == text);
        if is_known || self.said.contains(text) {
            return;
        }
        let of_kind = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()) == kind;
        let before = self.known.iter().filter(|(name, _)| of_kind(name)).count();
        let name = match before {
            0 => kind.to_owned(),
            _ => format!("{kind}{}", before + 1),
        };
        self.known.push((name, text.to_owned()));
    }
}

/// A JSON string with its quotes, and what follows it.
fn string(text: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find_map(|(place, letter)| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends.then_some(place + 1)
    });
    text.split_at(end.unwrap_or(text.len()))
}

/// A number, by its distance from `now` if it is a time.
fn time(number: &str, now: Timestamp) -> String {
    let seconds: f64 = number.parse().unwrap();
    let now = now.as_millisecond() as f64 / 1000.0;
    let midnight = (now / DAY_SECONDS).floor() * DAY_SECONDS;
    // A run may pass midnight.
    if seconds == midnight || seconds == midnight - DAY_SECONDS {
        return "{today}".to_owned();
    }
    let days = ((seconds - now) / DAY_SECONDS).round();
    if (0.0..=400.0).contains(&days) && (seconds - now - days * DAY_SECONDS).abs() < 60.0 {
        return match days as u16 {
            0 => "{time}".to_owned(),
            days => format!("{{time+{days}d}}"),
        };
    }
    number.to_owned()
}

/// How a moment this many seconds from now is written, if credentials that are
/// made now could end then.
fn from_now(seconds: i64) -> Option<String> {
    let step = 300;
    let steps = (seconds + step / 2).div_euclid(step);
    if !(0..=36 * 3600 / step).contains(&steps) || (seconds - steps * step).abs() >= 60 {
        return None;
    }
    Some(match steps * step / 60 {
        0 => "{time}".to_owned(),
        minutes if minutes % 60 == 0 => format!("{{time+{}h}}", minutes / 60),
        minutes => format!("{{time+{minutes}m}}"),
    })
}

/// What a denial tells, sealed, in a record in a list of records.
fn encoded_message(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(r#"encodedAuthorizationMessage\":\""#)?;
    Some(rest.split_once('\\')?.0)
}

fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_digit());
    words.filter(|word| !word.is_empty())
}

/// The random ends of the ARNs of secrets.
fn suffixes(text: &str) -> impl Iterator<Item = &str> {
    text.split(":secret:").skip(1).filter_map(|rest| {
        let of_name = |c: char| c.is_ascii_alphanumeric() || "-/_+=.@!".contains(c);
        let end = rest.find(|c| !of_name(c)).unwrap_or(rest.len());
        // A sentence may end with an ARN.
        let name = rest[..end].trim_end_matches('.');
        let (_, suffix) = name.rsplit_once('-')?;
        let is_suffix = suffix.len() == 6 && suffix.chars().all(|c| c.is_ascii_alphanumeric());
        is_suffix.then_some(suffix)
    })
}

/// The text of the first element of this name.
fn element_text<'t>(xml: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0)
}

/// Dates as XML has them: `2026-11-23T13:00:00Z`.
fn dates(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || "-:TZ".contains(c)));
    words.filter(|word| word.len() == 20 && word.ends_with('Z'))
}

/// IAM's unique ids: `AROA…`.
fn unique_ids(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| {
        let kinds = [
            "AGPA", "AIDA", "AIPA", "AKIA", "ANPA", "AROA", "ASIA", "SAML",
        ];
        let letters = word
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        (20..=22).contains(&word.len()) && letters && kinds.contains(&&word[..4])
    })
}

/// Ids of organizations and what is in them, with what they name.
fn organization_ids(text: &str) -> impl Iterator<Item = (&'static str, &str)> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter_map(|word| {
        let (prefix, rest) = word.split_once('-').unwrap_or(("", word));
        let kind = match (prefix, rest.len()) {
            ("", 12) if rest.bytes().all(|byte| byte.is_ascii_digit()) => "account",
            ("car", 32) => "request",
            ("o", 10) => "organization",
            ("ou", 13) => "unit",
            ("p", 10) => "policy",
            ("r", 4) => "root",
            _ => return None,
        };
        let known = ["111122223333", "444455556666"].contains(&word);
        (!known).then_some((kind, word))
    })
}

/// Ids of 64 hexadecimal digits, and of 32 behind `mrk-`.
fn hexadecimal(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit());
    words.filter(move |word| {
        word.len() == 64 || word.len() == 32 && text.contains(&format!("mrk-{word}"))
    })
}

fn uuids(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    words.filter(|word| {
        let parts: Vec<usize> = word.split('-').map(str::len).collect();
        parts == [8, 4, 4, 4, 12]
    })
}

/// `{x*600}` in a text: where it is, and what it stands for.
fn written_run(text: &str) -> Option<(usize, usize, String)> {
    text.match_indices('{').find_map(|(start, _)| {
        let mut letters = text[start + 1..].chars();
        let letter = letters.next()?;
        let (count, _) = letters.as_str().strip_prefix('*')?.split_once('}')?;
        let end = start + 1 + letter.len_utf8() + 1 + count.len() + 1;
        Some((start, end, letter.to_string().repeat(count.parse().ok()?)))
    })
}

/// Writes long runs of one letter as a count.
fn shorten(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let runs = letters.chunk_by(|a, b| a == b).map(|run| {
        if run.len() < LONG_RUN {
            run.iter().collect()
        } else {
            format!("{{{}*{}}}", run[0], run.len())
        }
    });
    runs.collect()
}

#[test]
fn names_come_back_and_times_are_counted() {
    let now: Timestamp = "2026-11-23T13:00:00Z".parse().unwrap();
    let mut names = Names::of("said-AbCdEf".to_owned());
    let arn = |name: &str| format!("arn:aws:secretsmanager:us-east-1:111122223333:secret:{name}");
    let body = format!(
        r#"{{"ARN":"{}","B":["{}","{}"],"C":1795438800.25,"D":1796043600,"E":1795392000,"F":"{}"}}"#,
        arn("a-Zyxwvu"),
        arn("b-AbCdEf"),
        arn("a-Zyxwvu"),
        "x".repeat(70),
    );
    let expected = format!(
        r#"{{"ARN":"{}","B":["{}","{}"],"C":{{time}},"D":{{time+7d}},"E":{{today}},"F":"{{x*70}}"}}"#,
        arn("a-{suffix}"),
        arn("b-AbCdEf"),
        arn("a-{suffix}"),
    );
    assert_eq!(names.normalize(&body, now), expected);
    assert_eq!(names.resolve("a-{suffix} {é*3}{"), "a-Zyxwvu ééé{");
    let more = r#"{"Message":"It's \"RandomPassword\" 7.","RandomPassword":"a\"b"}"#;
    assert_eq!(
        names.normalize(more, now),
        r#"{"Message":"It's \"RandomPassword\" 7.","RandomPassword":"{password 3}"}"#
    );
}
