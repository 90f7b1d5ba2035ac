"""Organizations, operation by operation, and what crosses from one account to another."""

import json

from sts import allow, policy

SCP = "SERVICE_CONTROL_POLICY"
DENY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Deny", "Action": "secretsmanager:DeleteSecret", "Resource": "*"}]})
TAGS = [{"Key": "team", "Value": "blue"}]


def walk(w):
    orgs = w.service("organizations")
    orgs.refused.describe_organization()
    w.organization = orgs.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    orgs.refused.create_organization(FeatureSet="ALL")
    orgs.describe_organization()
    root = orgs.list_roots()["Roots"][0]["Id"]
    member = accounts(w, orgs, root)
    policies(orgs, root)
    across(w, member)
    ends(w, orgs, root, member)


def accounts(w, orgs, root):
    status = orgs.create_account(
        AccountName="member", Email="member@example.com", Tags=TAGS)["CreateAccountStatus"]
    made = orgs.describe_create_account_status(CreateAccountRequestId=status["Id"])
    member = w.member = made["CreateAccountStatus"]["AccountId"]
    orgs.list_create_account_status(States=["SUCCEEDED"])
    orgs("which fails").create_account(AccountName="again", Email="member@example.com")
    orgs.describe_account(AccountId=member)
    orgs.refused.describe_account(AccountId="999999999999")
    orgs.list_accounts()
    orgs.list_aws_service_access_for_organization()
    orgs.list_delegated_administrators(ServicePrincipal="cloudtrail.amazonaws.com")
    unit = orgs.create_organizational_unit(
        ParentId=root, Name="Workloads", Tags=TAGS)["OrganizationalUnit"]["Id"]
    orgs.refused.create_organizational_unit(ParentId=root, Name="Workloads")
    orgs.update_organizational_unit(OrganizationalUnitId=unit, Name="Work")
    orgs.describe_organizational_unit(OrganizationalUnitId=unit)
    orgs.list_organizational_units_for_parent(ParentId=root)
    orgs.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
    orgs.list_accounts_for_parent(ParentId=unit)
    orgs.list_children(ParentId=unit, ChildType="ACCOUNT")
    orgs.list_parents(ChildId=member)
    orgs.tag_resource(ResourceId=member, Tags=[{"Key": "stage", "Value": "test"}])
    orgs.list_tags_for_resource(ResourceId=member)
    orgs.untag_resource(ResourceId=member, TagKeys=["stage"])
    orgs.refused.delete_organizational_unit(OrganizationalUnitId=unit)
    orgs("back").move_account(AccountId=member, SourceParentId=unit, DestinationParentId=root)
    orgs.delete_organizational_unit(OrganizationalUnitId=unit)
    return member


def policies(orgs, root):
    orgs.enable_policy_type(RootId=root, PolicyType=SCP)
    made = orgs.create_policy(Name="keep", Description="", Type=SCP, Content=DENY, Tags=TAGS)
    keep = made["Policy"]["PolicySummary"]["Id"]
    orgs.refused.create_policy(Name="broken", Description="", Type=SCP, Content="{}")
    orgs.describe_policy(PolicyId=keep)
    orgs.update_policy(PolicyId=keep, Name="kept", Description="why")
    orgs.attach_policy(PolicyId=keep, TargetId=root)
    orgs.refused.attach_policy(PolicyId=keep, TargetId=root)
    orgs.list_policies(Filter=SCP)
    orgs.list_policies_for_target(TargetId=root, Filter=SCP)
    orgs.list_targets_for_policy(PolicyId=keep)
    orgs.detach_policy(PolicyId=keep, TargetId=root)
    orgs.delete_policy(PolicyId=keep)
    orgs.disable_policy_type(RootId=root, PolicyType=SCP)


def across(w, member):
    """Calls that the accounts of both caller and owner have on record."""
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    there = w.session(w.service("sts")("into another account").assume_role(
        RoleArn=role, RoleSessionName="across"))
    theirs = w.service("secretsmanager", there)
    key = w.service("kms", there)("in another account").create_key(Policy=policy(
        {"Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam::{member}:root",
                                                  f"arn:aws:iam::{w.account}:root"]},
         "Action": "kms:*", "Resource": "*"}))["KeyMetadata"]["Arn"]
    arn = theirs("in another account").create_secret(
        Name="shared", SecretString=w.text(), KmsKeyId=key)["ARN"]
    theirs("in another account").put_resource_policy(SecretId=arn, ResourcePolicy=policy(
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{w.account}:root"},
         "Action": "secretsmanager:GetSecretValue", "Resource": "*"}))
    w.service("secretsmanager")("of another account").get_secret_value(SecretId=arn)
    w.service("secretsmanager").refused("of another account").describe_secret(SecretId=arn)
    w.service("kms")("of another account").describe_key(KeyId=key)
    w.service("kms")("of another account").encrypt(KeyId=key, Plaintext=w.binary())
    w.theirs = there


def ends(w, orgs, root, member):
    theirs = w.service("organizations", w.theirs)
    w.service("iam", w.theirs)("may leave").put_role_policy(
        RoleName="OrganizationAccountAccessRole", PolicyName="leave",
        PolicyDocument=policy(allow("organizations:LeaveOrganization")))
    orgs.refused.delete_organization()
    theirs.refused.create_account(AccountName="x", Email="x@example.com")
    theirs.leave_organization()
    orgs.refused.remove_account_from_organization(AccountId=member)
    second = orgs("another").create_account(
        AccountName="second", Email="second@example.com")["CreateAccountStatus"]["Id"]
    second = orgs("another").describe_create_account_status(
        CreateAccountRequestId=second)["CreateAccountStatus"]["AccountId"]
    orgs.remove_account_from_organization(AccountId=second)
    third = orgs("a third").create_account(
        AccountName="third", Email="third@example.com")["CreateAccountStatus"]["Id"]
    third = orgs("a third").describe_create_account_status(
        CreateAccountRequestId=third)["CreateAccountStatus"]["AccountId"]
    orgs.close_account(AccountId=third)
    orgs.refused.close_account(AccountId="999999999999")
    w.accounts = [second, third]
    if w.by_cli:
        return
    # A closed account stays a member; an organization of its own can go.
    orgs.refused.delete_organization()
