use std::collections::BTreeMap;

use super::*;
use crate::operation::ServiceError as _;

mod properties;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Labels by version, as DescribeSecret shows them.
fn stages(secret: &Secret) -> Vec<(&str, Vec<String>)> {
    let versions = secret.versions.iter();
    versions
        .map(|version| (version.id.as_str(), version.sorted_labels()))
        .collect()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

fn owned(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

fn put(secret: &mut Secret, id: &str, labels: Option<&[&str]>, now_ms: i64) -> Result<Added> {
    let new = NewVersion {
        id: id.to_owned(),
        labels: labels.map(owned),
        kms_key_id: None,
    };
    secret.add_version(new, at(now_ms))
}

/// What RotateSecret begins with: AWSPENDING on a version without a value.
fn begin_rotation(secret: &mut Secret, id: &str) {
    if secret.version(id).is_none() {
        secret.versions.push(Version {
            id: id.to_owned(),
            ..Version::default()
        });
    }
    secret.attach(AWSPENDING, id);
}

/// A secret with these versions, the first made first.
fn secret(versions: &[(&str, &[&str])]) -> Secret {
    let versions = versions.iter().map(|(id, labels)| Version {
        id: (*id).to_owned(),
        labels: owned(labels),
        has_value: true,
        ..Version::default()
    });
    Secret {
        versions: versions.collect(),
        ..Secret::default()
    }
}

mod movement {
    use super::*;

    /// Puts into a secret and compares what is then where.
    #[track_caller]
    fn check(
        before: &[(&str, &[&str])],
        id: &str,
        labels: Option<&[&str]>,
        after: &[(&str, &[&str])],
    ) {
        let mut secret = secret(before);
        put(&mut secret, id, labels, 1).unwrap();
        let after: Vec<_> = after
            .iter()
            .map(|(id, labels)| (*id, owned(labels)))
            .collect();
        assert_eq!(stages(&secret), after);
    }

    #[test]
    fn the_first_value_is_current_whatever_was_asked() {
        check(&[], "v1", None, &[("v1", &[AWSCURRENT])]);
        check(&[], "v1", Some(&["MINE"]), &[("v1", &[AWSCURRENT, "MINE"])]);
        check(
            &[],
            "v1",
            Some(&[AWSPENDING]),
            &[("v1", &[AWSCURRENT, AWSPENDING])],
        );
    }

    #[test]
    fn a_new_value_without_labels_becomes_current() {
        check(
            &[("v1", &[AWSCURRENT])],
            "v2",
            None,
            &[("v1", &[AWSPREVIOUS]), ("v2", &[AWSCURRENT])],
        );
        check(
            &[("v1", &[AWSPREVIOUS]), ("v2", &[AWSCURRENT])],
            "v3",
            None,
            &[("v1", &[]), ("v2", &[AWSPREVIOUS]), ("v3", &[AWSCURRENT])],
        );
    }

    #[test]
    fn current_among_other_labels_moves_with_them() {
        check(
            &[("v1", &[AWSCURRENT, "MINE"])],
            "v2",
            Some(&["MINE", AWSCURRENT]),
            &[("v1", &[AWSPREVIOUS]), ("v2", &[AWSCURRENT, "MINE"])],
        );
    }

    #[test]
    fn other_labels_move_alone() {
        let before: &[(&str, &[&str])] = &[("v1", &[AWSPREVIOUS, "MINE"]), ("v2", &[AWSCURRENT])];
        check(
            before,
            "v3",
            Some(&["MINE", "YOURS"]),
            &[
                ("v1", &[AWSPREVIOUS]),
                ("v2", &[AWSCURRENT]),
                ("v3", &["MINE", "YOURS"]),
            ],
        );
        // AWSPREVIOUS is a label like others, when it is named.
        check(
            before,
            "v3",
            Some(&[AWSPREVIOUS]),
            &[
                ("v1", &["MINE"]),
                ("v2", &[AWSCURRENT]),
                ("v3", &[AWSPREVIOUS]),
            ],
        );
    }

    #[test]
    fn every_label_asked_for_is_on_the_version_in_whatever_order() {
        for labels in [[AWSCURRENT, AWSPREVIOUS], [AWSPREVIOUS, AWSCURRENT]] {
            check(
                &[("v1", &[AWSCURRENT])],
                "v2",
                Some(&labels),
                &[("v1", &[]), ("v2", &[AWSCURRENT, AWSPREVIOUS])],
            );
        }
    }

    #[test]
    fn pending_moves_off_the_current_version() {
        check(
            &[("v1", &[AWSCURRENT, AWSPENDING])],
            "v2",
            Some(&[AWSPENDING]),
            &[("v1", &[AWSCURRENT]), ("v2", &[AWSPENDING])],
        );
    }

    #[test]
    fn a_value_set_by_hand_abandons_a_rotation() {
        let mut secret = secret(&[("v1", &[AWSCURRENT]), ("v2", &[AWSPENDING])]);
        let added = put(&mut secret, "v3", None, 1).unwrap();
        assert!(added.abandoned_rotation);
        let after = [
            ("v1", owned(&[AWSPREVIOUS])),
            ("v2", vec![]),
            ("v3", owned(&[AWSCURRENT])),
        ];
        assert_eq!(stages(&secret), after);
    }

    #[test]
    fn an_abandoned_version_without_a_value_is_gone() {
        let mut secret = secret(&[("v1", &[AWSCURRENT])]);
        begin_rotation(&mut secret, "v2");
        assert!(put(&mut secret, "v3", None, 1).unwrap().abandoned_rotation);
        let after = [("v1", owned(&[AWSPREVIOUS])), ("v3", owned(&[AWSCURRENT]))];
        assert_eq!(stages(&secret), after);
    }

    #[test]
    fn a_rotation_fills_its_empty_version() {
        let mut secret = secret(&[("v1", &[AWSCURRENT])]);
        begin_rotation(&mut secret, "v2");
        let added = put(&mut secret, "v2", Some(&[AWSPENDING]), 7).unwrap();
        assert_eq!(added, Added::default());
        let after = [("v1", owned(&[AWSCURRENT])), ("v2", owned(&[AWSPENDING]))];
        assert_eq!(stages(&secret), after);
        let filled = secret.version("v2").unwrap();
        assert!(filled.has_value);
        assert_eq!(filled.created_ms, 7);
    }

    /// Recorded from the live service.
    #[test]
    fn the_recorded_sequence() {
        let mut secret = Secret::default();
        put(&mut secret, "v1", None, 1).unwrap();
        put(&mut secret, "v2", Some(&[AWSPENDING]), 2).unwrap();
        secret
            .move_label(AWSCURRENT, Some("v1"), Some("v2"), at(3))
            .unwrap();
        let after = [
            ("v1", owned(&[AWSPREVIOUS])),
            ("v2", owned(&[AWSCURRENT, AWSPENDING])),
        ];
        assert_eq!(stages(&secret), after);

        let added = put(&mut secret, "v3", None, 4).unwrap();
        let after = [
            ("v1", vec![]),
            ("v2", owned(&[AWSPREVIOUS])),
            ("v3", owned(&[AWSCURRENT])),
        ];
        assert_eq!(stages(&secret), after);
        // The rotation had ended: its version was current.
        assert!(!added.abandoned_rotation);
    }
}

mod moving {
    use super::*;

    /// A version and its labels.
    type Labels<'a> = (&'a str, &'a [&'a str]);

    const BEFORE: &[Labels] = &[
        ("old", &["MINE"]),
        ("prev", &[AWSPREVIOUS]),
        ("cur", &[AWSCURRENT]),
        ("pend", &[AWSPENDING]),
    ];

    /// Moves a label of [`BEFORE`]. What is wanted is either the versions
    /// whose labels changed, or code and message.
    #[track_caller]
    fn check(
        label: &str,
        from: Option<&str>,
        to: Option<&str>,
        want: std::result::Result<&[Labels], (&str, &str)>,
    ) {
        let before = secret(BEFORE);
        let mut secret = before.clone();
        let done = secret.move_label(label, from, to, at(9));
        match want {
            Ok(changed) => {
                done.unwrap();
                let mut wanted: BTreeMap<_, _> = stages(&before).into_iter().collect();
                wanted.extend(changed.iter().map(|(id, labels)| (*id, owned(labels))));
                assert_eq!(
                    stages(&secret).into_iter().collect::<BTreeMap<_, _>>(),
                    wanted
                );
                assert_eq!(
                    secret.last_changed_ms,
                    if changed.is_empty() { 0 } else { 9 }
                );
            }
            Err((code, message)) => {
                let refusal = done.unwrap_err().refusal();
                assert_eq!((refusal.code, refusal.message.as_ref()), (code, message));
                assert_eq!(secret, before);
            }
        }
    }

    #[test]
    fn a_new_label_is_attached() {
        check("NEW", None, Some("old"), Ok(&[("old", &["MINE", "NEW"])]));
    }

    #[test]
    fn a_label_is_moved_from_where_it_is() {
        check(
            "MINE",
            Some("old"),
            Some("cur"),
            Ok(&[("old", &[]), ("cur", &[AWSCURRENT, "MINE"])]),
        );
        check(
            AWSPREVIOUS,
            Some("prev"),
            Some("old"),
            Ok(&[("prev", &[]), ("old", &[AWSPREVIOUS, "MINE"])]),
        );
    }

    #[test]
    fn current_leaves_previous_behind_and_the_rest_where_it_is() {
        check(
            AWSCURRENT,
            Some("cur"),
            Some("pend"),
            Ok(&[
                ("prev", &[]),
                ("cur", &[AWSPREVIOUS]),
                ("pend", &[AWSCURRENT, AWSPENDING]),
            ]),
        );
        // Going back to the version before swaps the two labels.
        check(
            AWSCURRENT,
            Some("cur"),
            Some("prev"),
            Ok(&[("prev", &[AWSCURRENT]), ("cur", &[AWSPREVIOUS])]),
        );
    }

    #[test]
    fn a_label_that_is_there_already_stays() {
        check(AWSCURRENT, None, Some("cur"), Ok(&[]));
        check(AWSCURRENT, Some("cur"), Some("cur"), Ok(&[]));
        check("MINE", Some("old"), Some("old"), Ok(&[]));
    }

    #[test]
    fn where_a_label_is_must_be_said() {
        let message = "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT \
                       is currently attached to version cur, so you must explicitly reference that \
                       version in RemoveFromVersionId.";
        check(
            AWSCURRENT,
            None,
            Some("pend"),
            Err(("InvalidParameterException", message)),
        );
        let message = "Staging label MINE is currently attached to version old, so you must \
                       explicitly reference that version in RemoveFromVersionId.";
        let refused = Err(("InvalidParameterException", message));
        check("MINE", Some("cur"), Some("pend"), refused);
        check("MINE", Some("cur"), None, refused);
    }

    #[test]
    fn a_label_is_detached_but_never_current() {
        check("MINE", Some("old"), None, Ok(&[("old", &[])]));
        check(AWSPENDING, Some("pend"), None, Ok(&[("pend", &[])]));
        let message = "You can only move staging label AWSCURRENT to a different secret version. \
                       It can\u{2019}t be completely removed.";
        check(
            AWSCURRENT,
            Some("cur"),
            None,
            Err(("InvalidParameterException", message)),
        );
    }

    #[test]
    fn a_label_that_is_nowhere_is_not_removed() {
        let message = "Staging label NEW isn't attached to version cur.";
        let refused = Err(("InvalidParameterException", message));
        check("NEW", Some("cur"), None, refused);
        check("NEW", Some("cur"), Some("old"), refused);
    }

    #[test]
    fn unknown_versions_are_not_found() {
        let message = "Secrets Manager can't find the specified secret value for VersionId: none";
        let refused = Err(("ResourceNotFoundException", message));
        check("MINE", Some("old"), Some("none"), refused);
        check("MINE", Some("none"), Some("old"), refused);
        check("NEW", None, Some("none"), refused);
    }

    #[test]
    fn something_must_be_asked() {
        let message = "You must specify MoveToVersionId or RemoveFromVersionId, or both.";
        check(
            AWSCURRENT,
            None,
            None,
            Err(("InvalidParameterException", message)),
        );
    }

    #[test]
    fn a_version_without_a_value_does_not_become_current() {
        let mut secret = secret(BEFORE);
        begin_rotation(&mut secret, "empty");
        let before = secret.clone();
        let refusal = secret.move_label(AWSCURRENT, Some("cur"), Some("empty"), at(9));
        assert_eq!(
            refusal.unwrap_err().refusal().code,
            "ResourceNotFoundException"
        );
        assert_eq!(secret, before);
        secret
            .move_label("MINE", Some("old"), Some("empty"), at(9))
            .unwrap();
    }
}

mod limits {
    use super::*;

    #[test]
    fn twenty_labels_and_no_more() {
        let mut secret = Secret::default();
        put(&mut secret, "v1", None, 0).unwrap();
        let many: Vec<String> = (0..MAX_LABELS - 1).map(|n| format!("L{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        put(&mut secret, "v2", Some(&many), 1).unwrap();

        // AWSPREVIOUS would be one too many.
        let before = secret.clone();
        for refused in [
            put(&mut secret, "v3", None, 2).map(drop),
            put(&mut secret, "v3", Some(&["NEW"]), 2).map(drop),
            secret.move_label("NEW", None, Some("v1"), at(2)),
        ] {
            assert_eq!(
                refused.unwrap_err().refusal().code,
                "LimitExceededException"
            );
        }
        assert_eq!(secret, before);

        secret.move_label("L0", Some("v2"), None, at(3)).unwrap();
        put(&mut secret, "v3", None, 4).unwrap();
    }

    #[test]
    fn versions_younger_than_a_day_are_never_removed() {
        let mut secret = Secret::default();
        for n in 0..100 {
            assert_eq!(
                put(&mut secret, &format!("v{n}"), None, n).unwrap().removed,
                [""; 0]
            );
        }
        let before = secret.clone();
        let refused = put(&mut secret, "more", None, DAY_MS - 1)
            .unwrap_err()
            .refusal();
        assert_eq!(refused.code, "LimitExceededException");
        assert_eq!(secret, before);
        // The oldest is a day old now; the others are not needed to go.
        assert_eq!(
            put(&mut secret, "more", None, DAY_MS).unwrap().removed,
            ["v0"]
        );
        assert_eq!(secret.versions.len(), MAX_VERSIONS);
        assert_eq!(
            put(&mut secret, "and more", None, 2 * DAY_MS)
                .unwrap()
                .removed,
            ["v1"]
        );
    }

    #[test]
    fn labelled_versions_never_make_room() {
        let mut secret = Secret::default();
        put(&mut secret, "keep", Some(&["KEEP"]), 0).unwrap();
        for n in 1..=100 {
            put(&mut secret, &format!("v{n}"), None, n * DAY_MS).unwrap();
        }
        assert!(secret.version("keep").unwrap().has("KEEP"));
        assert!(secret.version("v1").is_none());
    }
}
