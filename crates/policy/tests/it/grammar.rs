//! What is a policy of which kind, and what AWS says to the rest.

use strongroom_policy::{Form, Policy, PolicyKind};

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

const LEGACY: &str = "The policy failed legacy parsing";
const SID: &str = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the \
                   regular expression [0-9A-Za-z]*";
const SYNTAX: &str = "Syntax errors in policy.";

#[test]
fn documents() {
    use PolicyKind::Identity;
    let statement = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    for (document, expected) in [
        (r#"{"Statement":@}"#, ""),
        (r#"{"Version":"2008-10-17","Id":"x","Statement":[@,@]}"#, ""),
        (r#"{"Version":"2012-10-17","Statement":[@]} "#, ""),
        (r#"{"Version":"2024-01-01","Statement":@}"#, SYNTAX),
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
            SID,
        ),
        (r#""Effect":"allow","Action":"a:b","Resource":"*""#, LEGACY),
        (r#""Effect":"Grant","Action":"a:b","Resource":"*""#, SYNTAX),
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
    check(
        Identity,
        twice,
        "Statement IDs (SID) in a single policy must be unique.",
    );
}

/// What IAM says of a policy that is written; `""` for one that it takes.
fn check_written(form: Form, members: &str, expected: &str) {
    let document = format!(r#"{{"Version":"2012-10-17","Statement":[{{{members}}}]}}"#);
    let found = Policy::parse_written(&document, form).err();
    let found = found.map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(found, expected, "{document}");
}

/// Source: answers of the live service to `CreatePolicy`.
#[test]
fn resources_of_policies_that_are_written() {
    let path = "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, \
                group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, \
                saml-provider/, oidc-provider/, report/, access-report/.";
    let vendor = "Resource vendor must be fully qualified and cannot contain regexes.";
    for (resource, expected) in [
        ("*", ""),
        ("arn:aws:s3:::bucket", ""),
        ("arn:aws:kms", ""),
        ("arn:aws-cn:kms:*:*:key/*", ""),
        ("arn:aws:iam:::user/ann", ""),
        ("arn:aws:iam::*:*", ""),
        ("arn:aws", vendor),
        ("arn:aws:*:*:*:*", vendor),
        ("arn:aws:s3*:::bucket", vendor),
        ("arn:aws:s3::bucket", LEGACY),
        ("arn:aws::::bucket", LEGACY),
        ("arn:aws::bucket", LEGACY),
        ("", r#"Resource  must be in ARN format or "*"."#),
        ("a b", r#"Resource a b must be in ARN format or "*"."#),
        (
            "a:bc",
            r#"Partition "bc" is not valid for resource "arn:bc:*:*:*:*"."#,
        ),
        (
            "aws:s3:::bucket",
            r#"Partition "s3" is not valid for resource "arn:s3:::bucket:*"."#,
        ),
        (
            "a:b:c:d:e:f:g:h",
            r#"Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h"."#,
        ),
        (
            "arn:aws:iam:us-east-1::user/ann",
            "IAM resource arn:aws:iam:us-east-1::user/ann cannot contain region information.",
        ),
        ("arn:aws:iam:::bucket", path),
        ("arn:aws:iam::111122223333:*/*", path),
    ] {
        let members =
            |name: &str| format!(r#""Effect":"Deny","Action":"s3:*","{name}":["{resource}"]"#);
        check_written(Form::Inline, &members("Resource"), expected);
        check_written(Form::Managed, &members("NotResource"), expected);
    }
}

/// Source: as above. Of several errors one is told.
#[test]
fn errors_have_an_order() {
    let missing = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
    let no_actions = "Policy statement must contain actions.";
    let late = r#""Condition":{"DateGreaterThan":{"a":"soon"}}"#;
    for (members, expected) in [
        (
            r#""Effect":"Allow","Action":"s:3:List","Resource":"bucket""#,
            r#"Resource bucket must be in ARN format or "*"."#,
        ),
        (r#""Effect":"Allow","Action":"invalid""#, missing),
        (r#""Effect":"Allow","NotAction":"","Resource":"*""#, missing),
        (r#""Effect":"Allow""#, no_actions),
        (r#""Effect":"Allow","Resource":"bucket""#, no_actions),
        (
            r#""Effect":"Allow","Resource":"arn:aws:s3::bucket""#,
            LEGACY,
        ),
        (&format!(r#""Effect":"Allow",{late}"#), LEGACY),
        (
            &format!(r#""Effect":"Allow","Action":"s3:*","Resource":"arn:x:s3:::b",{late}"#),
            LEGACY,
        ),
        (&format!(r#""Effect":"aLLow","Comment":"",{late}"#), SYNTAX),
        (
            r#""Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"a","Effect":"Deny""#,
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        (
            r#""Sid":"a","Effect":"allow","Action":"s3:*","Resource":"*"},{"Sid":"a","Effect":"Deny""#,
            LEGACY,
        ),
        (
            r#""Effect":"Deny"},{"Effect":"Allow","Action":"s3:*","Resource":"bucket""#,
            no_actions,
        ),
    ] {
        check_written(Form::Managed, members, expected);
    }
}

#[test]
fn managed_policies_are_of_the_newer_version() {
    let newer = "Policy document must be version 2012-10-17 or greater.";
    let good = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    let bad = r#"{"Effect":"denY","Action":"s3:*","Resource":"*"}"#;
    for (version, statement, managed, inline) in [
        (r#""Version":"2012-10-17","#, good, "", ""),
        (r#""Version":"2008-10-17","#, good, newer, ""),
        ("", good, newer, ""),
        ("", bad, newer, LEGACY),
        (r#""Version":"2013-10-17","#, bad, SYNTAX, SYNTAX),
    ] {
        let document = format!(r#"{{{version}"Statement":{statement}}}"#);
        for (form, expected) in [(Form::Managed, managed), (Form::Inline, inline)] {
            let found = Policy::parse_written(&document, form).err();
            let found = found.map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(found, expected, "{form:?} {document}");
        }
    }
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
        // A key that nobody knows.
        (r#"{"StringEquals":{"b":"c"}}"#, ""),
        (r#"{"Nothing":{}}"#, ""),
        (r#"{"DateEquals":{"b":"234-13"}}"#, LEGACY),
        ("[]", SYNTAX),
        ("null", SYNTAX),
    ] {
        let members =
            format!(r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}"#);
        check_statement(PolicyKind::Identity, &members, expected);
    }
}

/// Source: answers of the live service to `PutRolePolicy`. Other services' policies
/// and those that are kept are read without.
#[test]
fn values_of_conditions_that_are_written() {
    for (condition, expected) in [
        (
            r#"{"IpAddress":{"aws:SourceIp":"203.0.113.999/24"}}"#,
            LEGACY,
        ),
        (r#"{"NotIpAddress":{"aws:SourceIp":"example.com"}}"#, LEGACY),
        (r#"{"IpAddress":{"aws:SourceIp":["::/0","1.2.3"]}}"#, LEGACY),
        (r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}"#, LEGACY),
        (
            r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24 "}}"#,
            LEGACY,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","203.0.113.5","2001:db8::/32"]}}"#,
            "",
        ),
        (r#"{"NumericLessThan":{"a:b":"abc"}}"#, LEGACY),
        (r#"{"NumericNotEqualsIfExists":{"a:b":" 10"}}"#, LEGACY),
        (r#"{"ForAnyValue:NumericEquals":{"a:b":"0x10"}}"#, LEGACY),
        (
            r#"{"NumericEquals":{"a:b":["10",10,"10.5","-1","1e3"]}}"#,
            "",
        ),
        (r#"{"ArnLike":{"aws:SourceArn":"nope"}}"#, LEGACY),
        (r#"{"ArnNotLike":{"aws:SourceArn":"arn:aws:s3:b"}}"#, LEGACY),
        (
            r#"{"ArnEquals":{"aws:SourceArn":"${aws:PrincipalArn}"}}"#,
            LEGACY,
        ),
        (
            r#"{"ArnLike":{"aws:SourceArn":["arn:*:s3:::b","arn:aws:*:*:*:*","*"]}}"#,
            "",
        ),
        (r#"{"BinaryEquals":{"a:b":"!!!"}}"#, SYNTAX),
        (r#"{"BinaryEquals":{"a:b":["YWJj","YWJj=="]}}"#, SYNTAX),
        (r#"{"BinaryEquals":{"a:b":["YWJj","YWJjZA=="]}}"#, ""),
        (r#"{"Bool":{"a:b":"no"},"Null":{"a:b":"no"}}"#, ""),
        // Of several errors that of the grammar is told.
        (
            r#"{"NumericLessThan":{"a:b":"abc"},"StringIs":{"a:b":"c"}}"#,
            SYNTAX,
        ),
    ] {
        let members =
            format!(r#""Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{condition}"#);
        check_written(Form::Inline, &members, expected);
        let kept = if expected == LEGACY || condition.starts_with(r#"{"Binary"#) {
            ""
        } else {
            expected
        };
        if !condition.contains("StringIs") {
            check_statement(PolicyKind::Identity, &members, kept);
        }
        let principal = format!(
            r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"*"}},"Condition":{condition}"#
        );
        check_written(Form::Trust, &principal, expected);
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

/// Source: answers of the live service to `CreateRole`; that of `NotPrincipal`
/// is Amazon S3's.
#[test]
fn trust_policies_that_are_written() {
    let star = r#"AssumeRolepolicy contained an invalid principal: "STAR":"*"."#;
    for (members, expected) in [
        (r#""Effect":"Allow","Principal":{"AWS":"*"}"#, ""),
        (r#""Effect":"Allow","Principal":"*""#, star),
        (r#""Effect":"Deny","Principal":"*""#, star),
        (
            r#""Effect":"Deny","NotPrincipal":{"AWS":"111122223333"}"#,
            "",
        ),
        (
            r#""Effect":"Allow","NotPrincipal":{"AWS":"111122223333"}"#,
            "Allow with NotPrincipal is not allowed.",
        ),
        (
            r#""Effect":"Allow","Principal":{"Federated":"https://a.example"}"#,
            "Federated principals must be valid domain names or SAML metadata ARNs",
        ),
        (
            r#""Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","ec2.amazonaws.com.cn"]}"#,
            "",
        ),
        (
            r#""Effect":"Allow","Principal":{"Service":"lambda.example.com"}"#,
            r#"Invalid principal in policy: "SERVICE":"lambda.example.com""#,
        ),
        (
            r#""Effect":"Allow","Principal":{"Service":"notamazonaws.com"}"#,
            r#"Invalid principal in policy: "SERVICE":"notamazonaws.com""#,
        ),
        (
            r#""Effect":"Allow","Principal":{"AWS":"1111-2222-3333"}"#,
            "",
        ),
        (
            r#""Effect":"Allow","Principal":{"Service":"*.amazonaws.com"}"#,
            r#"Invalid principal in policy: "SERVICE":"*.amazonaws.com""#,
        ),
    ] {
        let members = format!(r#"{members},"Action":"sts:AssumeRole""#);
        check_written(Form::Trust, &members, expected);
    }
}

/// Source: answers of the live service to `UpdateAssumeRolePolicy`.
#[test]
fn actions_of_trust_policies_that_are_written() {
    let other = "AssumeRole policy may only specify STS AssumeRole actions.";
    for (action, expected) in [
        ("sts:AssumeRole", ""),
        ("sts:AssumeRoleWithSAML", ""),
        ("sts:AssumeRoleWithWebIdentity", ""),
        ("sts:SetContext", ""),
        ("sts:SetSourceIdentity", ""),
        ("sts:TagSession", ""),
        ("s3:GetObject", other),
        ("sts:*", other),
        ("*", other),
        ("sts:AssumeRoot", other),
        ("sts:GetCallerIdentity", other),
        ("sts:GetSessionToken", other),
        ("sts:assumerole", other),
    ] {
        for name in ["Action", "NotAction"] {
            let members = format!(
                r#""Effect":"Deny","Principal":{{"AWS":"*"}},"{name}":["sts:AssumeRole","{action}"]"#
            );
            check_written(Form::Trust, &members, expected);
        }
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
