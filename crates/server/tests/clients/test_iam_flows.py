"""The call sequences of tools that people manage IAM with: Terraform's provider, eksctl, the AWS CLI.

The tools themselves are not run: what they call, in their order, is what the reference lists.
"""

import json

import pytest

from iam_world import EC2_TRUST, READ_SECRETS, REGION, allow, document, trust, unique


@pytest.fixture(scope="session")
def iam(server):
    return server.client(REGION, service="iam")


def test_terraform_role_and_attachments(iam, refused):
    """aws_iam_role, aws_iam_role_policy, aws_iam_role_policy_attachment: create, read, change, destroy."""
    name = unique("tf-role")
    with refused("NoSuchEntity", None, 404):
        iam.get_role(RoleName=name)
    made = iam.create_role(
        RoleName=name, Path="/", AssumeRolePolicyDocument=EC2_TRUST, MaxSessionDuration=3600,
        Tags=[{"Key": "Name", "Value": name}])["Role"]
    iam.get_waiter("role_exists").wait(RoleName=name)

    def read():
        role = iam.get_role(RoleName=name)["Role"]
        assert role["Arn"] == made["Arn"] and role["RoleId"] == made["RoleId"]
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        return role, inline, [it["PolicyArn"] for it in attached]

    assert read()[1:] == ([], [])
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=READ_SECRETS)
    aws = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName=name, PolicyArn=aws)
    assert read()[1:] == (["inline"], [aws])
    iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    iam.update_role(RoleName=name, MaxSessionDuration=7200)
    iam.update_role_description(RoleName=name, Description="changed")
    iam.tag_role(RoleName=name, Tags=[{"Key": "env", "Value": "test"}])
    iam.untag_role(RoleName=name, TagKeys=["Name"])
    role, _, _ = read()
    assert role["MaxSessionDuration"] == 7200 and role["Description"] == "changed"
    assert role["Tags"] == [{"Key": "env", "Value": "test"}]
    # Destroying: what hangs on the role is asked for first.
    for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(
            InstanceProfileName=profile["InstanceProfileName"], RoleName=name)
    for arn in read()[2]:
        iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    for policy in read()[1]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)
    with refused("NoSuchEntity", None, 404):
        iam.get_role(RoleName=name)


def test_terraform_policy(iam, refused):
    """aws_iam_policy: each change is a new default version; the oldest goes when there are five."""
    arn = iam.create_policy(
        PolicyName=unique("tf-policy"), Path="/", PolicyDocument=READ_SECRETS)["Policy"]["Arn"]
    for number in range(7):
        text = document(allow("kms:Decrypt", Sid=f"v{number}"))
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        if len(versions) == 5:
            oldest = min((it for it in versions if not it["IsDefaultVersion"]),
                         key=lambda it: int(it["VersionId"][1:]))
            iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
        got = iam.get_policy(PolicyArn=arn)["Policy"]
        version = iam.get_policy_version(PolicyArn=arn, VersionId=got["DefaultVersionId"])
        assert version["PolicyVersion"]["Document"] == json.loads(text)
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", None, 404):
        iam.get_policy(PolicyArn=arn)


def test_terraform_instance_profile(iam):
    """aws_iam_instance_profile."""
    role, name = unique("tf-role"), unique("tf-profile")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=EC2_TRUST)
    iam.create_instance_profile(InstanceProfileName=name, Path="/")
    iam.get_waiter("instance_profile_exists").wait(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    got = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert [it["RoleName"] for it in got["Roles"]] == [role]
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
    iam.delete_instance_profile(InstanceProfileName=name)
    iam.delete_role(RoleName=role)


def test_eksctl_service_account(iam):
    """A role for a Kubernetes service account: the provider, the role, its policy, its tags."""
    issuer = f"oidc.eks.us-east-1.amazonaws.com/id/{unique('cluster')}"
    provider = iam.create_open_id_connect_provider(
        Url=f"https://{issuer}", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40],
    )["OpenIDConnectProviderArn"]
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)["ClientIDList"] == [
        "sts.amazonaws.com"]
    name = unique("eksctl-app")
    text = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition={
        "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com",
                         f"{issuer}:sub": "system:serviceaccount:default:app"}})
    tags = [{"Key": "alpha.eksctl.io/cluster-name", "Value": "c"},
            {"Key": "alpha.eksctl.io/iamserviceaccount-name", "Value": "default/app"}]
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=text, Tags=tags)["Role"]
    assert made["AssumeRolePolicyDocument"] == json.loads(text)
    arn = iam.create_policy(PolicyName=unique("eksctl"), PolicyDocument=READ_SECRETS)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    assert iam.list_role_tags(RoleName=name)["Tags"] == tags
    iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    iam.delete_role(RoleName=name)
    iam.delete_policy(PolicyArn=arn)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)


def cli(server, *args):
    done = server.aws("iam", *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_the_command_line(server, tmp_path):
    name, policy = unique("cli-role"), unique("cli-policy")
    trust_file = tmp_path / "trust.json"
    trust_file.write_text(EC2_TRUST)
    made = cli(server, "create-role", "--role-name", name, "--assume-role-policy-document",
               f"file://{trust_file}", "--tags", "Key=team,Value=blue")["Role"]
    assert made["AssumeRolePolicyDocument"] == json.loads(EC2_TRUST)
    arn = cli(server, "create-policy", "--policy-name", policy,
              "--policy-document", READ_SECRETS)["Policy"]["Arn"]
    cli(server, "attach-role-policy", "--role-name", name, "--policy-arn", arn)
    listed = cli(server, "list-attached-role-policies", "--role-name", name)["AttachedPolicies"]
    assert listed == [{"PolicyName": policy, "PolicyArn": arn}]
    version = cli(server, "get-policy-version", "--policy-arn", arn, "--version-id", "v1")
    assert version["PolicyVersion"]["Document"] == json.loads(READ_SECRETS)
    simulated = cli(server, "simulate-principal-policy", "--policy-source-arn", made["Arn"],
                    "--action-names", "secretsmanager:GetSecretValue", "kms:Decrypt")
    assert [it["EvalDecision"] for it in simulated["EvaluationResults"]] == [
        "allowed", "implicitDeny"]
    # The CLI follows the pages by itself.
    names = cli(server, "list-roles", "--page-size", "1", "--query", "Roles[].RoleName")
    assert name in names and len(names) == len(set(names))
    done = server.aws("iam", "delete-role", "--role-name", name)
    assert ("An error occurred (DeleteConflict) when calling the DeleteRole operation: Cannot "
            "delete entity, must detach all policies first.") in done.stderr
    cli(server, "detach-role-policy", "--role-name", name, "--policy-arn", arn)
    cli(server, "delete-role", "--role-name", name)
    cli(server, "delete-policy", "--policy-arn", arn)
