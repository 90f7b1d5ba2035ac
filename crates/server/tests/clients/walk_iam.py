"""IAM, operation by operation."""

import json

from iam_world import EC2_TRUST, READ_SECRETS, allow, document

METADATA = (
    '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="corp">'
    "<IDPSSODescriptor><X509Certificate>" + "M" * 1000 + "</X509Certificate>"
    "</IDPSSODescriptor></EntityDescriptor>"
)
TAGS = [{"Key": "team", "Value": "blue"}]
MORE = document(allow("secretsmanager:DescribeSecret"))


def walk(w):
    iam = w.service("iam")
    policy = policies(w, iam)
    users(w, iam, policy)
    groups(iam, policy)
    roles(iam, policy)
    instance_profiles(iam)
    providers(w, iam)
    service_linked(iam)
    account(iam)
    simulation(w, iam)
    ends(iam, policy)


def policies(w, iam):
    arn = iam.create_policy(PolicyName="reader", Path="/team/", PolicyDocument=READ_SECRETS,
                            Description="reads", Tags=TAGS)["Policy"]["Arn"]
    iam.refused.create_policy(PolicyName="broken", PolicyDocument="{}")
    iam.get_policy(PolicyArn=arn)
    iam.refused.get_policy(PolicyArn=arn + "x")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=MORE, SetAsDefault=True)
    iam.get_policy_version(PolicyArn=arn, VersionId="v1")
    iam.list_policy_versions(PolicyArn=arn)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.refused.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "stage", "Value": "test"}])
    iam.list_policy_tags(PolicyArn=arn)
    iam.untag_policy(PolicyArn=arn, TagKeys=["stage"])
    iam.list_policies(Scope="Local", PathPrefix="/team/", MaxItems=10)
    return arn


def users(w, iam, policy):
    iam.create_user(UserName="ann", Path="/team/", Tags=TAGS)
    iam.refused.create_user(UserName="ann")
    iam.get_user(UserName="ann")
    iam("of oneself").get_user()
    iam.refused.get_user(UserName="nobody")
    iam.list_users(PathPrefix="/team/")
    iam.tag_user(UserName="ann", Tags=[{"Key": "stage", "Value": "test"}])
    iam.list_user_tags(UserName="ann")
    iam.untag_user(UserName="ann", TagKeys=["stage"])
    iam.attach_user_policy(UserName="ann", PolicyArn=policy)
    iam.refused.attach_user_policy(UserName="nobody", PolicyArn=policy)
    iam.list_attached_user_policies(UserName="ann")
    iam.list_entities_for_policy(PolicyArn=policy)
    iam.list_policies_granting_service_access(
        Arn=f"arn:aws:iam::{w.account}:user/team/ann", ServiceNamespaces=["secretsmanager"])
    iam.refused.delete_policy(PolicyArn=policy)
    iam.put_user_policy(UserName="ann", PolicyName="inline", PolicyDocument=READ_SECRETS)
    iam.refused.put_user_policy(UserName="ann", PolicyName="inline", PolicyDocument="{}")
    iam.get_user_policy(UserName="ann", PolicyName="inline")
    iam.list_user_policies(UserName="ann")
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=policy)
    iam.delete_user_permissions_boundary(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    w.came(key["SecretAccessKey"])
    w.ann = {name: key[name] for name in ("AccessKeyId", "SecretAccessKey")}
    iam.refused.create_access_key(UserName="nobody")
    other = iam("another").create_access_key(UserName="ann")["AccessKey"]
    w.came(other["SecretAccessKey"])
    iam.list_access_keys(UserName="ann")
    iam.update_access_key(UserName="ann", AccessKeyId=other["AccessKeyId"], Status="Inactive")
    iam.get_access_key_last_used(AccessKeyId=other["AccessKeyId"])
    iam.delete_access_key(UserName="ann", AccessKeyId=other["AccessKeyId"])
    iam.refused.delete_access_key(UserName="ann", AccessKeyId=other["AccessKeyId"])
    iam.refused.get_login_profile(UserName="ann")
    iam.refused.delete_login_profile(UserName="ann")
    for operation in ("mfa_devices", "ssh_public_keys", "service_specific_credentials",
                      "signing_certificates"):
        getattr(iam, f"list_{operation}")(UserName="ann")
    iam.list_virtual_mfa_devices()
    iam.list_server_certificates()


def groups(iam, policy):
    iam.create_group(GroupName="team", Path="/team/")
    iam.refused.create_group(GroupName="team")
    iam.add_user_to_group(GroupName="team", UserName="ann")
    iam.get_group(GroupName="team")
    iam.list_groups(PathPrefix="/team/")
    iam.list_groups_for_user(UserName="ann")
    iam.attach_group_policy(GroupName="team", PolicyArn=policy)
    iam.list_attached_group_policies(GroupName="team")
    iam.put_group_policy(GroupName="team", PolicyName="inline", PolicyDocument=READ_SECRETS)
    iam.get_group_policy(GroupName="team", PolicyName="inline")
    iam.refused.get_group_policy(GroupName="team", PolicyName="none")
    iam.list_group_policies(GroupName="team")
    iam.delete_group_policy(GroupName="team", PolicyName="inline")
    iam.detach_group_policy(GroupName="team", PolicyArn=policy)
    iam.update_group(GroupName="team", NewGroupName="blue", NewPath="/")
    iam.refused.delete_group(GroupName="blue")
    iam.remove_user_from_group(GroupName="blue", UserName="ann")
    iam.delete_group(GroupName="blue")


def roles(iam, policy):
    iam.create_role(RoleName="app", Path="/team/", AssumeRolePolicyDocument=EC2_TRUST,
                    Description="of the app", MaxSessionDuration=7200, Tags=TAGS,
                    PermissionsBoundary=policy)
    iam.refused.create_role(RoleName="app", AssumeRolePolicyDocument=EC2_TRUST)
    iam.get_role(RoleName="app")
    iam.refused.get_role(RoleName="none")
    iam.list_roles(PathPrefix="/team/")
    iam.update_role(RoleName="app", Description="changed", MaxSessionDuration=3600)
    iam.update_role_description(RoleName="app", Description="changed again")
    iam.update_assume_role_policy(RoleName="app", PolicyDocument=EC2_TRUST)
    iam.refused.update_assume_role_policy(RoleName="app", PolicyDocument="{}")
    iam.tag_role(RoleName="app", Tags=[{"Key": "stage", "Value": "test"}])
    iam.list_role_tags(RoleName="app")
    iam.untag_role(RoleName="app", TagKeys=["stage"])
    iam.attach_role_policy(RoleName="app", PolicyArn=policy)
    iam.list_attached_role_policies(RoleName="app")
    iam.detach_role_policy(RoleName="app", PolicyArn=policy)
    iam.refused.detach_role_policy(RoleName="app", PolicyArn=policy)
    iam.put_role_policy(RoleName="app", PolicyName="inline", PolicyDocument=READ_SECRETS)
    iam.get_role_policy(RoleName="app", PolicyName="inline")
    iam.list_role_policies(RoleName="app")
    iam.put_role_permissions_boundary(RoleName="app", PermissionsBoundary=policy)
    iam.delete_role_permissions_boundary(RoleName="app")


def instance_profiles(iam):
    iam.create_instance_profile(InstanceProfileName="app", Path="/team/", Tags=TAGS)
    iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
    iam.get_instance_profile(InstanceProfileName="app")
    iam.list_instance_profiles()
    iam.list_instance_profiles_for_role(RoleName="app")
    iam.tag_instance_profile(InstanceProfileName="app", Tags=[{"Key": "a", "Value": "b"}])
    iam.list_instance_profile_tags(InstanceProfileName="app")
    iam.untag_instance_profile(InstanceProfileName="app", TagKeys=["a"])
    iam.refused.delete_instance_profile(InstanceProfileName="app")
    iam.remove_role_from_instance_profile(InstanceProfileName="app", RoleName="app")
    iam.delete_instance_profile(InstanceProfileName="app")


def providers(w, iam):
    url = {"Url": "https://login.example.com/team"}
    arn = iam.create_open_id_connect_provider(
        **url, ClientIDList=["one"], ThumbprintList=["a" * 40], Tags=TAGS,
    )["OpenIDConnectProviderArn"]
    iam.refused.create_open_id_connect_provider(**url)
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
    iam.remove_client_id_from_open_id_connect_provider(
        OpenIDConnectProviderArn=arn, ClientID="one")
    iam.update_open_id_connect_provider_thumbprint(
        OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn,
                                     Tags=[{"Key": "a", "Value": "b"}])
    iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["a"])
    iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    iam.list_open_id_connect_providers()
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    saml = iam.create_saml_provider(
        Name="corp", SAMLMetadataDocument=METADATA, Tags=TAGS)["SAMLProviderArn"]
    iam.refused.create_saml_provider(
        Name="keyed", SAMLMetadataDocument=METADATA, AddPrivateKey=w.text())
    iam.update_saml_provider(SAMLProviderArn=saml, SAMLMetadataDocument=METADATA)
    iam.refused.update_saml_provider(SAMLProviderArn=saml, AddPrivateKey=w.text())
    iam.tag_saml_provider(SAMLProviderArn=saml, Tags=[{"Key": "a", "Value": "b"}])
    iam.list_saml_provider_tags(SAMLProviderArn=saml)
    iam.untag_saml_provider(SAMLProviderArn=saml, TagKeys=["a"])
    iam.get_saml_provider(SAMLProviderArn=saml)
    iam.list_saml_providers()
    w.saml = saml


def service_linked(iam):
    name = iam.create_service_linked_role(
        AWSServiceName="mrk.kms.amazonaws.com", Description="of keys")["Role"]["RoleName"]
    iam.refused.create_service_linked_role(AWSServiceName="nothing.amazonaws.com")
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    iam.get_service_linked_role_deletion_status(DeletionTaskId=task)


def account(iam):
    iam.create_account_alias(AccountAlias="blue-team")
    iam.list_account_aliases()
    iam.delete_account_alias(AccountAlias="blue-team")
    iam.refused.delete_account_alias(AccountAlias="blue-team")
    iam.update_account_password_policy(MinimumPasswordLength=20, RequireSymbols=True)
    iam.get_account_password_policy()
    iam.delete_account_password_policy()
    iam.refused.get_account_password_policy()
    iam.get_account_summary()
    iam.get_account_authorization_details(Filter=["Role"], MaxItems=5)


def simulation(w, iam):
    iam.simulate_custom_policy(PolicyInputList=[READ_SECRETS],
                               ActionNames=["secretsmanager:GetSecretValue"])
    iam.simulate_principal_policy(PolicySourceArn=f"arn:aws:iam::{w.account}:user/team/ann",
                                  ActionNames=["secretsmanager:GetSecretValue"],
                                  ResourceArns=["*"])
    iam.refused.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{w.account}:user/nobody", ActionNames=["iam:GetUser"])
    iam.get_context_keys_for_custom_policy(PolicyInputList=[READ_SECRETS])
    iam.get_context_keys_for_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{w.account}:user/team/ann")


def ends(iam, policy):
    iam.delete_role_policy(RoleName="app", PolicyName="inline")
    iam.delete_role(RoleName="app")
    iam.refused.delete_role(RoleName="app")
    iam.refused.delete_user(UserName="ann")
    iam("to be deleted").create_user(UserName="bob")
    iam("to be deleted").put_user_policy(
        UserName="bob", PolicyName="inline", PolicyDocument=READ_SECRETS)
    iam.delete_user_policy(UserName="bob", PolicyName="inline")
    iam.update_user(UserName="bob", NewUserName="rob", NewPath="/team/")
    iam.delete_user(UserName="rob")
    iam.detach_user_policy(UserName="ann", PolicyArn=policy)
    iam.delete_policy(PolicyArn=policy)


def last(w):
    """What others still need before."""
    w.service("iam").delete_saml_provider(SAMLProviderArn=w.saml)
    w.service("iam").refused.delete_saml_provider(SAMLProviderArn=w.saml)
    # Who may do nothing of the kind.
    for service, operation, members in (
        ("secretsmanager", "describe_secret", {"SecretId": "team/app"}),
        ("secretsmanager", "create_secret", {"Name": "eve", "SecretString": w.text()}),
        ("kms", "create_key", {}),
        ("kms", "encrypt", {"KeyId": "alias/aws/secretsmanager", "Plaintext": w.binary()}),
        ("iam", "create_user", {"UserName": "eve"}),
        ("iam", "list_users", {}),
        ("organizations", "describe_organization", {}),
        ("cloudtrail", "lookup_events", {}),
        ("lambda", "list_functions", {}),
        ("lambda", "invoke", {"FunctionName": "rotate", "Payload": w.binary()}),
    ):
        getattr(w.service(service, w.ann).refused("not allowed"), operation)(**members)
