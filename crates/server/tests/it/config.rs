//! The configuration: what is accepted, what is refused and in which words.

use std::{
    ffi::OsString,
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use strongroom::{
    audit,
    config::{self, Config, ConfigError, Seal, TlsFiles},
    http::Limits,
    log::{Format, Level},
};
use strongroom_functions::{Sandbox, Settings};
use strongroom_types::Region;

const EXAMPLE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../deploy/strongroom.example.toml"
));

const SMALL: &str = "\
[[listener]]
address = \"127.0.0.1:7443\"
[store]
data_dir = \"DIR/data\"
[seal]
key_file = \"DIR/seal.key\"
";

#[test]
fn a_small_file_gets_the_defaults() {
    let files = Files::new();
    let config = files.load(SMALL, &[], &[]).unwrap();
    assert_eq!(
        config.listeners[0].address,
        "127.0.0.1:7443".parse().unwrap()
    );
    assert_eq!(config.listeners[0].tls, None);
    assert_eq!(config.data_dir, files.path("data"));
    assert_eq!(config.seal, Seal::KeyFile(files.path("seal.key")));
    assert_eq!(config.audit.directory, files.path("data/audit"));
    assert_eq!(config.audit.options, audit::Options::default());
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.deployment.account_id, None);
    assert_eq!(config.deployment.partition.as_str(), "aws");
    assert_eq!(config.deployment.regions.len(), Region::all().count());
    assert_eq!(config.log.level, Level::Info);
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn the_example_is_valid_and_shows_every_key_with_its_default() {
    let files = Files::new();
    let text = EXAMPLE
        .replace("/etc/strongroom", "DIR")
        .replace("/var/lib/strongroom", "DIR/data");
    let as_shown = files.load(&text, &[], &[]).unwrap();
    let tls = TlsFiles {
        certificate: files.path("tls.crt"),
        key: files.path("tls.key"),
    };
    assert_eq!(as_shown.listeners[0].tls, Some(tls));
    assert_eq!(as_shown.warnings, [""; 0]);

    // A `#` directly before a key makes its default a comment.
    let all: String = text
        .lines()
        .map(|line| {
            line.strip_prefix('#')
                .filter(|rest| !rest.starts_with(' '))
                .unwrap_or(line)
        })
        .filter(|line| !line.starts_with("key_environment"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut all = files.load(&all, &[], &[]).unwrap();
    assert_eq!(
        all.deployment.account_id,
        Some("111122223333".parse().unwrap())
    );
    assert_eq!(all.deployment.regions.len(), 2);
    all.deployment = as_shown.deployment.clone();
    // Nor have these a default that a line could show.
    assert!(all.outbound.certificate_authorities.is_some());
    all.outbound = as_shown.outbound.clone();
    assert!(all.listeners[0].vpc_endpoint.is_some());
    all.listeners = as_shown.listeners.clone();
    assert!(all.admin.is_some());
    all.admin = as_shown.admin;
    assert!(all.event_endpoints[0].pattern.is_some());
    assert!(!all.rules.is_empty());
    all.rules = as_shown.rules.clone();
    all.event_endpoints = as_shown.event_endpoints.clone();
    assert_eq!(all.function_endpoints[0].timeout_seconds, 30);
    all.function_endpoints = as_shown.function_endpoints.clone();
    assert!(all.audit.options.retention.is_some());
    all.audit.options.retention = as_shown.audit.options.retention;
    assert_eq!(all, as_shown);

    for (_, key) in config::keys() {
        assert!(
            EXAMPLE.lines().any(|line| line
                .trim_start_matches('#')
                .starts_with(&format!("{key} = "))),
            "the example does not show `{key}`"
        );
    }
}

#[test]
fn the_environment_overrides_the_file_and_flags_override_both() {
    let files = Files::new();
    let environment = [
        ("STRONGROOM_LOG_LEVEL", "debug"),
        ("STRONGROOM_LOG_FORMAT", "json"),
        ("STRONGROOM_LISTENER_ADDRESS", "[::1]:1"),
        ("STRONGROOM_DEPLOYMENT_ACCOUNT_ID", "123456789012"),
        ("STRONGROOM_DEPLOYMENT_REGIONS", "eu-central-1, us-east-1"),
        ("STRONGROOM_AUDIT_MAX_WAIT_MS", "500"),
        ("STRONGROOM_LISTENER_ALLOW_PLAINTEXT", "true"),
        ("HOME", "/root"),
    ];
    let flags = ["log.level=error", "limits.requests=7"];
    let config = files
        .load(
            &format!("{SMALL}[log]\nlevel = \"warn\"\n"),
            &environment,
            &flags,
        )
        .unwrap();
    assert_eq!(config.log.level, Level::Error);
    assert_eq!(config.log.format, Format::Json);
    assert_eq!(
        config.listeners[0].address,
        SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 1))
    );
    assert_eq!(
        config.deployment.account_id.unwrap().number(),
        123_456_789_012
    );
    assert_eq!(config.deployment.regions.len(), 2);
    assert_eq!(config.audit.options.max_wait, Duration::from_millis(500));
    assert_eq!(config.limits.requests, 7);
}

#[test]
fn the_environment_alone_will_do() {
    let files = Files::new();
    let data = files.path("data");
    let environment = [
        ("STRONGROOM_LISTENER_ADDRESS", "127.0.0.1:0"),
        ("STRONGROOM_STORE_DATA_DIR", data.to_str().unwrap()),
        ("STRONGROOM_SEAL_KEY_ENVIRONMENT", "STRONGROOM_SEAL_KEY"),
        ("STRONGROOM_SEAL_KEY", "secret"),
        ("STRONGROOM_CONFIG", "/etc/strongroom.toml"),
        ("STRONGROOM_PORT_443_TCP", "tcp://10.0.0.1:443"),
        ("STRONGROOM_LOG_LEVLE", "debug"),
    ];
    let config = files.load("", &environment, &[]).unwrap();
    assert_eq!(
        config.seal,
        Seal::Environment("STRONGROOM_SEAL_KEY".to_owned())
    );
    assert_eq!(
        config.warnings,
        ["STRONGROOM_LOG_LEVLE: means nothing; did you mean `STRONGROOM_LOG_LEVEL`?"]
    );
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let files = Files::new();
    fs::set_permissions(files.path("open.key"), fs::Permissions::from_mode(0o644)).unwrap();
    for (text, expected) in [
        ("[store\n", "DIR/c.toml:1: "),
        (
            "\n[stroe]\n",
            "DIR/c.toml:2: there is no section `stroe`; did you mean `store`?",
        ),
        (
            "[[listener]]\naddress = \"127.0.0.1:1\"\n[[listener]]\n\nadress = \"127.0.0.1:2\"\n",
            "DIR/c.toml:5: section `listener` has no key `adress`; did you mean `address`?",
        ),
        (
            "[log]\ncolour = true\n",
            "DIR/c.toml:2: section `log` has no key `colour`",
        ),
        (
            "[log]\n\nlevel = \"loud\"\n",
            "DIR/c.toml:3: unknown variant `loud`, expected one of ",
        ),
        (
            "[limits]\nrequests = \"many\"\n",
            "DIR/c.toml:2: invalid type: string \"many\", expected a whole number that is not negative",
        ),
        (
            "[limits]\nbody_seconds = 1.5\n",
            "DIR/c.toml:2: invalid type: floating point `1.5`, expected a whole number",
        ),
        (
            "",
            "DIR/c.toml: nothing to listen on; add a section `[[listener]]`",
        ),
        (
            "[[listener]]\naddress = \"127.0.0.1:1\"\n[admin]\naddress = \"9443\"\n",
            "DIR/c.toml:4: `9443` is no address",
        ),
        (
            "[[listener]]\naddress = \"127.0.0.1:1\"\n[admin]\naddress = \"0.0.0.0:9443\"\n",
            "DIR/c.toml:4: the operator's pages are plain HTTP without a signature",
        ),
        (
            "[[listener]]\n",
            "DIR/c.toml:1: a listener needs an `address`",
        ),
        (
            "[[listener]]\naddress = \"localhost\"\n",
            "DIR/c.toml:2: `localhost` is no address; write an IP address and a port",
        ),
        (
            "[[listener]]\naddress = \"127.0.0.1:1\"\n[[listener]]\naddress = \"0.0.0.0:7443\"\n",
            "DIR/c.toml:4: secrets would cross the network in clear text on `0.0.0.0:7443`; set ",
        ),
        (
            "[[listener]]\naddress = \"127.0.0.1:1\"\n[[listener]]\naddress = \"127.0.0.1:1\"\n",
            "DIR/c.toml:4: `127.0.0.1:1` is another listener's address already",
        ),
        (
            "[[listener]]\naddress = \"0.0.0.0:1\"\ntls_certificate = \"x\"\n",
            "DIR/c.toml:3: `tls_certificate` needs the `tls_key` that belongs to it",
        ),
        (
            "[[listener]]\naddress = \"0.0.0.0:1\"\ntls_certificate = \"x\"\ntls_key = \"DIR/none\"\n",
            "DIR/c.toml:4: cannot read `DIR/none`: No such file",
        ),
        (
            "[[listener]]\naddress = \"0.0.0.0:1\"\ntls_certificate = \"x\"\ntls_key = \"DIR/open.key\"\n",
            "DIR/c.toml:4: others can read or change the key in `DIR/open.key`; run `chmod 600 DIR/open.key`",
        ),
        (
            "L[store]\ndata_dir = \"\"\n",
            "DIR/c.toml:4: no place for the data",
        ),
        (
            "L[store]\ndata_dir = \"DIR/seal.key\"\n",
            "DIR/c.toml:4: `DIR/seal.key` is not a directory",
        ),
        (
            "LS",
            "DIR/c.toml: nothing to open the store with; set `key_file` or `key_environment`",
        ),
        ("LS[seal]\n", "DIR/c.toml:5: nothing to open the store with"),
        (
            "LS[seal]\nkey_environment = \"NONE\"\n",
            "DIR/c.toml:6: the environment variable `NONE` is not set",
        ),
        (
            "LS[seal]\nkey_file = \"x\"\nkey_environment = \"y\"\n",
            "DIR/c.toml:6: set either `key_environment` or `key_file`, not both",
        ),
        (
            "[deployment]\naccount_id = \"42\"\n",
            "DIR/c.toml:2: `42` is no account id; write exactly 12 digits, in quotes",
        ),
        (
            "[deployment]\nregions = [\"eu-cental-1\"]\n",
            "DIR/c.toml:2: `eu-cental-1` is no public AWS Region; did you mean `eu-central-1`?",
        ),
        (
            "[deployment]\nregions = []\n",
            "DIR/c.toml:2: no Region would be served",
        ),
        (
            "[deployment]\npartition = \"Gcp\"\n",
            "DIR/c.toml:2: `Gcp` is not an AWS partition; one of: ",
        ),
        (
            "LSK[limits]\nbody_bytes = 10\n",
            "DIR/c.toml:8: `body_bytes` is 10; it must be from 524288 to 67108864",
        ),
        (
            "LSK[audit]\nmax_wait_ms = 0\n",
            "DIR/c.toml:8: `max_wait_ms` is 0; it must be from 10 to 60000",
        ),
    ] {
        let text = text
            .replace("LSK", SMALL)
            .replace('L', "[[listener]]\naddress = \"127.0.0.1:1\"\n")
            .replace('S', "[store]\ndata_dir = \"DIR/data\"\n");
        let error = files.load(&text, &[], &[]).unwrap_err().to_string();
        let expected = files.fill(expected);
        assert!(error.starts_with(&expected), "{error}\nis not: {expected}");
    }
}

#[test]
fn settings_outside_of_the_file_are_named_too() {
    let files = Files::new();
    for (variable, flag, expected) in [
        (
            Some(("STRONGROOM_LIMITS_REQUESTS", "many")),
            None,
            "STRONGROOM_LIMITS_REQUESTS: invalid type: string \"many\"",
        ),
        (
            Some(("STRONGROOM_LIMITS_REQUESTS", "0")),
            None,
            "STRONGROOM_LIMITS_REQUESTS: `requests` is 0; it must be",
        ),
        (
            None,
            Some("store"),
            "--set store: write `section.key=value`",
        ),
        (
            None,
            Some("store.datadir=x"),
            "--set store.datadir=x: there is no key `store.datadir`; did you mean `store.data_dir`?",
        ),
        (
            None,
            Some("listener.address=0.0.0.0:1"),
            "--set listener.address: secrets would cross the network",
        ),
    ] {
        let (variable, flag): (Vec<_>, Vec<_>) =
            (variable.into_iter().collect(), flag.into_iter().collect());
        let error = files.load(SMALL, &variable, &flag).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\nis not: {expected}");
    }
    let two = format!("{SMALL}[[listener]]\naddress = \"127.0.0.1:2\"\n");
    let error = files
        .load(&two, &[], &["listener.address=127.0.0.1:3"])
        .unwrap_err();
    assert!(
        error.message.contains("several sections `listener`"),
        "{error}"
    );
}

#[test]
fn what_should_not_stay_so_is_warned_of() {
    let files = Files::new();
    fs::create_dir(files.path("data")).unwrap();
    fs::rename(files.path("seal.key"), files.path("data/seal.key")).unwrap();
    let text = SMALL
        .replace("seal.key", "data/seal.key")
        .replace("127.0.0.1:7443\"", "0.0.0.0:7443\"\nallow_plaintext = true");
    let warnings = files.load(&text, &[], &[]).unwrap().warnings;
    assert_eq!(warnings.len(), 2);
    assert!(warnings[0].starts_with(&files.fill("DIR/c.toml:3: `0.0.0.0:7443` answers in clear")));
    assert!(
        warnings[1].starts_with(&files.fill("DIR/c.toml:7: the key lies in the data directory"))
    );

    fs::set_permissions(files.path("data"), fs::Permissions::from_mode(0o777)).unwrap();
    let error = files.load(&text, &[], &[]).unwrap_err();
    assert!(
        error.message.contains("others can change the files in"),
        "{error}"
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("/none.toml"), [], &[]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/none.toml: cannot read the configuration: ")
    );
}

/// A directory with key files, and the configuration in it. `DIR` in a text
/// stands for the directory.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        for name in [
            "seal.key",
            "open.key",
            "siem.key",
            "appliance.token",
            "tls.crt",
            "tls.key",
        ] {
            fs::write(files.path(name), "").unwrap();
            fs::set_permissions(files.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn fill(&self, text: &str) -> String {
        text.replace("DIR", self.0.path().to_str().unwrap())
    }

    fn load(
        &self,
        text: &str,
        environment: &[(&str, &str)],
        flags: &[&str],
    ) -> Result<Config, ConfigError> {
        let path = self.path("c.toml");
        fs::write(&path, self.fill(text)).unwrap();
        let environment = environment
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let flags: Vec<_> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Config::load(&path, environment, &flags)
    }
}

#[test]
fn endpoints_that_cannot_be_functions_are_refused_with_what_to_do() {
    let files = Files::new();
    let sound = "name = \"rotate\"\naccount = \"111122223333\"\nurl = \"https://x\"\n\
                 token_file = \"DIR/seal.key\"\n";
    let with = |from: &str, to: &str| sound.replace(from, to);
    let twice = format!("{sound}regions = [\"eu-west-1\"]\n[[function_endpoint]]\n{sound}");
    for (section, expected) in [
        (
            with("\"rotate\"", "\"a b\""),
            "`a b` is no name for a function",
        ),
        (
            with("rotate", "SecretsManagerRDSMySQLRotationSingleUser"),
            "is a function that is built in; choose another name",
        ),
        (with("111122223333", "42"), "`42` is no account"),
        (
            with("https://x", "http://x"),
            "tokens would cross the network in clear text",
        ),
        (
            with("https://x", "https://u:p@x"),
            "leave user and password out of `url`",
        ),
        (
            with("https://x", "https://x/?a=b"),
            "leave the query out of `url`",
        ),
        (
            with("https://x", "syslog+tls://x"),
            "start `url` with https://",
        ),
        (with("DIR/seal.key", "DIR/none"), "cannot read `DIR/none`"),
        (
            format!("{sound}regions = [\"mars\"]\n"),
            "the Region `mars` is none that is served",
        ),
        (
            format!("{sound}timeout_seconds = 901\n"),
            "`timeout_seconds` is 901; it must be from 1 to 900",
        ),
        (
            format!("{sound}principals = [\"*\"]\n"),
            "`*` is no principal",
        ),
        (
            format!("{sound}principals = [\"bob\"]\n"),
            "`bob` is no principal",
        ),
        (
            twice,
            "the account 111122223333 has a function `rotate` already",
        ),
    ] {
        let text = format!("{SMALL}[[function_endpoint]]\n{section}");
        let error = files.load(&text, &[], &[]).unwrap_err().to_string();
        let expected = files.fill(expected);
        assert!(error.contains(&expected), "{error}");
    }
    let loaded = files.load(&format!("{SMALL}[[function_endpoint]]\n{sound}"), &[], &[]);
    assert_eq!(loaded.unwrap().function_endpoints.len(), 1);
}

#[test]
fn functions_run_as_the_operator_says() {
    let files = Files::new();
    let on = format!("{SMALL}[functions]\nenabled = true\nendpoint = \"https://x\"\n");
    let usual = files.load(&on, &[], &[]).unwrap().functions.unwrap();
    assert_eq!(usual.settings, Settings::default());
    let all = format!(
        "{on}sandbox = \"process-group\"\nbubblewrap = \"/opt/bwrap\"\nat_once = 4\n\
         interpreters = {{ \"python3.12\" = \"/opt/python\", nodejs = \"/opt/node\" }}\n"
    );
    let settings = files
        .load(&all, &[], &[])
        .unwrap()
        .functions
        .unwrap()
        .settings;
    assert_eq!(settings.sandbox, Sandbox::ProcessGroup);
    assert_eq!(settings.bubblewrap, Path::new("/opt/bwrap"));
    assert_eq!(settings.at_once, 4);
    assert_eq!(settings.interpreters.len(), 2);
    for (key, expected) in [
        ("sandbox = \"docker\"", "unknown variant `docker`"),
        ("bubblewrap = \"bwrap\"", "`bwrap` is no absolute path"),
        ("at_once = 0", "`at_once` is 0; it must be from 1 to 512"),
        (
            "at_once = 513",
            "`at_once` is 513; it must be from 1 to 512",
        ),
        (
            "interpreters = { java21 = \"/opt/java\" }",
            "`java21` is no runtime with an interpreter: write `python3.12`, `nodejs22.x`, or",
        ),
        (
            "interpreters = { \"provided.al2023\" = \"/opt/x\" }",
            "`provided.al2023` is no runtime with an interpreter",
        ),
        (
            "interpreters = { nodejs = \"node\" }",
            "`node` is no absolute path",
        ),
    ] {
        let error = files.load(&format!("{on}{key}\n"), &[], &[]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
