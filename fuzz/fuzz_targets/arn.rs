//! ARNs, account numbers and Regions, as callers write them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strongroom_types::{AccountId, Arn, Region};

fuzz_target!(|text: &str| {
    if let Ok(arn) = text.parse::<Arn>() {
        assert_eq!(arn.as_str(), text);
        let (partition, service, region) = (arn.partition(), arn.service(), arn.region());
        let (account, resource) = (arn.account(), arn.resource());
        let parts = format!("arn:{partition}:{service}:{region}:{account}:{resource}");
        assert_eq!(parts, text);
        let built = Arn::new(partition, service, region, account, resource);
        assert_eq!(built, arn);
    }
    if let Ok(account) = text.parse::<AccountId>() {
        assert_eq!(account.to_string(), text);
    }
    if let Ok(region) = text.parse::<Region>() {
        assert_eq!(region.as_str(), text);
    }
});
