//! A host of functions, and what is asked of it.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use flate2::Crc;
use serde_json::Value;
use strongroom_functions::{Confinement, Host, Invocation, Job, Outcome, Runtime, Settings};
use strongroom_types::SystemClock;
use tempfile::TempDir;

/// The authorities of this machine.
pub const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A host with a directory that functions must not see.
pub struct World {
    pub host: Host,
    pub secret: PathBuf,
    pub environment: Vec<(String, String)>,
    _directory: TempDir,
}

impl World {
    pub fn new() -> Self {
        Self::confined(best())
    }

    pub fn confined(confinement: Confinement) -> Self {
        // As the server's own.
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        let secret = data.join("root.key");
        fs::write(&secret, "the key").unwrap();
        let host = Host::new(
            &data.join("functions"),
            Settings::default(),
            confinement,
            Arc::new(SystemClock),
            vec![data],
            &fs::read(BUNDLE).unwrap_or_default(),
        );
        Self {
            host: host.unwrap(),
            secret,
            environment: vec![("GREETING".to_owned(), "hello".to_owned())],
            _directory: directory,
        }
    }

    pub async fn run(&self, runtime: &str, files: &[(&str, &str)], event: Value) -> Invocation {
        self.run_for(runtime, files, event, Duration::from_secs(30))
            .await
    }

    pub async fn run_for(
        &self,
        runtime: &str,
        files: &[(&str, &str)],
        event: Value,
        timeout: Duration,
    ) -> Invocation {
        let zip = archive(files);
        let mut crc = Crc::new();
        crc.update(&zip);
        let job = Job {
            request_id: format!("11111111-1111-4111-8111-{:012}", crc.sum()),
            account: "111122223333".parse().unwrap(),
            name: "rotate",
            arn: "arn:aws:lambda:us-east-1:111122223333:function:rotate:live",
            version: "$LATEST",
            runtime: &Runtime::named(runtime).unwrap(),
            handler: "handler.main",
            files: self
                .host
                .unpack(&format!("{:08x}", crc.sum()), zip)
                .await
                .unwrap(),
            timeout,
            memory_mib: 128,
            environment: self.environment.clone(),
            payload: event.to_string().into_bytes(),
            client_context: Some(r#"{"custom":{"who":"a test"}}"#.to_owned()),
        };
        self.host.invoke(job).await.unwrap()
    }

    pub async fn python(&self, code: &str, event: Value) -> Invocation {
        self.run("python3.11", &[("handler.py", code)], event).await
    }
}

/// The best way to confine functions here.
pub fn best() -> Confinement {
    Settings::default().best()
}

/// An archive of stored files; `bootstrap` may be carried out.
pub fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, contents) in files {
        let mut crc = Crc::new();
        crc.update(contents.as_bytes());
        let offset = zip.len() as u32;
        let bytes = contents.len() as u32;
        let mode: u32 = if *name == "bootstrap" {
            0o100_755
        } else {
            0o100_644
        };
        let sizes: Vec<u8> = [crc.sum(), bytes, bytes]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect();
        zip.extend([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        zip.extend(&sizes);
        zip.extend((name.len() as u16).to_le_bytes());
        zip.extend([0, 0]);
        zip.extend(name.bytes().chain(contents.bytes()));
        directory.extend([0x50, 0x4b, 1, 2, 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        directory.extend(&sizes);
        directory.extend((name.len() as u16).to_le_bytes());
        directory.extend([0; 8]);
        directory.extend((mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (count, at, bytes) = (files.len() as u16, zip.len() as u32, directory.len() as u32);
    zip.extend(directory);
    zip.extend([0x50, 0x4b, 5, 6, 0, 0, 0, 0]);
    zip.extend(count.to_le_bytes());
    zip.extend(count.to_le_bytes());
    zip.extend(bytes.to_le_bytes());
    zip.extend(at.to_le_bytes());
    zip.extend([0, 0]);
    zip
}

#[track_caller]
pub fn answer(invocation: &Invocation) -> Value {
    match &invocation.outcome {
        Outcome::Answer(payload) => serde_json::from_slice(payload).unwrap(),
        failed => panic!("{failed:?}: {}", String::from_utf8_lossy(&invocation.log)),
    }
}

#[track_caller]
pub fn failure(invocation: &Invocation) -> (String, String, bool) {
    let Outcome::Failed {
        kind,
        payload,
        handled,
    } = &invocation.outcome
    else {
        panic!("{:?}", invocation.outcome);
    };
    let told: Value = serde_json::from_slice(payload).unwrap();
    (
        kind.clone(),
        told["errorMessage"].as_str().unwrap().to_owned(),
        *handled,
    )
}

/// Whether a process with this word in its command line, or as its name, is
/// running.
pub fn is_running(word: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let said = |process: fs::DirEntry| {
        let said = ["cmdline", "comm"].map(|name| fs::read(process.path().join(name)));
        said.into_iter().collect::<Result<Vec<_>, _>>().ok()
    };
    let mut lines = processes.filter_map(said).map(|said| said.concat());
    lines.any(|line| String::from_utf8_lossy(&line).contains(word))
}
