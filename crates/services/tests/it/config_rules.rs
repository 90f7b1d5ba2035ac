//! Rules that watch over secrets, with a clock that the test moves.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use strongroom_services::{
    config_rules::{Compliance, Configured, Finding, Parameters, RULES, Rules, schedule, watch},
    jobs::run_due,
    secretsmanager::{flush_accesses, rotation},
    tables::{Findings, Secrets},
};
use strongroom_store::Mode;

use crate::{
    client::{Client, FOREIGN, OWNER, add_row, outbox, policy, root, token, user},
    world::{ADMINISTRATOR, World},
};

const UNUSED: &str = "secretsmanager-secret-unused";
const PERIODIC: &str = "secretsmanager-secret-periodic-rotation";
const DELETION: &str = "secretsmanager-deletion-by-usual-principal";
const FOREIGN_ACCOUNT: &str = "secretsmanager-resource-policy-no-foreign-account";
const ROTATION: &str = "secretsmanager-rotation-enabled-check";
const SCHEDULED: &str = "secretsmanager-scheduled-rotation-success-check";
const TAGS: &str = "secretsmanager-access-tags-unchanged";
const FUNCTION: &str =
    "arn:aws:lambda:us-east-1:111122223333:function:SecretsManagerElasticacheUserRotation";

/// A deployment with all rules.
struct Watched {
    client: Client,
    /// Records that the rules were shown.
    shown: usize,
}

impl Watched {
    async fn new() -> Self {
        let mut world = World::new().await;
        let rules = RULES.iter().map(|rule| Configured {
            rule,
            criticality: rule.criticality,
            target: Vec::new(),
            parameters: Parameters {
                tags: vec!["team".to_owned()],
                days: rule.name.ends_with("rotation-enabled-check").then_some(10),
                ..Parameters::default()
            },
        });
        world.services.rules = Arc::new(Rules::new(rules.collect()));
        let world = Arc::new(world);
        let client = user(&world, OWNER, "admin", &[ADMINISTRATOR]).await;
        schedule(&world.services).await.unwrap();
        Self { client, shown: 0 }
    }

    fn world(&self) -> &Arc<World> {
        &self.client.world
    }

    async fn make(&self, name: &str) -> String {
        let input = json!({
            "Name": name, "SecretString": "v", "ClientRequestToken": token(name), "Tags": [{"Key": "team", "Value": "red"}],
        });
        let made = self.client.ok("CreateSecret", input).await;
        made["ARN"].as_str().unwrap().to_owned()
    }

    fn pass(&self, days: i64) {
        self.world()
            .clock
            .advance(SignedDuration::from_hours(24 * days));
    }

    /// What is due, and every new record of a change.
    async fn work(&mut self) {
        let services = &self.world().services;
        flush_accesses(services).await.unwrap();
        run_due(services).await.unwrap();
        let records = outbox(self.world()).await;
        for record in &records[self.shown..] {
            watch(services, record).await.unwrap();
        }
        self.shown = records.len();
    }

    async fn finding(&self, rule: &str, arn: &str) -> Option<Finding> {
        let mut tx = self.world().services.store.begin(Mode::Read).await.unwrap();
        let mut found = tx
            .range::<Findings>((), None, 10_000)
            .await
            .unwrap()
            .into_iter();
        let found = found.find(|(key, _)| key.2 == arn && key.3 == rule);
        found.map(|(_, finding)| finding)
    }

    #[track_caller]
    fn is(finding: Option<&Finding>, status: Compliance, annotation: &str) {
        let finding = finding.unwrap();
        assert_eq!(
            (finding.status(), finding.annotation.as_str()),
            (status, annotation)
        );
        assert_eq!(
            finding.resolved_ms.is_some(),
            status != Compliance::NonCompliant
        );
        assert!(finding.first_seen_ms > 0 && finding.last_seen_ms >= finding.first_seen_ms);
    }

    /// Old and new status of each change of compliance that was recorded.
    async fn changes(&self, rule: &str, arn: &str) -> Vec<(Option<String>, String)> {
        let records = outbox(self.world()).await;
        let records = records
            .iter()
            .map(|line| serde_json::from_slice::<Value>(line).unwrap());
        let details = records.filter_map(|mut record| {
            let is = record["eventName"] == "ComplianceChangeNotification";
            is.then(|| record["serviceEventDetails"].take())
        });
        let status = |result: &Value| result["complianceType"].as_str().map(str::to_owned);
        details
            .filter(|it| it["configRuleName"] == rule && it["resourceId"] == arn)
            .map(|it| {
                let new = status(&it["newEvaluationResult"]).unwrap();
                (status(&it["oldEvaluationResult"]), new)
            })
            .collect()
    }
}

fn change(old: Option<&str>, new: &str) -> (Option<String>, String) {
    (old.map(str::to_owned), new.to_owned())
}

#[tokio::test]
async fn a_secret_that_nobody_reads() {
    let mut all = Watched::new().await;
    let (read, unread) = (all.make("read").await, all.make("unread").await);
    all.work().await;
    all.pass(91);
    all.client.value("read").await;
    all.work().await;
    assert_eq!(all.finding(UNUSED, &read).await, None);
    let found = all.finding(UNUSED, &unread).await;
    let why = "The secret is 91 days old and was never read.";
    Watched::is(found.as_ref(), Compliance::NonCompliant, why);
    // Seen again, and said once.
    all.pass(1);
    all.work().await;
    let again = all.finding(UNUSED, &unread).await.unwrap();
    assert!(again.last_seen_ms > found.as_ref().unwrap().last_seen_ms);
    assert_eq!(again.first_seen_ms, found.unwrap().first_seen_ms);
    all.client.value("unread").await;
    all.pass(1);
    all.work().await;
    let mended = all.finding(UNUSED, &unread).await;
    assert_eq!(mended.unwrap().status(), Compliance::Compliant);
    all.pass(100);
    all.work().await;
    let again = all.finding(UNUSED, &unread).await;
    Watched::is(
        again.as_ref(),
        Compliance::NonCompliant,
        "The secret was last read 101 days ago.",
    );
    let (bad, good) = ("NON_COMPLIANT", "COMPLIANT");
    assert_eq!(
        all.changes(UNUSED, &unread).await,
        [
            change(None, bad),
            change(Some(bad), good),
            change(Some(good), bad)
        ]
    );
    // A secret that is to be deleted is no concern of the rule.
    all.client
        .ok("DeleteSecret", json!({"SecretId": unread}))
        .await;
    all.work().await;
    let gone = all.finding(UNUSED, &unread).await.unwrap();
    assert_eq!(gone.status(), Compliance::NotApplicable);
}

#[tokio::test]
async fn a_secret_that_is_not_rotated() {
    let mut all = Watched::new().await;
    let arn = all.make("a").await;
    all.work().await;
    assert_eq!(all.finding(PERIODIC, &arn).await, None);
    Watched::is(
        all.finding(ROTATION, &arn).await.as_ref(),
        Compliance::NonCompliant,
        "The secret does not rotate.",
    );
    let rules = |days: i64| {
        json!({
            "SecretId": arn, "RotationLambdaARN": FUNCTION, "RotateImmediately": false,
            "ClientRequestToken": token(days),
            "RotationRules": {"AutomaticallyAfterDays": days},
        })
    };
    all.client.ok("RotateSecret", rules(11)).await;
    // The test of the function fails, and with that it is over.
    rotation::run_due(&all.world().services).await.unwrap();
    all.work().await;
    let why = "The secret rotates every 11 days; at most 10 are allowed.";
    Watched::is(
        all.finding(ROTATION, &arn).await.as_ref(),
        Compliance::NonCompliant,
        why,
    );
    all.client.ok("RotateSecret", rules(10)).await;
    rotation::run_due(&all.world().services).await.unwrap();
    all.work().await;
    assert_eq!(
        all.finding(ROTATION, &arn).await.unwrap().status(),
        Compliance::Compliant
    );
    assert_eq!(all.finding(SCHEDULED, &arn).await, None);

    all.pass(92);
    all.work().await;
    let overdue = all.finding(SCHEDULED, &arn).await.unwrap();
    assert!(
        overdue
            .annotation
            .starts_with("The rotation that was due until 2026-1"),
        "{overdue:?}"
    );
    let old = all.finding(PERIODIC, &arn).await.unwrap();
    assert_eq!(old.status(), Compliance::NonCompliant);
    assert!(
        old.annotation.ends_with("days old and was never rotated."),
        "{old:?}"
    );

    // As after a rotation.
    let now = all.world().services.clock.now().as_millisecond();
    let mut tx = all.world().services.store.begin(Mode::Write).await.unwrap();
    let (key, mut secret) = tx.range::<Secrets>((), None, 1).await.unwrap().remove(0);
    let rotation = secret.rotation.as_mut().unwrap();
    rotation.last_rotated_ms = Some(now);
    rotation.window_end_ms = Some(now + 1_000_000_000);
    tx.put::<Secrets>(&key, &secret).unwrap();
    tx.commit(Vec::new()).await.unwrap();
    all.pass(1);
    all.work().await;
    for rule in [SCHEDULED, PERIODIC] {
        let mended = all.finding(rule, &arn).await.unwrap();
        assert_eq!(mended.status(), Compliance::Compliant, "{rule}");
    }
}

#[tokio::test]
async fn the_root_user_deletes() {
    let mut all = Watched::new().await;
    let (arn, own) = (all.make("a").await, all.make("b").await);
    root(all.world(), OWNER)
        .ok("DeleteSecret", json!({"SecretId": "a"}))
        .await;
    all.client
        .ok("DeleteSecret", json!({"SecretId": "b"}))
        .await;
    all.work().await;
    let why = format!("The secret was deleted by the root user arn:aws:iam::{OWNER}:root.");
    Watched::is(
        all.finding(DELETION, &arn).await.as_ref(),
        Compliance::NonCompliant,
        &why,
    );
    assert_eq!(all.finding(DELETION, &own).await, None);
    // Whoever looks later changes nothing.
    all.pass(1);
    all.work().await;
    let still = all.finding(DELETION, &arn).await;
    assert_eq!(still.unwrap().status(), Compliance::NonCompliant);
    all.client
        .ok("RestoreSecret", json!({"SecretId": "a"}))
        .await;
    all.work().await;
    assert_eq!(
        all.finding(DELETION, &arn).await.unwrap().status(),
        Compliance::Compliant
    );
    root(all.world(), OWNER)
        .ok("DeleteSecret", json!({"SecretId": "a"}))
        .await;
    all.work().await;
    all.pass(31);
    all.work().await;
    let gone = all.finding(DELETION, &arn).await.unwrap();
    assert_eq!(gone.status(), Compliance::NotApplicable);
    // And is forgotten some time.
    all.pass(91);
    all.work().await;
    assert_eq!(all.finding(DELETION, &arn).await, None);
}

#[tokio::test]
async fn another_account_s_user_by_name_and_trusted_accounts() {
    let mut all = Watched::new().await;
    let arn = all.make("a").await;
    let name = strongroom_services::iam::PrincipalName {
        account: FOREIGN,
        role: false,
        name: "eve".to_owned(),
    };
    user(all.world(), FOREIGN, "eve", &[]).await;
    let id = crate::client::user_id(FOREIGN, "eve");
    add_row::<strongroom_services::tables::PrincipalNames>(all.world(), (id,), name).await;
    let document = policy(&json!({
        "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*",
        "Principal": {"AWS": format!("arn:aws:iam::{FOREIGN}:user/eve")},
    }));
    let put = json!({"SecretId": "a", "ResourcePolicy": document});
    all.client.ok("PutResourcePolicy", put).await;
    all.work().await;
    let found = all.finding(FOREIGN_ACCOUNT, &arn).await;
    let why = format!("The resource policy lets in user eve of account {FOREIGN}.");
    Watched::is(found.as_ref(), Compliance::NonCompliant, &why);
}

#[tokio::test]
async fn a_look_again_and_a_restart_say_nothing_twice() {
    let mut all = Watched::new().await;
    let arn = all.make("a").await;
    all.work().await;
    let tag = json!({"SecretId": "a", "Tags": [{"Key": "team", "Value": "blue"}]});
    all.client.ok("TagResource", tag).await;
    all.work().await;
    let found = all.finding(TAGS, &arn).await.unwrap();
    assert!(
        found
            .annotation
            .starts_with("team=red became team=blue, after TagResource by ")
    );
    // All records once more, and sweeps of another process.
    all.shown = 0;
    all.work().await;
    schedule(&all.world().services).await.unwrap();
    all.work().await;
    assert_eq!(
        all.finding(TAGS, &arn).await.unwrap().annotation,
        found.annotation
    );
    assert_eq!(
        all.changes(TAGS, &arn).await,
        [change(None, "NON_COMPLIANT")]
    );
}

#[tokio::test]
async fn a_sweep_goes_through_more_secrets_than_it_takes_at_once() {
    let all = Watched::new().await;
    for number in 0..1_250 {
        let input = json!({"Name": format!("s{number:04}"), "ClientRequestToken": token(number)});
        all.client.ok("CreateSecret", input).await;
    }
    run_due(&all.world().services).await.unwrap();
    all.world().clock.advance(SignedDuration::from_secs(1));
    run_due(&all.world().services).await.unwrap();
    let mut tx = all.world().services.store.begin(Mode::Read).await.unwrap();
    let found = tx.range::<Findings>((), None, 100_000).await.unwrap();
    let open = found.iter().filter(|(key, finding)| {
        key.3 == "required-tags" && finding.status() == Compliance::NonCompliant
    });
    assert_eq!(open.count(), 1_250);
}
