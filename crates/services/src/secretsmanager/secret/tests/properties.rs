use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, sample::select};

use super::*;

/// What may be done to a secret, versions by number.
#[derive(Clone, Debug)]
enum Step {
    BeginRotation(u8),
    Move(&'static str, Option<u8>, Option<u8>),
    Put(u8, Option<Vec<&'static str>>),
    Wait(i64),
}

const LABELS: &[&str] = &[
    AWSCURRENT,
    AWSPENDING,
    AWSPREVIOUS,
    "A",
    "B",
    "C",
    "D",
    "E",
    "F",
    "G",
    "H",
    "I",
    "J",
    "K",
    "L",
    "M",
    "N",
    "O",
    "P",
    "Q",
    "R",
    "S",
    "T",
    "U",
];

fn label() -> impl Strategy<Value = &'static str> {
    prop_oneof![select(&LABELS[..3]), select(LABELS)]
}

fn step() -> impl Strategy<Value = Step> {
    let id = || 0..8u8;
    let maybe_id = || proptest::option::weighted(0.8, 0..8u8);
    let labels = proptest::option::of(proptest::collection::vec(label(), 1..6));
    prop_oneof![
        1 => id().prop_map(Step::BeginRotation),
        5 => (label(), maybe_id(), maybe_id()).prop_map(|(label, from, to)| Step::Move(label, from, to)),
        5 => (id(), labels).prop_map(|(id, labels)| Step::Put(id, labels)),
        1 => (1..40i64).prop_map(|hours| Step::Wait(hours * DAY_MS / 24)),
    ]
}

/// The rules again, as plain as can be: where each label is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    labels: BTreeMap<&'static str, String>,
    valued: BTreeSet<String>,
}

impl Model {
    fn put(&mut self, id: &str, labels: Option<&[&'static str]>) {
        let mut set: BTreeSet<_> = labels.unwrap_or(&[AWSCURRENT]).iter().copied().collect();
        if self.valued.is_empty() {
            set.insert(AWSCURRENT);
        }
        let current = self
            .labels
            .get(AWSCURRENT)
            .filter(|current| *current != id)
            .cloned();
        if let (Some(current), true) = (current, set.contains(AWSCURRENT)) {
            self.labels.insert(AWSPREVIOUS, current);
        }
        self.labels
            .extend(set.into_iter().map(|label| (label, id.to_owned())));
        if labels.is_none()
            && self
                .labels
                .get(AWSPENDING)
                .is_some_and(|holder| holder != id)
        {
            self.labels.remove(AWSPENDING);
        }
        self.valued.insert(id.to_owned());
    }

    fn shift(&mut self, label: &'static str, to: Option<&str>) {
        let holder = self.labels.remove(label);
        if let Some(to) = to {
            self.labels.insert(label, to.to_owned());
            if let (AWSCURRENT, Some(holder)) = (label, holder)
                && holder != to
            {
                self.labels.insert(AWSPREVIOUS, holder);
            }
        }
    }

    fn of(secret: &Secret) -> Self {
        let mut model = Self::default();
        for version in &secret.versions {
            for held in &version.labels {
                let label = LABELS.iter().find(|label| *label == held).unwrap();
                let twice = model.labels.insert(label, version.id.clone());
                assert_eq!(twice, None, "{held} is on two versions");
            }
            if version.has_value {
                model.valued.insert(version.id.clone());
            }
        }
        model
    }
}

#[track_caller]
fn check_rules(secret: &Secret) {
    let model = Model::of(secret);
    assert!(model.labels.len() <= MAX_LABELS);
    if model.valued.is_empty() {
        assert_eq!(model.labels.get(AWSCURRENT), None);
    } else {
        assert!(
            model.valued.contains(&model.labels[AWSCURRENT]),
            "current has no value"
        );
    }
    for version in &secret.versions {
        assert!(
            version.has_value || !version.labels.is_empty(),
            "a version for nothing"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn whatever_is_done_the_rules_hold(steps in proptest::collection::vec(step(), 1..60)) {
        let id = |number: u8| format!("v{number}");
        let mut secret = Secret::default();
        let mut now_ms = 0;
        for step in steps {
            let before = secret.clone();
            let mut model = Model::of(&secret);
            match step {
                Step::Wait(ms) => now_ms += ms,
                Step::BeginRotation(number) => {
                    // RotateSecret will refuse what a rotation cannot begin with.
                    let labels = model.labels.len();
                    if secret.version(&id(number)).is_none() && labels < MAX_LABELS {
                        begin_rotation(&mut secret, &id(number));
                    }
                }
                Step::Put(number, labels) => {
                    let id = id(number);
                    let used = secret.version(&id).is_some_and(|version| version.has_value);
                    // Such a token is answered before the domain is asked.
                    if used {
                        continue;
                    }
                    model.put(&id, labels.as_deref());
                    match put(&mut secret, &id, labels.as_deref(), now_ms) {
                        Ok(added) => {
                            prop_assert_eq!(Model::of(&secret), model);
                            prop_assert_eq!(secret.last_changed_ms, now_ms);
                            prop_assert!(added.removed.is_empty());
                        }
                        Err(_) => {
                            prop_assert!(model.labels.len() > MAX_LABELS);
                            prop_assert_eq!(&secret, &before);
                        }
                    }
                }
                Step::Move(label, from, to) => {
                    let (from, to) = (from.map(id), to.map(id));
                    let (from, to) = (from.as_deref(), to.as_deref());
                    let done = secret.move_label(label, from, to, at(now_ms));
                    if done.is_err() {
                        prop_assert_eq!(&secret, &before);
                        continue;
                    }
                    let holder = model.labels.get(label).cloned();
                    prop_assert!(holder.as_deref() == from || holder.as_deref() == to);
                    model.shift(label, to);
                    prop_assert_eq!(&Model::of(&secret).labels, &model.labels);
                    // Once more changes nothing, if it is allowed at all.
                    let after = secret.clone();
                    let _ = secret.move_label(label, from, to, at(now_ms + 1));
                    prop_assert_eq!(&secret, &after);
                }
            }
            check_rules(&secret);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn room_is_made_by_the_oldest_that_nobody_labels(
        pauses in proptest::collection::vec(0..DAY_MS / 10, 250),
        keep in proptest::collection::vec(0..250usize, 0..10),
    ) {
        let mut secret = Secret::default();
        let mut now_ms = 0;
        for (n, pause) in pauses.into_iter().enumerate() {
            now_ms += pause;
            let before = secret.clone();
            let mine = format!("KEEP{n}");
            let labels = keep.contains(&n).then_some([AWSCURRENT, mine.as_str()]);
            let labels = labels.as_ref().map(|labels| labels.as_slice());
            match put(&mut secret, &format!("v{n}"), labels, now_ms) {
                Ok(added) => {
                    prop_assert!(secret.versions.len() <= MAX_VERSIONS);
                    let full = before.versions.len() == MAX_VERSIONS;
                    prop_assert_eq!(added.removed.len(), usize::from(full));
                    for id in added.removed {
                        let removed = before.version(&id).unwrap();
                        prop_assert!(removed.labels.is_empty());
                        prop_assert!(now_ms - removed.created_ms >= DAY_MS);
                        let older = before.versions.iter().filter(|version| {
                            version.labels.is_empty() && version.created_ms < removed.created_ms
                        });
                        prop_assert_eq!(older.count(), 0);
                    }
                }
                Err(_) => {
                    prop_assert_eq!(&secret, &before);
                    let removable = before.versions.iter().any(|version| {
                        version.labels.is_empty() && now_ms - version.created_ms >= DAY_MS
                    });
                    prop_assert!(!removable);
                }
            }
            check_bounds(&secret);
        }
    }
}

fn check_bounds(secret: &Secret) {
    let labels: Vec<_> = secret
        .versions
        .iter()
        .flat_map(|version| &version.labels)
        .collect();
    let distinct: BTreeSet<_> = labels.iter().collect();
    assert_eq!(labels.len(), distinct.len());
    assert!(labels.len() <= MAX_LABELS);
    assert!(secret.labelled(AWSCURRENT).is_some());
}
