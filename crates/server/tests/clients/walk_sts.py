"""STS, operation by operation, and what callers of each kind do afterwards."""

import base64

from receivers import until
from sts import allow, policy, trust
from test_sts_web_identity import Provider, trusting

TAGS = [{"Key": "team", "Value": "blue"}]
CLAIMS = {
    "https://aws.amazon.com/tags": {
        "principal_tags": {"team": ["blue"], "stage": ["test"]},
        "transitive_tag_keys": ["team"]},
    "https://aws.amazon.com/source_identity": "ann",
}


def walk(w):
    iam, sts = w.service("iam"), w.service("sts")
    account = [trust({"AWS": f"arn:aws:iam::{w.account}:root"}, "sts:AssumeRole",
                     "sts:TagSession", "sts:SetSourceIdentity")]
    role = iam("for sessions").create_role(
        RoleName="sessions", Path="/team/", AssumeRolePolicyDocument=policy(*account),
    )["Role"]["Arn"]
    iam("for sessions").put_role_policy(
        RoleName="sessions", PolicyName="inline",
        PolicyDocument=policy(allow("secretsmanager:*"), allow("kms:*"), allow("sts:*")))
    sts.get_caller_identity()
    sts.get_access_key_info(AccessKeyId=w.admin["AccessKeyId"])
    assumed = w.session(sts.assume_role(
        RoleArn=role, RoleSessionName="one", DurationSeconds=900, ExternalId="outside",
        SourceIdentity="ann", Tags=TAGS, TransitiveTagKeys=["team"],
        Policy=policy(allow("*")), PolicyArns=[
            {"arn": "arn:aws:iam::aws:policy/SecretsManagerReadWrite"}]))
    sts.refused.assume_role(RoleArn=role + "x", RoleSessionName="one")
    sts.refused("a code").assume_role(
        RoleArn=role, RoleSessionName="one", SerialNumber="GAHT12345678", TokenCode="123456")
    w.service("secretsmanager", assumed)("by a role's session").list_secrets()
    w.service("secretsmanager", assumed)("by a role's session").create_secret(
        Name="by/a-session", SecretString=w.text())
    w.service("iam", assumed).refused("by a role's session").list_users()
    w.service("sts", assumed)("by a role's session").get_caller_identity()
    w.session(w.service("sts", assumed)("by a role's session").assume_role(
        RoleArn=role, RoleSessionName="two", Tags=[{"Key": "stage", "Value": "test"}]))
    temporary = w.session(sts.get_session_token(DurationSeconds=900))
    w.service("sts", temporary)("with temporary keys").get_caller_identity()
    w.service("secretsmanager", temporary)("with temporary keys").get_secret_value(
        SecretId="by/a-session")
    federated = w.session(sts.get_federation_token(
        Name="guest", Policy=policy(allow("secretsmanager:*")), Tags=TAGS))
    w.service("secretsmanager", federated)("by a federated user").list_secrets()
    sts.refused.get_federation_token(Name="guest", Policy="{}")
    messages(w, sts)
    web_identity(w, iam)
    saml(w)


def messages(w, sts):
    w.service("sts", w.ann).refused("not allowed").assume_role(
        RoleArn=f"arn:aws:iam::{w.account}:role/team/sessions", RoleSessionName="ann")
    # What a refusal rests on is sealed on its record.
    (record,) = until(lambda: w.server.audit(w.calls[-1].request_id))
    w.message = record["additionalEventData"]["encodedAuthorizationMessage"]
    sts.decode_authorization_message(EncodedMessage=w.message)
    sts.refused.decode_authorization_message(EncodedMessage=w.text())


def web_identity(w, iam):
    provider = Provider()
    provider.arn = iam("for tokens").create_open_id_connect_provider(
        Url=f"https://{provider.url}", ClientIDList=["sts.amazonaws.com"],
    )["OpenIDConnectProviderArn"]
    w.port = str(provider.server.server_port)
    role = iam("for tokens").create_role(
        RoleName="pods", AssumeRolePolicyDocument=policy(trusting(
            provider, "sts:TagSession", "sts:SetSourceIdentity")))["Role"]["Arn"]
    iam("for tokens").put_role_policy(
        RoleName="pods", PolicyName="inline",
        PolicyDocument=policy(allow("secretsmanager:*"), allow("kms:*")))
    anyone = w.service("sts", "none")
    token = w.came(provider.token())
    session = w.session(anyone.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="pod", WebIdentityToken=token, DurationSeconds=900))
    w.service("secretsmanager", session)("by a pod").list_secrets()
    w.service("secretsmanager", session)("by a pod").get_secret_value(SecretId="by/a-session")
    w.session(anyone("with tags").assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="pod", WebIdentityToken=w.came(provider.token(**CLAIMS))))
    anyone.refused.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="pod", WebIdentityToken=w.came(provider.token(exp=1)))
    anyone.refused("no token at all").assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="pod", WebIdentityToken=w.text())


def saml(w):
    anyone = w.service("sts", "none")
    assertion = f"<Assertion>{w.text()}</Assertion>".encode()
    role = f"arn:aws:iam::{w.account}:role/pods"
    anyone.refused.assume_role_with_saml(
        RoleArn=role, PrincipalArn=w.saml, SAMLAssertion=base64.b64encode(assertion).decode())
    anyone.refused("no assertion at all").assume_role_with_saml(
        RoleArn=role, PrincipalArn=w.saml, SAMLAssertion=w.text() + "!")
