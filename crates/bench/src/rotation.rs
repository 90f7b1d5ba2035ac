//! Ten thousand secrets that fall due in the same minute: how long until all
//! are rotated, and what readers notice of it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::client::Connection;
use crate::load::{Load, Measured, for_each, join};
use crate::process::{Server, free_address};
use crate::run::start;
use crate::workload::{Call, Chance, Operation, Target, secret_name, token};

/// Connections that create secrets and ask for rotations.
const CONNECTIONS: u64 = 64;
/// Connections of the readers.
const READERS: u64 = 64;
/// A stretch of reads.
const STRETCH: Duration = Duration::from_secs(4);
/// How long all rotations may take.
const PATIENCE: Duration = Duration::from_secs(1800);
const FUNCTION: &str = "SecretsManagerElasticacheUserRotation";
const SUPERUSER: &str = "the-superuser";

/// What to measure.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) server: PathBuf,
    pub(crate) secrets: u64,
    /// Reads a second.
    pub(crate) reads: f64,
}

/// Rotates users of a Redis server, one for each secret, all asked for as fast
/// as the server takes it, and prints what came of it.
///
/// # Errors
///
/// When a server cannot be run, or not all secrets are rotated within half an
/// hour.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    let beside = plan.server.parent().unwrap_or(Path::new("."));
    let directory = tempfile::tempdir_in(beside)?;
    let redis = free_address()?;
    let users = directory.path().join("users.acl");
    let mut file = format!("user default on >{SUPERUSER} ~* &* +@all\n");
    for index in 0..plan.secrets {
        file.push_str(&format!("user app{index} on >first{index} ~* +ping\n"));
    }
    fs::write(&users, file)?;
    let mut command = Command::new("redis-server");
    command
        .args([
            "--bind",
            "127.0.0.1",
            "--port",
            &redis.port().to_string(),
            "--save",
            "",
        ])
        .arg("--dir")
        .arg(directory.path())
        .arg("--aclfile")
        .arg(&users);
    let _redis = Server::start(&mut command, redis, || true)?;

    let (server, target, _) = start(&plan.server, &directory)?;
    let master = create_master(&target, redis)?;
    let account = master.split(':').nth(4).ok_or("no account in the ARN")?;
    let function = format!(
        "arn:aws:lambda:{}:{account}:function:{FUNCTION}",
        target.region
    );
    for_each(&target, 0, plan.secrets, CONNECTIONS, |index, chance| {
        let login = login(
            redis,
            &format!("app{index}"),
            &format!("first{index}"),
            Some(&master),
        );
        Call::new(
            "CreateSecret",
            format!(
                r#"{{"Name":"{}","ClientRequestToken":"{}","SecretString":{login}}}"#,
                secret_name(index),
                token(chance)
            ),
        )
    })?;
    eprintln!("bench: {} secrets are there", plan.secrets);
    let read = |seed| {
        let load = Load {
            target: &target,
            operation: Operation::GetSecretValue,
            secrets: plan.secrets,
            connections: READERS,
            seed,
        };
        load.open(plan.reads, STRETCH)
    };
    read(1)?;
    let before = read(2)?;

    let cost = server.processor_time()?;
    let started = Instant::now();
    let done = AtomicBool::new(false);
    let (asked, rotated, during) = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            for_each(&target, 0, plan.secrets, CONNECTIONS, |index, _| {
                // No token that made a secret.
                let chance = &mut Chance::new(index.wrapping_add(plan.secrets) << 16);
                Call::new(
                    "RotateSecret",
                    format!(
                        r#"{{"SecretId":"{}","ClientRequestToken":"{}","RotationLambdaARN":"{function}"}}"#,
                        secret_name(index),
                        token(chance)
                    ),
                )
            })
        });
        let reading = scope.spawn(|| -> Result<Vec<Measured>> {
            let (mut stretches, mut seed) = (Vec::new(), 3);
            while !done.load(Ordering::Relaxed) {
                stretches.push(read(seed)?);
                seed += 1;
            }
            Ok(stretches)
        });
        let rotated = wait(&target, plan.secrets, started);
        done.store(true, Ordering::Relaxed);
        (join(asking), rotated, join(reading))
    });
    let (asked, rotated, during) = (asked?, rotated?, during?);
    let cost = server.processor_time()?.saturating_sub(cost);
    let settled = read(1_000)?;

    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let secrets = plan.secrets as f64;
    println!(
        "{} secrets of one Redis server, one user each",
        plan.secrets
    );
    println!("asked for in        {:>8.1} s", asked.as_secs_f64());
    println!(
        "all rotated in      {:>8.1} s, {:.0} a second",
        rotated.as_secs_f64(),
        secrets / rotated.as_secs_f64()
    );
    println!(
        "processor time      {:>8.1} ms a rotation, the reads beside it included",
        cost.as_secs_f64() * 1e3 / secrets
    );
    println!("GetSecretValue, {:.0}/s due", plan.reads);
    told("  before", &[before]);
    told("  during", &during);
    told("  after", &[settled]);
    server.stop()?;
    check(redis, plan.secrets)
}

fn told(when: &str, stretches: &[Measured]) {
    let mut all = crate::histogram::Histogram::new();
    let mut failures = 0;
    for stretch in stretches {
        all.merge(&stretch.latencies);
        failures += stretch.failures.count;
    }
    let millis = |per_mille| all.quantile(per_mille).as_secs_f64() * 1e3;
    println!(
        "{when:<10} p50 {:>8.2} ms, p99 {:>8.2} ms, {failures} of {} failed",
        millis(500),
        millis(990),
        all.total()
    );
}

/// A secret's value, quoted as JSON.
fn login(redis: SocketAddr, user: &str, password: &str, master: Option<&str>) -> String {
    let master = master.map_or(String::new(), |arn| format!(r#",\"masterarn\":\"{arn}\""#));
    format!(
        r#""{{\"engine\":\"redis\",\"host\":\"127.0.0.1\",\"port\":{},\"ssl\":false,\"username\":\"{user}\",\"password\":\"{password}\"{master}}}""#,
        redis.port()
    )
}

fn create_master(target: &Target, redis: SocketAddr) -> Result<String> {
    let login = login(redis, "default", SUPERUSER, None);
    let body = format!(
        r#"{{"Name":"superuser","ClientRequestToken":"00000000-0000-4000-8000-000000000000","SecretString":{login}}}"#
    );
    let mut connection = Connection::new(target.address);
    let status = connection.exchange(&target.request(&Call::new("CreateSecret", body))?)?;
    let answer = String::from_utf8_lossy(connection.body()).into_owned();
    let arn = answer
        .split(r#""ARN":""#)
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    match (status, arn) {
        (200, Some(arn)) => Ok(arn.to_owned()),
        _ => Err(format!("cannot create the superuser's secret: {answer}").into()),
    }
}

/// Waits until every secret has been rotated.
fn wait(target: &Target, secrets: u64, started: Instant) -> Result<Duration> {
    let mut connection = Connection::new(target.address);
    loop {
        let (mut next, mut rotated) = (None::<String>, 0);
        loop {
            let page = next.map_or(String::new(), |token| format!(r#","NextToken":"{token}""#));
            let call = Call::new("ListSecrets", format!(r#"{{"MaxResults":100{page}}}"#));
            connection.exchange(&target.request(&call)?)?;
            let answer = String::from_utf8_lossy(connection.body()).into_owned();
            rotated += answer.matches("\"LastRotatedDate\"").count();
            let token = answer.split(r#""NextToken":""#).nth(1);
            next = token
                .and_then(|rest| rest.split('"').next())
                .map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        let elapsed = started.elapsed();
        eprintln!(
            "bench: {rotated} rotated after {:.0} s",
            elapsed.as_secs_f64()
        );
        if u64::try_from(rotated).is_ok_and(|rotated| rotated >= secrets) {
            return Ok(elapsed);
        }
        if elapsed > PATIENCE {
            return Err(format!("only {rotated} of {secrets} secrets were rotated").into());
        }
        thread::sleep(Duration::from_secs(2));
    }
}

/// No user was lost.
fn check(redis: SocketAddr, secrets: u64) -> Result<()> {
    let mut stream = TcpStream::connect(redis)?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut ask = |words: &[&str]| -> Result<String> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        stream.write_all(command.as_bytes())?;
        let mut line = String::new();
        lines.read_line(&mut line)?;
        Ok(line)
    };
    ask(&["AUTH", "default", SUPERUSER])?;
    let count = ask(&["ACL", "LIST"])?;
    let users: u64 = count.trim_start_matches('*').trim().parse()?;
    if users != secrets + 1 {
        return Err(format!("{users} users are left of {secrets}").into());
    }
    Ok(())
}
