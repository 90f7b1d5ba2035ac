use std::path::Path;

/// A transcript, as it stands in its file.
pub(super) struct Transcript {
    text: String,
    requests: Vec<Request>,
}

/// A request of a transcript.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// An operation, or a method and a path.
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// The service, by its name in credential scopes.
    pub(super) service: String,
    /// Whether it only sets the scene.
    pub(super) is_given: bool,
    /// The reply's first line.
    reply: Option<String>,
}

impl Transcript {
    pub(super) fn parse(text: &str, path: &Path) -> Self {
        let at = path.display();
        let mut head = text.lines();
        for name in ["origin: ", "date: "] {
            let line = head.next().unwrap_or_default();
            assert!(line.starts_with(name), "{at} begins without `{name}`");
        }
        let mut requests: Vec<Request> = Vec::new();
        let mut last = ' ';
        for line in head {
            let mark = line.chars().next().unwrap_or(' ');
            let rest = line.get(2..).unwrap_or_default();
            match mark {
                '>' | '=' => {
                    if mark != last {
                        requests.push(Request {
                            line: rest.to_owned(),
                            is_given: mark == '=',
                            ..Request::default()
                        });
                    } else if let Some(request) = requests.last_mut() {
                        request.add(rest);
                    }
                }
                '<' if last == '>' => {
                    if let Some(request) = requests.last_mut() {
                        request.reply = Some(rest.to_owned());
                    }
                }
                '<' if last == '<' => {}
                '#' | ' ' => {}
                _ => panic!("{at}: what is `{line}`?"),
            }
            last = mark;
        }
        assert!(!requests.is_empty(), "{at} has no request");
        let own = service_of(path);
        for request in &mut requests {
            let service = request.header("service").unwrap_or(own).to_owned();
            request.service = service;
        }
        Self {
            text: text.to_owned(),
            requests,
        }
    }

    pub(super) fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter()
    }

    /// All that is not a reply.
    pub(super) fn text(&self) -> String {
        let lines = self.text.lines().filter(|line| !line.starts_with('<'));
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// The file with these replies to its requests.
    pub(super) fn with_replies(&self, replies: &[String]) -> String {
        let mut replies = replies.iter();
        let mut written = String::new();
        let mut lines = self.text.lines().peekable();
        while let Some(line) = lines.next() {
            if line.starts_with('<') {
                continue;
            }
            written += line;
            written += "\n";
            let ends = !lines.peek().is_some_and(|next| next.starts_with('>'));
            if line.starts_with('>') && ends {
                written += replies.next().unwrap();
            }
        }
        written
    }
}

/// The service whose operation a transcript tells of. What no operation gets
/// to see is shown with requests to Secrets Manager.
fn service_of(path: &Path) -> &str {
    let names: Vec<&str> = path.iter().filter_map(|name| name.to_str()).collect();
    match names.as_slice() {
        [.., "wire", service, _, _] => service,
        _ => "secretsmanager",
    }
}

impl Request {
    fn add(&mut self, line: &str) {
        let header = line.split_once(": ").filter(|(name, _)| {
            let of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            self.body.is_empty() && !name.is_empty() && name.chars().all(of_name)
        });
        if let Some((name, value)) = header {
            self.headers.push((name.to_owned(), value.to_owned()));
            return;
        }
        if !self.body.is_empty() {
            self.body += "\n";
        }
        self.body += line;
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// The status of the reply as it is written.
    pub(super) fn status(&self) -> Option<u16> {
        self.reply.as_ref()?.split(' ').next()?.parse().ok()
    }
}
