//! A secret in memory, and rotations of it.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use serde_json::Value;
use strongroom_rotation::{
    Call, Description, Environment, Home, Hosts, PasswordRules, Step, StepError, Template, Trust,
};
use strongroom_types::Sensitive;

/// A version's value and its labels.
type Version = (Option<String>, Vec<String>);

pub const SECRET: &str = "arn:aws:secretsmanager:us-east-1:111122223333:secret:app-AbCdEf";
pub const MASTER: &str = "arn:aws:secretsmanager:us-east-1:111122223333:secret:root-AbCdEf";

/// A secret's versions, and those of its superuser's secret.
#[derive(Default)]
pub struct Secrets {
    versions: Mutex<BTreeMap<String, Version>>,
    master: Mutex<Option<String>>,
    passwords: AtomicU32,
    /// Every password that was made, for none may be told.
    pub made: Mutex<Vec<String>>,
    /// The next password is this one.
    pub next_password: Mutex<Option<String>>,
}

/// A secret, a template, and what it may use.
pub struct Rotation {
    pub secrets: Secrets,
    pub template: Template,
    pub trust: Trust,
    pub hosts: Hosts,
    rounds: AtomicU32,
}

impl Rotation {
    pub fn new(template: Template, ca_pem: &str, value: &Value, master: Option<&Value>) -> Self {
        let secrets = Secrets::default();
        let version = (Some(value.to_string()), vec!["AWSCURRENT".to_owned()]);
        secrets
            .versions
            .lock()
            .unwrap()
            .insert("v0".to_owned(), version);
        *secrets.master.lock().unwrap() = master.map(Value::to_string);
        Self {
            secrets,
            template,
            trust: Trust::from_pem(ca_pem.as_bytes()).unwrap(),
            hosts: Hosts::default(),
            rounds: AtomicU32::new(0),
        }
    }

    /// Begins a rotation; its token.
    pub fn begin(&self) -> String {
        let token = format!("v{}", 1 + self.rounds.fetch_add(1, Ordering::Relaxed));
        let mut versions = self.secrets.versions.lock().unwrap();
        versions.insert(token.clone(), (None, Vec::new()));
        attach(&mut versions, "AWSPENDING", &token);
        token
    }

    pub async fn step(&self, step: Step, token: &str) -> Result<(), StepError> {
        let call = Call {
            environment: &Environment::default(),
            home: &self.secrets,
            hosts: &self.hosts,
            trust: &self.trust,
            secret_id: SECRET,
            token,
        };
        let done = self.template.run(step, &call).await;
        if let Err(error) = &done {
            let text = format!("{error} {error:?}");
            for password in self.secrets.made.lock().unwrap().iter() {
                assert!(!text.contains(password), "a password is told: {text}");
            }
        }
        done
    }

    /// All four steps.
    pub async fn finish(&self, token: &str) -> Result<(), (Step, StepError)> {
        for step in Step::ALL {
            self.step(step, token)
                .await
                .map_err(|error| (step, error))?;
        }
        Ok(())
    }

    /// A whole rotation that must succeed.
    pub async fn rotate(&self) {
        let token = self.begin();
        self.finish(&token).await.unwrap();
    }

    /// What applications read.
    pub fn current(&self) -> Value {
        self.secrets.labelled("AWSCURRENT").unwrap()
    }

    pub fn previous(&self) -> Value {
        self.secrets.labelled("AWSPREVIOUS").unwrap()
    }

    pub fn pending(&self) -> Value {
        self.secrets.labelled("AWSPENDING").unwrap()
    }

    pub fn set_master(&self, value: &Value) {
        *self.secrets.master.lock().unwrap() = Some(value.to_string());
    }

    /// Puts another value in the place of a version's.
    pub fn overwrite(&self, token: &str, value: &Value) {
        let mut versions = self.secrets.versions.lock().unwrap();
        versions.get_mut(token).unwrap().0 = Some(value.to_string());
    }
}

type Versions = BTreeMap<String, (Option<String>, Vec<String>)>;

fn attach(versions: &mut Versions, label: &str, token: &str) {
    for (_, labels) in versions.values_mut() {
        labels.retain(|held| held != label);
    }
    versions.get_mut(token).unwrap().1.push(label.to_owned());
}

impl Secrets {
    fn labelled(&self, label: &str) -> Option<Value> {
        let versions = self.versions.lock().unwrap();
        let has = |labels: &Vec<String>| labels.iter().any(|held| held == label);
        let (value, _) = versions.values().find(|(_, labels)| has(labels))?;
        serde_json::from_str(value.as_deref()?).ok()
    }
}

impl Home for Secrets {
    async fn describe_secret(&self, secret_id: &str) -> Result<Description, StepError> {
        assert_eq!(secret_id, SECRET);
        let versions = self.versions.lock().unwrap();
        let labels = versions
            .iter()
            .map(|(id, (_, labels))| (id.clone(), labels.clone()));
        Ok(Description {
            rotation_enabled: Some(true),
            version_ids_to_stages: labels.filter(|(_, labels)| !labels.is_empty()).collect(),
        })
    }

    async fn get_secret_value(
        &self,
        secret_id: &str,
        version_id: Option<&str>,
        version_stage: &str,
    ) -> Result<Option<Sensitive<String>>, StepError> {
        if secret_id == MASTER {
            return Ok(self.master.lock().unwrap().clone().map(Sensitive::new));
        }
        assert_eq!(secret_id, SECRET);
        let versions = self.versions.lock().unwrap();
        let found = versions.iter().find(|(id, (_, labels))| {
            version_id.is_none_or(|wanted| wanted == *id)
                && labels.iter().any(|held| held == version_stage)
        });
        Ok(found
            .and_then(|(_, (value, _))| value.clone())
            .map(Sensitive::new))
    }

    async fn put_pending_value(
        &self,
        secret_id: &str,
        token: &str,
        value: Sensitive<String>,
    ) -> Result<(), StepError> {
        assert_eq!(secret_id, SECRET);
        let mut versions = self.versions.lock().unwrap();
        versions.get_mut(token).unwrap().0 = Some(value.expose().clone());
        attach(&mut versions, "AWSPENDING", token);
        Ok(())
    }

    async fn make_current(
        &self,
        secret_id: &str,
        token: &str,
        instead_of: Option<&str>,
    ) -> Result<(), StepError> {
        assert_eq!(secret_id, SECRET);
        let mut versions = self.versions.lock().unwrap();
        attach(&mut versions, "AWSCURRENT", token);
        attach(&mut versions, "AWSPREVIOUS", instead_of.unwrap());
        Ok(())
    }

    async fn get_random_password(
        &self,
        rules: &PasswordRules,
    ) -> Result<Sensitive<String>, StepError> {
        let number = self.passwords.fetch_add(1, Ordering::Relaxed);
        // Every character that may appear, from a place that moves on.
        let allowed: Vec<char> = ('!'..='~')
            .filter(|letter| !rules.exclude_characters.contains(*letter))
            .collect();
        let letter = |place: u32| {
            let place = (u64::from(number) * 7919 + u64::from(place) * 31) as usize;
            allowed[place % allowed.len()]
        };
        let made: String = (0..rules.length).map(letter).collect();
        let password = self.next_password.lock().unwrap().take().unwrap_or(made);
        self.made.lock().unwrap().push(password.clone());
        Ok(Sensitive::new(password))
    }
}
