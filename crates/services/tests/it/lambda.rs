//! Functions, their versions and aliases; what is called is judged by clients.

use serde_json::{Value, json};
use strongroom_services::{cloudtrail::Summary, secretsmanager::rotation::run_due};

use crate::client::{Client, OWNER, administrator, outbox, policy, token, user};

/// A function that answers its event.
pub const ZIP: &str = "UEsDBBQAAAAAAAAAIQAbrNlRKwAAACsAAAAEAAAAZi5weWRlZiBtYWluKGV2ZW50LCBjb2\
                       50ZXh0KToKICAgIHJldHVybiBldmVudApQSwECFAMUAAAAAAAAACEAG6zZUSsAAAArAAAA\
                       BAAAAAAAAAAAAAAApIEAAAAAZi5weVBLBQYAAAAAAQABADIAAABNAAAAAAA=";
/// Its execution role.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/rotation";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:f";

/// A deployment with the function `f`, its version 1, and an alias of it.
pub async fn with_function() -> Client {
    let admin = administrator().await;
    let trust = policy(&json!({
        "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }));
    let role = json!({"RoleName": "rotation", "AssumeRolePolicyDocument": trust});
    admin.ok("iam:CreateRole", role).await;
    let function = json!({
        "FunctionName": "f", "Runtime": "python3.11", "Handler": "f.main", "Role": ROLE,
        "Code": {"ZipFile": ZIP},
    });
    admin.ok("lambda:CreateFunction", function).await;
    admin
        .ok("lambda:PublishVersion", json!({"FunctionName": "f"}))
        .await;
    let alias = json!({"FunctionName": "f", "Name": "live", "FunctionVersion": "1"});
    admin.ok("lambda:CreateAlias", alias).await;
    admin
}

async fn told(client: &Client, name: &str) -> Value {
    let named = json!({"FunctionName": name});
    client.ok("lambda:GetFunctionConfiguration", named).await
}

#[tokio::test]
async fn versions_do_not_change() {
    let admin = with_function().await;
    // Nothing has changed, so this is still the first.
    let again = json!({"FunctionName": "f", "Description": "again"});
    let again = admin.ok("lambda:PublishVersion", again).await;
    assert_eq!(
        (&again["Version"], &again["Description"]),
        (&json!("1"), &json!(""))
    );
    let slower = json!({"FunctionName": "f", "Timeout": 9});
    admin.ok("lambda:UpdateFunctionConfiguration", slower).await;
    let second = json!({"FunctionName": "f", "Description": "slower"});
    let second = admin.ok("lambda:PublishVersion", second).await;
    assert_eq!(second["FunctionArn"], format!("{FUNCTION}:2"));
    for (name, timeout, version) in [
        ("f", 9, "$LATEST"),
        ("f:$LATEST", 9, "$LATEST"),
        ("f:2", 9, "2"),
        ("f:1", 3, "1"),
        ("f:live", 3, "1"),
        (&format!("{FUNCTION}:live"), 3, "1"),
    ] {
        let told = told(&admin, name).await;
        assert_eq!(
            (&told["Timeout"], &told["Version"]),
            (&json!(timeout), &json!(version))
        );
    }
    let moved = json!({"FunctionName": "f", "Name": "live", "FunctionVersion": "2"});
    admin.ok("lambda:UpdateAlias", moved).await;
    assert_eq!(told(&admin, "f:live").await["Timeout"], 9);

    let gone = json!({"FunctionName": "f", "Qualifier": "1"});
    admin.ok("lambda:DeleteFunction", gone).await;
    let listed = json!({"FunctionName": "f"});
    let listed = admin.ok("lambda:ListVersionsByFunction", listed).await;
    let versions: Vec<&Value> = (listed["Versions"].as_array().unwrap().iter())
        .map(|version| &version["Version"])
        .collect();
    assert_eq!(versions, ["$LATEST", "2"]);
    // Its number is not given again, and others kept the archive.
    let third = json!({"FunctionName": "f", "Timeout": 10});
    admin.ok("lambda:UpdateFunctionConfiguration", third).await;
    let third = admin
        .ok("lambda:PublishVersion", json!({"FunctionName": "f"}))
        .await;
    assert_eq!(third["Version"], "3");
}

#[tokio::test]
async fn pages_of_every_version() {
    let admin = with_function().await;
    let mut other = json!({
        "FunctionName": "g", "Runtime": "python3.11", "Handler": "f.main", "Role": ROLE,
        "Code": {"ZipFile": ZIP}, "Publish": true,
    });
    assert_eq!(
        admin.ok("lambda:CreateFunction", other.clone()).await["Version"],
        "1"
    );
    other["FunctionName"] = json!("h");
    other["Publish"] = json!(false);
    admin.ok("lambda:CreateFunction", other).await;
    let mut found = Vec::new();
    let mut asked = json!({"FunctionVersion": "ALL", "MaxItems": 2});
    loop {
        let page = admin.ok("lambda:ListFunctions", asked.clone()).await;
        for function in page["Functions"].as_array().unwrap() {
            let arn = function["FunctionArn"].as_str().unwrap();
            found.push(arn.rsplit_once("function:").unwrap().1.to_owned());
        }
        match page.get("NextMarker") {
            Some(marker) => asked["Marker"] = marker.clone(),
            None => break,
        }
    }
    assert_eq!(found, ["f:$LATEST", "f:1", "g:$LATEST", "g:1", "h:$LATEST"]);
}

#[tokio::test]
async fn what_cannot_be_deleted_or_changed() {
    let admin = with_function().await;
    for (operation, input, code, text) in [
        (
            "DeleteFunction",
            json!({"FunctionName": "f", "Qualifier": "1"}),
            "ResourceConflictException",
            "Unable to delete version because the following aliases reference it: [live]",
        ),
        (
            "DeleteFunction",
            json!({"FunctionName": "f:$LATEST"}),
            "InvalidParameterValueException",
            "$LATEST version cannot be deleted without deleting the function.",
        ),
        (
            "UpdateFunctionConfiguration",
            json!({"FunctionName": "f:1", "Timeout": 9}),
            "InvalidParameterValueException",
            "This operation is permitted on Lambda functions only in $LATEST.",
        ),
        (
            "CreateAlias",
            json!({"FunctionName": "f", "Name": "live", "FunctionVersion": "1"}),
            "ResourceConflictException",
            &format!("Alias already exists: {FUNCTION}:live"),
        ),
        (
            "CreateAlias",
            json!({"FunctionName": "f", "Name": "new", "FunctionVersion": "7"}),
            "ResourceNotFoundException",
            &format!("Function not found: {FUNCTION}:7"),
        ),
        (
            "GetAlias",
            json!({"FunctionName": "f", "Name": "none"}),
            "ResourceNotFoundException",
            &format!("Cannot find alias arn: {FUNCTION}:none"),
        ),
        (
            "GetFunction",
            json!({"FunctionName": "f", "Qualifier": "none"}),
            "ResourceNotFoundException",
            &format!("Function not found: {FUNCTION}:none"),
        ),
        (
            "AddPermission",
            json!({
                "FunctionName": "f", "Qualifier": "$LATEST", "StatementId": "s",
                "Action": "lambda:InvokeFunction", "Principal": "secretsmanager.amazonaws.com",
            }),
            "InvalidParameterValueException",
            "We currently do not support adding policies for $LATEST.",
        ),
    ] {
        let refused = admin.refused(&format!("lambda:{operation}"), input).await;
        assert_eq!((refused.0.as_str(), refused.1.as_str()), (code, text));
    }
    let gone = json!({"FunctionName": "f"});
    admin.ok("lambda:DeleteFunction", gone.clone()).await;
    // One of the same name has nothing of it.
    admin
        .ok(
            "lambda:CreateFunction",
            json!({
                "FunctionName": "f", "Runtime": "python3.11", "Handler": "f.main", "Role": ROLE,
                "Code": {"ZipFile": ZIP},
            }),
        )
        .await;
    let aliases = admin.ok("lambda:ListAliases", gone.clone()).await;
    assert_eq!(aliases["Aliases"], json!([]));
    let versions = admin.ok("lambda:ListVersionsByFunction", gone).await;
    assert_eq!(versions["Versions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_secret_rotates_by_the_version_whose_policy_lets_it() {
    let admin = with_function().await;
    let rotate = |secret: &str, arn: String| {
        json!({"SecretId": secret, "RotationLambdaARN": arn, "RotateImmediately": false,
               "RotationRules": {"AutomaticallyAfterDays": 7},
               "ClientRequestToken": token(arn.len())})
    };
    let permission = |qualifier: &str| {
        json!({
            "FunctionName": "f", "Qualifier": qualifier, "StatementId": "rotation",
            "Action": "lambda:InvokeFunction", "Principal": "secretsmanager.amazonaws.com",
        })
    };
    for qualifier in ["live", "1"] {
        let arn = format!("{FUNCTION}:{qualifier}");
        let rotate = || rotate(qualifier, arn.clone());
        admin.secret(qualifier, "{}").await;
        assert_eq!(
            admin.code("RotateSecret", rotate()).await,
            "AccessDeniedException"
        );
        let added = admin
            .ok("lambda:AddPermission", permission(qualifier))
            .await;
        let statement: Value = serde_json::from_str(added["Statement"].as_str().unwrap()).unwrap();
        assert_eq!(statement["Resource"], arn);
        admin.ok("RotateSecret", rotate()).await;
        let described = admin.describe(qualifier).await;
        assert_eq!(described["RotationLambdaARN"], arn);
    }
    // Neither lets in those who call the function itself.
    admin.secret("app", "{}").await;
    let unqualified = rotate("app", FUNCTION.to_owned());
    assert_eq!(
        admin.code("RotateSecret", unqualified).await,
        "AccessDeniedException"
    );
}

#[tokio::test]
async fn records_have_the_names_that_trails_on_aws_have() {
    let admin = with_function().await;
    let statement = json!({
        "FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction",
        "Principal": "secretsmanager.amazonaws.com",
    });
    let named = json!({"FunctionName": "f"});
    for (operation, input, event) in [
        (
            "AddPermission",
            statement.clone(),
            "AddPermission20150331v2",
        ),
        ("GetPolicy", named.clone(), "GetPolicy20150331v2"),
        ("GetFunction", named.clone(), "GetFunction20150331v2"),
        (
            "GetFunctionConfiguration",
            named.clone(),
            "GetFunctionConfiguration20150331v2",
        ),
        ("ListFunctions", json!({}), "ListFunctions20150331"),
        ("ListAliases", named.clone(), "ListAliases20150331"),
        (
            "UpdateFunctionCode",
            json!({"FunctionName": "f", "ZipFile": ZIP}),
            "UpdateFunctionCode20150331v2",
        ),
        ("DeleteFunction", named.clone(), "DeleteFunction20150331"),
        // Refusals too.
        ("RemovePermission", statement, "RemovePermission20150331v2"),
        ("CreateFunction", named, "CreateFunction20150331"),
    ] {
        let called = admin.recorded(&format!("lambda:{operation}"), input).await;
        let record = &called.records[0];
        assert_eq!(record["eventName"], event);
        assert_eq!(record["eventSource"], "lambda.amazonaws.com");
        assert_eq!(
            (&record["managementEvent"], &record["eventCategory"]),
            (&json!(true), &json!("Management"))
        );
    }
}

#[tokio::test]
async fn a_call_of_a_function_is_a_data_event() {
    let admin = with_function().await;
    let call = json!({"FunctionName": "f", "Qualifier": "live", "InvocationType": "DryRun"});
    let called = admin.recorded("lambda:Invoke", call).await;
    called.result.unwrap();
    let record = &called.records[0];
    assert_eq!(record["eventName"], "Invoke");
    assert_eq!(
        (&record["managementEvent"], &record["eventCategory"]),
        (&json!(false), &json!("Data"))
    );
    assert_eq!(record["readOnly"], false);
    assert_eq!(
        record["resources"],
        json!([{"accountId": "111122223333", "type": "AWS::Lambda::Function", "ARN": FUNCTION}])
    );
    assert_eq!(
        record["additionalEventData"],
        json!({"functionVersion": format!("{FUNCTION}:1")})
    );
    // LookupEvents tells of management events alone.
    assert_eq!(Summary::of(called.lines[0].as_bytes()), None);
}

#[tokio::test]
async fn a_refused_call_names_the_function_that_was_meant() {
    let admin = with_function().await;
    let nobody = user(&admin.world, OWNER, "nobody", &[]).await;
    let meant = |name: &str| {
        let arn = format!("arn:aws:lambda:us-east-1:111122223333:function:{name}");
        json!([{"accountId": "111122223333", "type": "AWS::Lambda::Function", "ARN": arn}])
    };
    let call = |name: &str| json!({"FunctionName": name, "Qualifier": "live"});
    for (client, name, code) in [
        (&nobody, "f", "AccessDenied"),
        (&nobody, "none", "AccessDenied"),
        (&admin, "none", "ResourceNotFoundException"),
    ] {
        let called = client.recorded("lambda:Invoke", call(name)).await;
        let record = &called.records[0];
        assert_eq!(record["errorCode"], code);
        assert_eq!(record["resources"], meant(name));
    }

    // So does Secrets Manager's own, of a function that lets it in no more.
    let allowed = json!({
        "FunctionName": "f", "Qualifier": "live", "StatementId": "rotation",
        "Action": "lambda:InvokeFunction", "Principal": "secretsmanager.amazonaws.com",
    });
    admin.ok("lambda:AddPermission", allowed.clone()).await;
    admin.secret("app", "{}").await;
    let rotate = json!({"SecretId": "app", "RotationLambdaARN": format!("{FUNCTION}:live"),
                        "ClientRequestToken": token(1)});
    admin.ok("RotateSecret", rotate).await;
    admin.ok("lambda:RemovePermission", allowed).await;
    run_due(&admin.world.services).await.unwrap();
    let records = outbox(&admin.world).await;
    let records = records
        .iter()
        .map(|line| serde_json::from_slice::<Value>(line).unwrap());
    let mut called = records
        .rev()
        .filter(|record| record["eventName"] == "Invoke");
    let record = called.next().unwrap();
    assert_eq!(
        record["userIdentity"]["invokedBy"],
        "secretsmanager.amazonaws.com"
    );
    assert_eq!(record["errorCode"], "AccessDenied");
    assert_eq!(record["resources"], meant("f"));
}

#[tokio::test]
async fn to_make_a_function_with_tags_is_to_tag() {
    let admin = with_function().await;
    let allow = |actions: Value, condition: Value| {
        policy(
            &json!({"Effect": "Allow", "Action": actions, "Resource": "*",
            "Condition": condition}),
        )
    };
    let passes = allow(json!(["iam:PassRole", "lambda:CreateFunction"]), json!({}));
    let tags = allow(
        json!("lambda:TagResource"),
        json!({"StringEquals": {"aws:RequestTag/team": "a"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}),
    );
    let mut input = json!({
        "FunctionName": "g", "Runtime": "python3.11", "Handler": "f.main", "Role": ROLE,
        "Code": {"ZipFile": ZIP}, "Tags": {"team": "a"},
    });
    let maker = user(&admin.world, OWNER, "maker", &[&passes]).await;
    let tagger = user(&admin.world, OWNER, "tagger", &[&passes, &tags]).await;
    let denied = "is not authorized to perform: lambda:TagResource";
    let refused = maker.call("lambda:CreateFunction", input.clone()).await;
    let (_, message) = refused.unwrap_err();
    assert!(message.contains(denied), "{message}");
    tagger.ok("lambda:CreateFunction", input.clone()).await;
    input["FunctionName"] = json!("h");
    input["Tags"] = json!({"team": "b"});
    let refused = tagger.call("lambda:CreateFunction", input.clone()).await;
    assert!(refused.unwrap_err().1.contains(denied));
    input["Tags"] = json!({});
    maker.ok("lambda:CreateFunction", input).await;
}
