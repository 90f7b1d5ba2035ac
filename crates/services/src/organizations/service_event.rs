//! What Organizations itself reports, on the trail of the management account:
//! what came of making and closing accounts, and who joined and left.
//!
//! Source: AWS Organizations User Guide, "Logging API calls with AWS
//! CloudTrail"; of joining and leaving the API Reference tells the names, the
//! method and the time, and no more (the account's member is inferred).

use serde_json::{Value, json};
use strongroom_types::AccountId;

use super::{
    AwsOrganizations, describe,
    entity::Org,
    record::AccountRequest,
    shapes::{CreateAccountState, JoinedMethod},
};
use crate::{
    cloudtrail::{AWS_INTERNAL, Event, Kind},
    context::{Context, Home},
    operation::Service,
    shape::Emit as _,
};

/// How an account came to be no member any more.
pub(super) enum Departure {
    Left,
    Removed,
}

/// What a request to make an account came to.
pub(super) fn account_made(cx: &mut Context<'_>, org: &Org, id: &str, request: &AccountRequest) {
    let status = describe::request(id, request).record();
    let details = json!({"createAccountStatus": status});
    tell(cx, org, AWS_INTERNAL, "CreateAccountResult", details);
}

/// That an account is closed.
pub(super) fn account_closed(cx: &mut Context<'_>, org: &Org, account: AccountId) {
    let details = json!({"closeAccountStatus": {
        "accountId": account.to_string(),
        "state": CreateAccountState::Succeeded.record(),
        "requestedTimestamp": cx.now.record(),
        "completedTimestamp": cx.now.record(),
    }});
    let by = AwsOrganizations::EVENT_SOURCE;
    tell(cx, org, by, "CloseAccountResult", details);
}

/// That an account is a member now.
pub(super) fn joined(cx: &mut Context<'_>, org: &Org, account: AccountId, how: &JoinedMethod) {
    let details = json!({
        "accountId": account.to_string(),
        "joinedMethod": how.record(),
        "joinedTime": cx.now.record(),
    });
    tell(cx, org, AWS_INTERNAL, "AccountJoinedOrganization", details);
}

/// That an account is a member no more.
pub(super) fn departed(cx: &mut Context<'_>, org: &Org, account: AccountId, how: &Departure) {
    let details = json!({
        "accountId": account.to_string(),
        "departureMethod": match how {
            Departure::Left => "LEFT",
            Departure::Removed => "REMOVED",
        },
        "departureTime": cx.now.record(),
    });
    tell(
        cx,
        org,
        AWS_INTERNAL,
        "AccountDepartedOrganization",
        details,
    );
}

fn tell(cx: &mut Context<'_>, org: &Org, by: &'static str, name: &'static str, details: Value) {
    let home = Home {
        partition: cx.services.partition,
        account: org.management,
        region: cx.request.region,
    };
    cx.events.push(Event {
        service_event_details: Some(details),
        kind: Kind::ServiceEvent(by, None, home),
        ..Event::call(AwsOrganizations::EVENT_SOURCE, name, false)
    });
}
