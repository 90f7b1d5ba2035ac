"""AWS Organizations through boto3 and the AWS CLI: the tree, policies, enforcement."""

import json

import pytest
from botocore.exceptions import ClientError

import harness

SCP = "SERVICE_CONTROL_POLICY"
DENY = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "secretsmanager:DeleteSecret", "Resource": "*"}],
})


@pytest.fixture
def orgs(own_server):
    client = own_server.client(region="us-east-1", service="organizations")
    client.create_organization(FeatureSet="ALL")
    return client


def account(orgs, name):
    asked = orgs.create_account(AccountName=name, Email=f"{name}@example.com")
    status = asked["CreateAccountStatus"]
    assert status["State"] in ("IN_PROGRESS", "SUCCEEDED")
    status = orgs.describe_create_account_status(CreateAccountRequestId=status["Id"])
    status = status["CreateAccountStatus"]
    assert status["State"] == "SUCCEEDED"
    return status["AccountId"]


def test_the_tree(orgs, refused):
    organization = orgs.describe_organization()["Organization"]
    root = orgs.list_roots()["Roots"][0]
    assert root["Name"] == "Root" and root["PolicyTypes"] == []
    member = account(orgs, "member")
    unit = orgs.create_organizational_unit(
        ParentId=root["Id"], Name="Workloads", Tags=[{"Key": "env", "Value": "prod"}]
    )["OrganizationalUnit"]
    assert unit["Arn"] == (
        f"arn:aws:organizations::{organization['MasterAccountId']}:"
        f"ou/{organization['Id']}/{unit['Id']}"
    )
    orgs.move_account(
        AccountId=member, SourceParentId=root["Id"], DestinationParentId=unit["Id"]
    )
    listed = orgs.list_accounts_for_parent(ParentId=unit["Id"])["Accounts"]
    assert [(a["Id"], a["Name"], a["Status"]) for a in listed] == [(member, "member", "ACTIVE")]
    assert orgs.list_parents(ChildId=member)["Parents"] == [
        {"Id": unit["Id"], "Type": "ORGANIZATIONAL_UNIT"}
    ]
    assert orgs.list_tags_for_resource(ResourceId=unit["Id"])["Tags"] == [
        {"Key": "env", "Value": "prod"}
    ]
    everyone = [a["Id"] for p in orgs.get_paginator("list_accounts").paginate() for a in p["Accounts"]]
    assert sorted(everyone) == sorted([organization["MasterAccountId"], member])
    with refused("OrganizationalUnitNotEmptyException"):
        orgs.delete_organizational_unit(OrganizationalUnitId=unit["Id"])
    with refused("OrganizationNotEmptyException"):
        orgs.delete_organization()
    with refused("AccountNotFoundException", "You specified an account that doesn't exist."):
        orgs.describe_account(AccountId="999999999999")


def test_what_terraform_reads_of_an_organization(orgs, refused):
    # aws_organizations_organization: all of it, after each change and in each plan.
    organization = orgs.describe_organization()["Organization"]
    assert organization["FeatureSet"] == "ALL"
    assert [a["Id"] for a in orgs.list_accounts()["Accounts"]] == [organization["MasterAccountId"]]
    root = orgs.list_roots()["Roots"][0]["Id"]
    assert orgs.list_aws_service_access_for_organization()["EnabledServicePrincipals"] == []
    orgs.enable_policy_type(RootId=root, PolicyType=SCP)
    assert orgs.list_roots()["Roots"][0]["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    # Its data source reads these too.
    assert orgs.list_delegated_administrators()["DelegatedAdministrators"] == []
    with refused("InvalidInputException", "You provided an invalid NextToken value."):
        orgs.list_aws_service_access_for_organization(NextToken="x")


def test_policies(orgs, refused):
    root = orgs.list_roots()["Roots"][0]["Id"]
    policy = orgs.create_policy(Name="keep", Description="", Type=SCP, Content=DENY)["Policy"]
    policy_id = policy["PolicySummary"]["Id"]
    with refused("PolicyTypeNotEnabledException"):
        orgs.attach_policy(PolicyId=policy_id, TargetId=root)
    enabled = orgs.enable_policy_type(RootId=root, PolicyType=SCP)["Root"]
    assert enabled["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    attached = orgs.list_policies_for_target(TargetId=root, Filter=SCP)["Policies"]
    assert [p["Id"] for p in attached] == ["p-FullAWSAccess"]
    orgs.attach_policy(PolicyId=policy_id, TargetId=root)
    with refused("DuplicatePolicyAttachmentException"):
        orgs.attach_policy(PolicyId=policy_id, TargetId=root)
    targets = orgs.list_targets_for_policy(PolicyId=policy_id)["Targets"]
    assert [(t["TargetId"], t["Type"]) for t in targets] == [(root, "ROOT")]
    with refused("PolicyInUseException"):
        orgs.delete_policy(PolicyId=policy_id)
    names = {p["Name"]: p["AwsManaged"] for p in orgs.list_policies(Filter=SCP)["Policies"]}
    assert names == {"FullAWSAccess": True, "keep": False}
    changed = orgs.update_policy(PolicyId=policy_id, Name="kept", Description="why")["Policy"]
    assert changed["PolicySummary"]["Name"] == "kept"
    assert json.loads(changed["Content"]) == json.loads(DENY)
    with refused("MalformedPolicyDocumentException"):
        orgs.update_policy(PolicyId=policy_id, Content="{}")
    orgs.detach_policy(PolicyId=policy_id, TargetId=root)
    with refused("PolicyNotAttachedException"):
        orgs.detach_policy(PolicyId=policy_id, TargetId=root)
    with pytest.raises(ClientError) as caught:
        orgs.detach_policy(PolicyId="p-FullAWSAccess", TargetId=root)
    assert caught.value.response["Error"]["Code"] == "ConstraintViolationException"
    assert caught.value.response["Reason"] == "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    orgs.delete_policy(PolicyId=policy_id)


def test_the_cli(own_server):
    made = own_server.aws("organizations", "create-organization", "--region", "us-east-1")
    assert json.loads(made.stdout if hasattr(made, "stdout") else made)["Organization"]["FeatureSet"] == "ALL"


def client_of(server, assumed, service="secretsmanager"):
    session = assumed["Credentials"]
    return harness.boto3_client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


def test_a_closed_account_stays_closed_to_everybody(own_server, orgs, refused):
    member = account(orgs, "member")
    sts = own_server.client(region="us-east-1", service="sts")
    home = sts.get_caller_identity()["Account"]
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    assumed = sts.assume_role(RoleArn=role, RoleSessionName="setup")
    theirs, their_kms = (client_of(own_server, assumed, it) for it in ("secretsmanager", "kms"))

    def opened(action):
        return json.dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": [home, member]}, "Action": action,
            "Resource": "*"}]})

    key = their_kms.create_key(Policy=opened("kms:*"))["KeyMetadata"]["Arn"]
    shared = theirs.create_secret(Name="shared", SecretString="x", KmsKeyId=key)["ARN"]
    theirs.put_resource_policy(SecretId=shared, ResourcePolicy=opened("secretsmanager:*"))
    ours, kms = (own_server.client(region="us-east-1", service=it)
                 for it in ("secretsmanager", "kms"))
    under = ours.create_secret(Name="under-their-key", SecretString="y", KmsKeyId=key)["ARN"]
    for secret in (shared, under):
        ours.get_secret_value(SecretId=secret)
    kms.encrypt(KeyId=key, Plaintext=b"x")
    orgs.close_account(AccountId=member)
    with pytest.raises(ClientError) as caught:
        orgs.remove_account_from_organization(AccountId=member)
    assert caught.value.response["Error"]["Code"] == "ConstraintViolationException"
    assert caught.value.response["Reason"] == "ACCOUNT_CANNOT_LEAVE_ORGANIZATION"
    assert orgs.describe_account(AccountId=member)["Account"]["Status"] == "SUSPENDED"
    for call in (
        lambda: ours.get_secret_value(SecretId=shared),
        lambda: ours.put_secret_value(SecretId=shared, SecretString="z"),
        lambda: ours.get_secret_value(SecretId=under),
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    with refused("UnrecognizedClientException"):
        theirs.list_secrets()


def test_policies_bound_a_member_and_never_the_management_account(own_server, orgs, refused):
    member = account(orgs, "member")
    root = orgs.list_roots()["Roots"][0]["Id"]
    sts = own_server.client(region="us-east-1", service="sts")
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    theirs = client_of(own_server, sts.assume_role(RoleArn=role, RoleSessionName="setup"))
    ours = own_server.client(region="us-east-1")
    for client in (theirs, ours):
        client.create_secret(Name="kept", SecretString="x")
    orgs.enable_policy_type(RootId=root, PolicyType=SCP)
    policy = orgs.create_policy(Name="keep", Description="", Type=SCP, Content=DENY)
    policy_id = policy["Policy"]["PolicySummary"]["Id"]
    orgs.attach_policy(PolicyId=policy_id, TargetId=root)
    caller = f"arn:aws:sts::{member}:assumed-role/OrganizationAccountAccessRole/setup"
    with refused(
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: secretsmanager:DeleteSecret on resource: "
        "kept with an explicit deny in a service control policy",
    ):
        theirs.delete_secret(SecretId="kept", ForceDeleteWithoutRecovery=True)
    ours.delete_secret(SecretId="kept", ForceDeleteWithoutRecovery=True)
    # The perimeter of an organization, by the caller's and by the resource's.
    organization = orgs.describe_organization()["Organization"]["Id"]
    arn = theirs.describe_secret(SecretId="kept")["ARN"]
    theirs.put_resource_policy(SecretId=arn, ResourcePolicy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "secretsmanager:DescribeSecret",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization}},
        }],
    }), BlockPublicPolicy=True)
    assert ours.describe_secret(SecretId=arn)["Name"] == "kept"
    orgs.detach_policy(PolicyId=policy_id, TargetId=root)
    theirs.delete_secret(SecretId="kept", ForceDeleteWithoutRecovery=True)
