//! Of CloudTrail: about the one trail that every account has.

use serde_json::{Value, json};
use strongroom_services::{cloudtrail::operations::ROUTES, operation::Route};

use super::{Identity, Matrix, caller, cell};
use crate::client::{FOREIGN, OWNER, administrator};

const MATRIX: Matrix<(u64, Identity)> = Matrix {
    service: "cloudtrail",
    shows: "\
What each operation of CloudTrail answers to each kind of caller. Trails are named by the ARN of
the account 111122223333's: another account's are not there for anyone. Events are those of the
caller's own account.",
    columns: &[
        (
            "admin",
            "a user who may do everything",
            (OWNER, Identity::Everything),
        ),
        ("root", "the root user", (OWNER, Identity::Root)),
        (
            "only",
            "a user who may do this and nothing else",
            (OWNER, Identity::Only),
        ),
        (
            "nobody",
            "a user without policies",
            (OWNER, Identity::Nothing),
        ),
        (
            "all-but",
            "a user with an explicit deny",
            (OWNER, Identity::AllBut),
        ),
        (
            "stranger",
            "the admin of another account",
            (FOREIGN, Identity::Everything),
        ),
        (
            "shy",
            "a user without policies of another account",
            (FOREIGN, Identity::Nothing),
        ),
        (
            "far-root",
            "the root user of another account",
            (FOREIGN, Identity::Root),
        ),
    ],
    routes: ROUTES,
};

/// A request that succeeds for who may make it.
fn input(operation: &str) -> Value {
    let trail = format!("arn:aws:cloudtrail:us-east-1:{OWNER}:trail/management-events");
    match operation {
        "DescribeTrails" => json!({"trailNameList": [trail]}),
        "GetTrailStatus" => json!({"Name": trail}),
        "ListTrails" | "LookupEvents" => json!({}),
        unknown => panic!("give {unknown} an input above"),
    }
}

/// What comes of an operation called by this kind of caller.
async fn outcome(route: &Route, head: &str, &(number, identity): &(u64, Identity)) -> String {
    let admin = administrator().await;
    let client = caller(&admin.world, number, head, identity, &[route.action]).await;
    let operation = format!("cloudtrail:{}", route.name);
    cell(client.call(&operation, input(route.name)).await)
}

#[tokio::test]
async fn the_matrix_is_as_it_was() {
    MATRIX.check(outcome).await;
}
