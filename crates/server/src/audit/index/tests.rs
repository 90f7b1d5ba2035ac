use proptest::prelude::*;
use strongroom_services::cloudtrail::Attribute;

use super::*;

proptest! {
    /// Whatever calls follow on each other.
    #[test]
    fn every_term_has_its_records(
        calls in prop::collection::vec((0..2_usize, 0..4_usize, 0..3_usize), 0..40),
    ) {
        const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
        const NAMES: [&str; 4] = ["A", "B", "C", "D"];
        const USERS: [&str; 3] = ["ann", "bob", "eve"];
        let mut index = Building::default();
        for (number, (region, name, user)) in calls.iter().enumerate() {
            let (region, name, user) = (REGIONS[*region], NAMES[*name], USERS[*user]);
            let line = format!(
                r#"{{"userIdentity":{{"userName":"{user}"}},"eventTime":"2026-11-23T13:02:03Z","eventSource":"s",
                "eventName":"{name}","awsRegion":"{region}","eventID":"e{number}","recipientAccountId":"1"}}"#
            );
            index.add(line.as_bytes(), 0);
        }
        let found = |region: usize, by| {
            let mut term = Term::of("1", REGIONS[region]);
            term.narrow(by);
            index.postings(&term).unwrap()
        };
        let expected = |is: &dyn Fn(&(usize, usize, usize)) -> bool| {
            let numbers = (0_u32..).zip(&calls).filter(|(_, call)| is(call));
            numbers.map(|(number, _)| number).collect::<Vec<_>>()
        };
        for region in 0..2 {
            prop_assert_eq!(found(region, None), expected(&|call| call.0 == region));
            for (place, name) in NAMES.into_iter().enumerate() {
                let is = |call: &(usize, usize, usize)| (call.0, call.1) == (region, place);
                prop_assert_eq!(found(region, Some((Attribute::EventName, name))), expected(&is));
            }
            for (place, user) in USERS.into_iter().enumerate() {
                let is = |call: &(usize, usize, usize)| (call.0, call.2) == (region, place);
                prop_assert_eq!(found(region, Some((Attribute::Username, user))), expected(&is));
            }
        }
    }
}
