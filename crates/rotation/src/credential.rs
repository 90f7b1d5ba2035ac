use strongroom_types::Sensitive;

use crate::{Document, StepError};

/// What logs in at a database, read from a secret.
pub struct Credential {
    /// A host name or address.
    pub host: String,
    /// The port, or the engine's.
    pub port: u16,
    /// The user.
    pub username: String,
    /// The user's password.
    pub password: Sensitive<String>,
    /// The database to connect to.
    pub dbname: Option<String>,
    /// Whether and how to use TLS.
    pub tls: TlsRule,
    /// The superuser's secret.
    pub master_arn: Option<String>,
}

/// The rule behind a secret's `ssl` member.
///
/// Source: the rotation function templates, `get_ssl_config`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsRule {
    /// `false`: never.
    Never,
    /// `true`: or the connection fails.
    Only,
    /// Anything else: tried first, then plain.
    Preferred,
}

/// What an engine's secrets look like.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The values of `engine`; errors name the first.
    pub engines: &'static [&'static str],
    /// Whether `engine` may be left out.
    pub engine_optional: bool,
    /// The port when there is none in the secret.
    pub port: u16,
    /// The database when there is none in the secret.
    pub dbname: Option<&'static str>,
}

impl Credential {
    /// # Errors
    /// [`StepError::Key`] for a member that is missing or an engine that is
    /// another.
    pub fn read(document: &Document, layout: &Layout) -> Result<Self, StepError> {
        match document.string("engine") {
            None if layout.engine_optional => {}
            None => {
                let missing = document.get("engine").is_none();
                return Err(if missing {
                    missing_key("engine")
                } else {
                    other_engine(layout)
                });
            }
            Some(engine) if layout.engines.contains(&engine.as_str()) => {}
            Some(_) => return Err(other_engine(layout)),
        }
        let text = |name| document.string(name).ok_or_else(|| missing_key(name));
        let host = text("host")?;
        // Drivers take such a host for the path of a socket.
        if host.is_empty()
            || !host.starts_with(|first: char| first.is_ascii_alphanumeric() || first == ':')
        {
            return Err(StepError::Value(
                "The secret's host isn't a host name or an address.".to_owned(),
            ));
        }
        let port = match document.get("port") {
            None | Some(serde_json::Value::Null) => Some(layout.port),
            Some(serde_json::Value::String(text)) => text.trim().parse().ok(),
            Some(number) => number.as_u64().and_then(|number| number.try_into().ok()),
        };
        let dbname = document.string("dbname").filter(|name| !name.is_empty());
        Ok(Self {
            host,
            port: port.ok_or_else(|| {
                StepError::Value("The secret's port isn't the number of a port.".to_owned())
            })?,
            username: text("username")?,
            password: Sensitive::new(text("password")?),
            dbname: dbname.or_else(|| layout.dbname.map(str::to_owned)),
            tls: TlsRule::of(document.get("ssl").as_ref()),
            master_arn: document.string("masterarn"),
        })
    }

    /// The two servers' names, unless this login and the other are for the
    /// same one. Another port of a host is another server, and whose it is
    /// nobody knows. Errors name the hosts, as the templates' do, and ports
    /// where those differ alone.
    pub(crate) fn servers_apart(&self, other: &Self) -> Option<(String, String)> {
        if self.host != other.host {
            return Some((self.host.clone(), other.host.clone()));
        }
        let name = |login: &Self| format!("{} (port {})", login.host, login.port);
        (self.port != other.port).then(|| (name(self), name(other)))
    }
}

impl TlsRule {
    fn of(ssl: Option<&serde_json::Value>) -> Self {
        match ssl {
            Some(serde_json::Value::Bool(true)) => Self::Only,
            Some(serde_json::Value::Bool(false)) => Self::Never,
            Some(serde_json::Value::String(text)) if text.eq_ignore_ascii_case("true") => {
                Self::Only
            }
            Some(serde_json::Value::String(text)) if text.eq_ignore_ascii_case("false") => {
                Self::Never
            }
            _ => Self::Preferred,
        }
    }
}

fn missing_key(name: &str) -> StepError {
    StepError::Key(format!("{name} key is missing from secret JSON"))
}

fn other_engine(layout: &Layout) -> StepError {
    let engine = layout.engines.first().copied().unwrap_or_default();
    StepError::Key(format!(
        "Database engine must be set to '{engine}' in order to use this rotation lambda"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout {
        engines: &["postgres", "aurora-postgresql"],
        engine_optional: false,
        port: 5432,
        dbname: Some("postgres"),
    };

    fn read(text: &str) -> Result<Credential, String> {
        let document = Document::parse(Sensitive::new(text.to_owned())).unwrap();
        Credential::read(&document, &LAYOUT).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_has_the_engines_default() {
        let login =
            read(r#"{"engine":"postgres","host":"db.example","username":"u","password":"p"}"#)
                .unwrap();
        assert_eq!(
            (login.port, login.dbname.as_deref()),
            (5432, Some("postgres"))
        );
        assert_eq!(login.tls, TlsRule::Preferred);
        for port in ["6543", "\"6543\""] {
            let login = read(&format!(
                r#"{{"engine":"aurora-postgresql","host":"h","username":"u","password":"p","port":{port}}}"#
            ));
            assert_eq!(login.unwrap().port, 6543);
        }
    }

    #[test]
    fn another_port_is_another_server() {
        let login = |more: &str| {
            let text =
                format!(r#"{{"engine":"postgres","username":"u","password":"p","host":{more}}}"#);
            read(&text).unwrap()
        };
        let db = login(r#""db""#);
        for same in [
            r#""db","port":5432"#,
            r#""db","port":"5432""#,
            r#""db","port":null"#,
        ] {
            assert_eq!(db.servers_apart(&login(same)), None, "{same}");
        }
        let names = |one: &str, other: &str| Some((one.to_owned(), other.to_owned()));
        let other = login(r#""db","port":5433"#);
        assert_eq!(
            db.servers_apart(&other),
            names("db (port 5432)", "db (port 5433)")
        );
        assert_eq!(db.servers_apart(&login(r#""d""#)), names("db", "d"));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (name, text) in [
            ("engine", r#"{"host":"h","username":"u","password":"p"}"#),
            (
                "host",
                r#"{"engine":"postgres","username":"u","password":"p"}"#,
            ),
            (
                "username",
                r#"{"engine":"postgres","host":"h","password":"p"}"#,
            ),
            (
                "password",
                r#"{"engine":"postgres","host":"h","username":"u"}"#,
            ),
        ] {
            let message = format!("{name} key is missing from secret JSON");
            assert_eq!(read(text).err(), Some(message));
        }
        assert_eq!(
            read(r#"{"engine":"mysql","host":"h","username":"u","password":"p"}"#)
                .err()
                .unwrap(),
            "Database engine must be set to 'postgres' in order to use this rotation lambda"
        );
    }

    #[test]
    fn a_host_is_no_path() {
        for host in ["/run/postgresql", "@abstract", "", " x"] {
            let text =
                format!(r#"{{"engine":"postgres","host":"{host}","username":"u","password":"p"}}"#);
            assert!(read(&text).err().unwrap().contains("host"), "{host}");
        }
    }

    #[test]
    fn the_rule_of_tls() {
        let rule = |ssl: &str| TlsRule::of(Some(&serde_json::from_str(ssl).unwrap()));
        for ssl in ["true", "\"true\"", "\"True\"", "\"TRUE\""] {
            assert_eq!(rule(ssl), TlsRule::Only, "{ssl}");
        }
        for ssl in ["false", "\"false\"", "\"False\""] {
            assert_eq!(rule(ssl), TlsRule::Never, "{ssl}");
        }
        for ssl in ["null", "1", "0", "\"yes\"", "\"\"", "[]", "{}"] {
            assert_eq!(rule(ssl), TlsRule::Preferred, "{ssl}");
        }
        assert_eq!(TlsRule::of(None), TlsRule::Preferred);
    }
}
