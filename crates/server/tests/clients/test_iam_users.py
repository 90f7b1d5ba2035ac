"""Users, their keys, groups and policies, by boto3 and the AWS CLI."""

import json
import re
import time

import pytest
from botocore.config import Config

import harness

# IAM is global and signed for this Region.
REGION = "us-east-1"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "X-Amz-Target": None}


def unique(topic):
    return f"{topic}-{harness.word()}"


def document(action, resource="*", effect="Allow"):
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture(scope="session")
def iam(server):
    return server.client(REGION, service="iam")


@pytest.fixture
def user(iam):
    return iam.create_user(UserName=unique("user"))["User"]["UserName"]


@pytest.fixture
def group(iam):
    return iam.create_group(GroupName=unique("group"))["Group"]["GroupName"]


def signed_by(server, key, service="secretsmanager"):
    return harness.boto3_client(
        service, endpoint_url=server.endpoint, region_name=REGION,
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
        config=Config(retries={"total_max_attempts": 1}, read_timeout=harness.PATIENCE),
    )


def names(pages, key, name):
    return [item[name] for page in pages for item in page[key]]


def test_a_user_from_its_making_to_its_end(iam, refused):
    name = unique("Ann")
    made = iam.create_user(UserName=name, Path="/team/", Tags=[{"Key": "k", "Value": "v"}])
    user = made["User"]
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", user["UserId"])
    assert re.fullmatch(rf"arn:aws:iam::\d{{12}}:user/team/{name}", user["Arn"])
    assert user["Tags"] == [{"Key": "k", "Value": "v"}]
    assert iam.get_user(UserName=name.upper())["User"] == user
    with refused("EntityAlreadyExists", f"User with name {name.lower()} already exists.", 409):
        iam.create_user(UserName=name.lower())
    iam.update_user(UserName=name, NewUserName=name + "2", NewPath="/")
    renamed = iam.get_user(UserName=name + "2")["User"]
    assert renamed["UserId"] == user["UserId"] and renamed["Path"] == "/"
    iam.delete_user(UserName=name + "2")
    with refused("NoSuchEntity", f"The user with name {name}2 cannot be found.", 404):
        iam.get_user(UserName=name + "2")


def test_users_are_listed_in_pages_by_path(iam):
    path = f"/{harness.word()}/"
    made = sorted(iam.create_user(UserName=unique("u"), Path=path)["User"]["UserName"]
                  for _ in range(5))
    pages = iam.get_paginator("list_users").paginate(
        PathPrefix=path, PaginationConfig={"PageSize": 2})
    found = list(pages)
    assert [len(page["Users"]) for page in found] == [2, 2, 1]
    assert names(found, "Users", "UserName") == made
    assert all("Tags" not in user for page in found for user in page["Users"])


def test_tags_are_set_removed_and_counted(iam, refused, user):
    tags = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    iam.tag_user(UserName=user, Tags=tags)
    with refused("LimitExceeded", status=409):
        iam.tag_user(UserName=user, Tags=[{"Key": "more", "Value": ""}])
    iam.untag_user(UserName=user, TagKeys=[f"K{n}" for n in range(49)])
    assert iam.list_user_tags(UserName=user)["Tags"] == [{"Key": "k49", "Value": ""}]


def test_a_key_signs_until_it_is_inactive(server, iam, refused, user):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", key["AccessKeyId"])
    assert len(key["SecretAccessKey"]) == 40
    iam.put_user_policy(UserName=user, PolicyName="p",
                        PolicyDocument=document("secretsmanager:ListSecrets"))
    secrets = signed_by(server, key)
    secrets.list_secrets(MaxResults=1)
    own = signed_by(server, key, "iam")
    with refused("AccessDenied", re.compile(
            rf"not authorized to perform: iam:GetUser on resource: user {user} because no "
            "identity-based policy allows the iam:GetUser action"), 403):
        own.get_user()
    iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("UnrecognizedClientException"):
        secrets.list_secrets(MaxResults=1)
    with refused("InvalidClientTokenId", status=403):
        own.get_user()
    iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Active")
    secrets.list_secrets(MaxResults=1)
    iam.create_access_key(UserName=user)
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409):
        iam.create_access_key(UserName=user)
    with refused("DeleteConflict", status=409):
        iam.delete_user(UserName=user)


def test_the_last_use_of_a_key_is_told(server, iam, user):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    never = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert never["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    iam.put_user_policy(UserName=user, PolicyName="p",
                        PolicyDocument=document("secretsmanager:ListSecrets"))
    before = time.time()
    signed_by(server, key).list_secrets(MaxResults=1)
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert used["UserName"] == user
    last = used["AccessKeyLastUsed"]
    assert (last["ServiceName"], last["Region"]) == ("secretsmanager", REGION)
    assert int(before) <= last["LastUsedDate"].timestamp() <= time.time()


def test_the_last_use_survives_a_stop(own_server):
    iam = own_server.client(REGION, service="iam")
    key = own_server.env["AWS_ACCESS_KEY_ID"]
    iam.get_user()
    own_server.stop()
    own_server.start()
    last = own_server.client(REGION, service="iam").get_access_key_last_used(AccessKeyId=key)
    assert last["AccessKeyLastUsed"]["ServiceName"] == "iam"


def test_a_group_gives_its_policies_to_its_users(server, iam, user, group):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    secrets = signed_by(server, key)

    def allowed():
        try:
            secrets.list_secrets(MaxResults=1)
            return True
        except secrets.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDeniedException"
            return False

    assert not allowed()
    iam.put_group_policy(GroupName=group, PolicyName="p",
                         PolicyDocument=document("secretsmanager:ListSecrets"))
    iam.add_user_to_group(GroupName=group.upper(), UserName=user.upper())
    assert allowed()
    assert iam.list_groups_for_user(UserName=user)["Groups"][0]["GroupName"] == group
    iam.update_group(GroupName=group, NewGroupName=group + "-2")
    assert allowed()
    assert iam.get_group(GroupName=group + "-2")["Users"][0]["UserName"] == user
    iam.update_user(UserName=user, NewUserName=user + "-2")
    assert allowed()
    iam.delete_group_policy(GroupName=group + "-2", PolicyName="p")
    assert not allowed()
    iam.attach_group_policy(GroupName=group + "-2", PolicyArn=READ_ONLY)
    assert allowed()
    iam.remove_user_from_group(GroupName=group + "-2", UserName=user + "-2")
    assert not allowed()


def test_a_user_is_in_ten_groups(iam, refused, user):
    for _ in range(10):
        made = iam.create_group(GroupName=unique("g"))["Group"]["GroupName"]
        iam.add_user_to_group(GroupName=made, UserName=user)
    more = iam.create_group(GroupName=unique("g"))["Group"]["GroupName"]
    with refused("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", 409):
        iam.add_user_to_group(GroupName=more, UserName=user)
    pages = iam.get_paginator("list_groups_for_user").paginate(
        UserName=user, PaginationConfig={"PageSize": 4})
    assert [len(page["Groups"]) for page in pages] == [4, 4, 2]


def test_a_boundary_narrows_a_user(server, iam, user):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=document("*"))
    secrets = signed_by(server, key)
    secrets.get_random_password()
    iam.put_user_permissions_boundary(
        UserName=user, PermissionsBoundary="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    boundary = iam.get_user(UserName=user)["User"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryType"] == "Policy"
    with pytest.raises(secrets.exceptions.ClientError, match="no permissions boundary allows"):
        secrets.get_random_password()
    iam.delete_user_permissions_boundary(UserName=user)
    secrets.get_random_password()


def test_policies_of_a_user(iam, refused, user):
    text = document("kms:Decrypt")
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=text)
    got = iam.get_user_policy(UserName=user, PolicyName="p")
    assert got["PolicyDocument"] == json.loads(text)
    iam.attach_user_policy(UserName=user, PolicyArn=READ_ONLY)
    attached = iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]
    assert attached == [{"PolicyName": "ReadOnlyAccess", "PolicyArn": READ_ONLY}]
    with refused("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409):
        iam.delete_user(UserName=user)
    iam.detach_user_policy(UserName=user, PolicyArn=READ_ONLY)
    with refused("NoSuchEntity", f"Policy {READ_ONLY} was not found.", 404):
        iam.detach_user_policy(UserName=user, PolicyArn=READ_ONLY)
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_user(UserName=user)
    iam.delete_user_policy(UserName=user, PolicyName="p")
    iam.delete_user(UserName=user)


def test_clean_up_asks_for_what_nobody_has(iam, refused, user):
    """What Terraform's `force_destroy` of a user and aws-nuke ask before they delete."""
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []
    assert iam.list_signing_certificates(UserName=user)["Certificates"] == []
    assert iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"] == []
    credentials = iam.list_service_specific_credentials(UserName=user)
    assert credentials["ServiceSpecificCredentials"] == []
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []
    for ask in (iam.get_login_profile, iam.delete_login_profile):
        with refused("NoSuchEntity", f"Login Profile for User {user} cannot be found.", 404):
            ask(UserName=user)
    iam.delete_user(UserName=user)


def test_account_settings(iam, refused):
    with refused("NoSuchEntity", re.compile("^The Password Policy with domain name"), 404):
        iam.get_account_password_policy()
    iam.update_account_password_policy(MinimumPasswordLength=14, MaxPasswordAge=90)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"]) == (14, True)
    iam.delete_account_password_policy()
    alias = "a" + harness.word()
    iam.create_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    iam.delete_account_alias(AccountAlias=alias)
    summary = iam.get_account_summary()["SummaryMap"]
    assert summary["UsersQuota"] == 5000 and summary["Users"] >= 1


def test_providers(iam, refused):
    url = f"https://{harness.word()}.example.com/id"
    arn = iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["A" * 40],
    )["OpenIDConnectProviderArn"]
    assert arn.endswith(":oidc-provider/" + url.removeprefix("https://"))
    with refused("EntityAlreadyExists", f"Provider with url {url} already exists.", 409):
        iam.create_open_id_connect_provider(Url=url)
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="b")
    iam.remove_client_id_from_open_id_connect_provider(
        OpenIDConnectProviderArn=arn, ClientID="sts.amazonaws.com")
    iam.update_open_id_connect_provider_thumbprint(
        OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
    iam.tag_open_id_connect_provider(
        OpenIDConnectProviderArn=arn, Tags=[{"Key": "k", "Value": "v"}])
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert found["Url"] == url.removeprefix("https://")
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["b"], ["b" * 40])
    assert {"Arn": arn} in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    for _ in range(2):
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    metadata = (
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="corp">'
        "<IDPSSODescriptor><X509Certificate>" + "M" * 1000 + "</X509Certificate>"
        "</IDPSSODescriptor></EntityDescriptor>"
    )
    name = unique("corp")
    saml = iam.create_saml_provider(Name=name, SAMLMetadataDocument=metadata)["SAMLProviderArn"]
    got = iam.get_saml_provider(SAMLProviderArn=saml)
    assert got["SAMLMetadataDocument"] == metadata
    assert got["ValidUntil"].year > 2100
    assert saml in [p["Arn"] for p in iam.list_saml_providers()["SAMLProviderList"]]
    iam.delete_saml_provider(SAMLProviderArn=saml)
    with refused("NoSuchEntity", status=404):
        iam.get_saml_provider(SAMLProviderArn=saml)


def test_the_wire(server):
    body = b"Action=GetUser&Version=2010-05-08"
    reply = server.call("", service="iam", region=REGION, body=body, headers=FORM)
    assert reply.status == 200 and reply.headers["content-type"] == "text/xml"
    text = reply.body.decode()
    assert text.startswith('<GetUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">')
    assert f"<RequestId>{reply.request_id}</RequestId>" in text
    # A client that is told an endpoint signs for its own Region.
    abroad = server.call("", service="iam", region="eu-west-1", body=body, headers=FORM)
    assert abroad.status == 200
    # The SDK for Java signs for IAM's own name, and so for the global STS.
    assert server.call("", service="iam", region="aws-global", body=body, headers=FORM).status == 200
    who = b"Action=GetCallerIdentity&Version=2011-06-15"
    assert server.call("", service="sts", region="aws-global", body=who, headers=FORM).status == 200
    for service, region in (("iam", "aws-cn-global"), ("secretsmanager", "aws-global")):
        refused = server.call("ListSecrets", {}, service=service, region=region)
        assert f"not '{region}'".encode() in refused.body
    elsewhere = server.call("", service="iam", region="nowhere-1", body=body, headers=FORM)
    assert elsewhere.status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in elsewhere.body
    assert b"Credential should be scoped to a valid region, not 'nowhere-1'." in elsewhere.body


def test_records_name_errors_as_cloudtrail_does(server, iam):
    name = unique("nobody")
    with pytest.raises(iam.exceptions.NoSuchEntityException) as caught:
        iam.get_user(UserName=name)
    request_id = caught.value.response["ResponseMetadata"]["RequestId"]
    (record,) = server.audit(request_id, count=1)
    assert record["eventSource"] == "iam.amazonaws.com"
    assert record["errorCode"] == "NoSuchEntityException"
    assert record["requestParameters"] == {"userName": name}


def test_a_secret_key_is_never_recorded(server, iam, user):
    answer = iam.create_access_key(UserName=user)
    key = answer["AccessKey"]
    (record,) = server.audit(harness.request_id_of(answer), count=1)
    recorded = record["responseElements"]["accessKey"]
    assert recorded["accessKeyId"] == key["AccessKeyId"] and "secretAccessKey" not in recorded
    assert not any(key["SecretAccessKey"].encode() in line for line in server.audit_lines())


def test_the_cli_makes_a_user(server):
    name = unique("cli")
    made = server.aws("iam", "create-user", "--user-name", name, "--tags", "Key=a,Value=b")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["User"]["UserName"] == name
    listed = server.aws("iam", "list-access-keys", "--user-name", name)
    assert json.loads(listed.stdout)["AccessKeyMetadata"] == []
    wrong = server.aws("iam", "get-user", "--user-name", name + "x")
    assert "(NoSuchEntity)" in wrong.stderr
    assert server.aws("iam", "delete-user", "--user-name", name).returncode == 0
