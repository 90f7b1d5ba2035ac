//! What is a policy of which kind, and what AWS says to the rest.

use strongroom_policy::{Policy, PolicyKind};

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf";

/// What parsing says, in AWS's words; `""` for a policy.
fn check(kind: PolicyKind, document: &str, expected: &str) {
    let found = match Policy::parse(document, kind) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{kind:?} {document}");
}

/// As [`check`], for a document of one statement.
fn check_statement(kind: PolicyKind, members: &str, expected: &str) {
    let document = format!(r#"{{"Version":"2012-10-17","Statement":{{{members}}}}}"#);
    check(kind, &document, expected);
}

const SYNTAX: &str = "Syntax errors in policy.";

#[test]
fn documents() {
    use PolicyKind::Identity;
    let statement = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    for (document, expected) in [
        (r#"{"Statement":@}"#, ""),
        (r#"{"Version":"2008-10-17","Id":"x","Statement":[@,@]}"#, ""),
        (r#"{"Version":"2012-10-17","Statement":[@]} "#, ""),
        (
            r#"{"Version":"2024-01-01","Statement":@}"#,
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (r#"{"Version":2012,"Statement":@}"#, SYNTAX),
        (r#"{"Statement":[]}"#, SYNTAX),
        (r#"{"Statement":"@"}"#, "This policy contains invalid Json"),
        (r#"{"Statement":[@,1]}"#, SYNTAX),
        (r#"{"Version":"2012-10-17"}"#, SYNTAX),
        (r#"{"statement":@}"#, SYNTAX),
        (r#"{"Statement":@,"Statement":@}"#, SYNTAX),
        (r#"{"Statement":@,"Comment":"x"}"#, SYNTAX),
        (r#"{"Statement":@,"Id":7}"#, SYNTAX),
        ("[@]", SYNTAX),
        ("null", SYNTAX),
        ("", "This policy contains invalid Json"),
        (r#"{"Statement":@}}"#, "This policy contains invalid Json"),
    ] {
        check(Identity, &document.replace('@', statement), expected);
    }
}

#[test]
fn statements_of_identity_policies() {
    use PolicyKind::Identity;
    for (members, expected) in [
        (
            r#""Effect":"Allow","Action":["a:b","c:d"],"NotResource":["*"]"#,
            "",
        ),
        (
            r#""Sid":"A1","Effect":"Deny","NotAction":"a:b","Resource":"*""#,
            "",
        ),
        (
            r#""Sid":"A 1","Effect":"Deny","Action":"a:b","Resource":"*""#,
            SYNTAX,
        ),
        (r#""Effect":"allow","Action":"a:b","Resource":"*""#, SYNTAX),
        (r#""effect":"Allow","Action":"a:b","Resource":"*""#, SYNTAX),
        (r#""Action":"a:b","Resource":"*""#, SYNTAX),
        (
            r#""Effect":"Allow","Action":"a:b","NotAction":"a:b","Resource":"*""#,
            SYNTAX,
        ),
        (
            r#""Effect":"Allow","Action":"a:b","Resource":"*","NotResource":"*""#,
            SYNTAX,
        ),
        (
            r#""Effect":"Allow","Action":{"a":"b"},"Resource":"*""#,
            SYNTAX,
        ),
        (
            r#""Effect":"Allow","Action":[["a:b"]],"Resource":"*""#,
            SYNTAX,
        ),
        (r#""Effect":"Allow","Action":"a:b","Resource":7"#, SYNTAX),
        (
            r#""Effect":"Allow","Action":"a:b","Resource":"*","Comment":"""#,
            SYNTAX,
        ),
        (
            r#""Effect":"Allow","Resource":"*""#,
            "Policy statement must contain actions.",
        ),
        (
            r#""Effect":"Allow","Action":[],"Resource":"*""#,
            "Policy statement must contain actions.",
        ),
        (
            r#""Effect":"Allow","Action":"*""#,
            "Policy statement must contain resources.",
        ),
        (
            r#""Effect":"Allow","Action":"*","Resource":[]"#,
            "Policy statement must contain resources.",
        ),
        (
            r#""Effect":"Allow","Action":"*","Resource":"my/secret""#,
            r#"Resource my/secret must be in ARN format or "*"."#,
        ),
        (
            r#""Effect":"Allow","Action":"GetSecretValue","Resource":"*""#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            r#""Effect":"Allow","Action":"*","Resource":"*","Principal":"*""#,
            "Policy document should not specify a principal.",
        ),
    ] {
        check_statement(Identity, members, expected);
        check_statement(PolicyKind::ServiceControl, members, expected);
    }
    let twice = r#"{"Statement":[
        {"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},
        {"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    check(Identity, twice, SYNTAX);
}

#[test]
fn conditions() {
    for (condition, expected) in [
        ("{}", ""),
        (r#"{"StringEquals":{}}"#, ""),
        (r#"{"StringEquals":{"a:b":"c","a:d":[]}}"#, ""),
        (r#"{"NumericEquals":{"a:b":7},"bool":{"a:b":true}}"#, ""),
        (r#"{"NumericEquals":{"a:b":[7,"8",9.5]}}"#, ""),
        (r#"{"StringEquals":{"a:b":null}}"#, SYNTAX),
        (r#"{"StringEquals":{"a:b":{"c":"d"}}}"#, SYNTAX),
        (r#"{"StringEquals":{"a:b":"c","a:b":"d"}}"#, SYNTAX),
        (r#"{"StringEquals":"a:b"}"#, SYNTAX),
        (r#"{"StringIs":{"a:b":"c"}}"#, SYNTAX),
        (r#"{"StringEquals":{"a:b":"${"}}"#, SYNTAX),
        (
            r#"{"StringEquals":{"b":"c"}}"#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        ("[]", SYNTAX),
        ("null", SYNTAX),
    ] {
        let members =
            format!(r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}"#);
        check_statement(PolicyKind::Identity, &members, expected);
    }
}

#[test]
fn principals_of_resource_policies() {
    for (principal, expected) in [
        (r#","Principal":"*""#, ""),
        (r#","Principal":{"AWS":"*"}"#, ""),
        (
            r#","NotPrincipal":{"AWS":["111122223333"],"Service":"rds.amazonaws.com"}"#,
            "",
        ),
        ("", "Missing required field Principal"),
        (r#","Principal":{}"#, SYNTAX),
        (r#","Principal":{"AWS":[]}"#, SYNTAX),
        (r#","Principal":["*"]"#, SYNTAX),
        (r#","Principal":{"aws":"*"}"#, SYNTAX),
        (r#","Principal":"*","NotPrincipal":"*""#, SYNTAX),
        (
            r#","Principal":"Ann""#,
            r#"Invalid principal in policy: "AWS":"Ann""#,
        ),
        (
            r#","Principal":{"Federated":"accounts.google.com"}"#,
            r#"Invalid principal in policy: "Federated":"accounts.google.com""#,
        ),
        (
            r#","Principal":{"CanonicalUser":"79a5"}"#,
            r#"Invalid principal in policy: "CanonicalUser":"79a5""#,
        ),
    ] {
        let members = format!(
            r#""Sid":"any text","Effect":"Allow","Action":"*","Resource":"{ARN}"{principal}"#
        );
        check_statement(PolicyKind::Resource, &members, expected);
        check_statement(PolicyKind::Key, &members, expected);
    }
}

#[test]
fn key_policies_may_hold_idle_statements() {
    for members in [
        r#""Effect":"Allow","Action":"kms:*","Principal":"*""#,
        r#""Effect":"Allow","Resource":"*","Principal":"*""#,
    ] {
        check_statement(PolicyKind::Key, members, "");
    }
    check_statement(
        PolicyKind::Resource,
        r#""Effect":"Allow","Action":"kms:*","Principal":"*""#,
        "Policy statement must contain resources.",
    );
}

#[test]
fn trust_policies() {
    for (members, expected) in [
        (r#""Principal":"*","Action":"sts:AssumeRole""#, ""),
        (
            r#""Principal":{"Federated":"accounts.google.com"},"Action":["sts:*"]"#,
            "",
        ),
        (r#""Principal":"*","Action":"STS:TagSession""#, ""),
        (
            r#""Principal":"*","Action":"sts:AssumeRole","Resource":"*""#,
            "Has prohibited field Resource",
        ),
        (
            r#""Principal":"*","Action":["sts:AssumeRole","iam:PassRole"]"#,
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            r#""Principal":"*","Action":"*""#,
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            r#""Action":"sts:AssumeRole""#,
            "Missing required field Principal",
        ),
    ] {
        check_statement(
            PolicyKind::Trust,
            &format!(r#""Effect":"Allow",{members}"#),
            expected,
        );
    }
}

#[test]
fn resource_control_policies_are_for_everyone() {
    let members = r#""Effect":"Deny","Action":"*","Resource":"*","#;
    for (principal, expected) in [
        (r#""Principal":"*""#, ""),
        (r#""Principal":{"AWS":"*"}"#, ""),
        (r#""Principal":{"AWS":"111122223333"}"#, SYNTAX),
        (r#""NotPrincipal":"*""#, SYNTAX),
    ] {
        check_statement(
            PolicyKind::ResourceControl,
            &format!("{members}{principal}"),
            expected,
        );
    }
}
