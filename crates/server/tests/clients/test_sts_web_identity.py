"""AssumeRoleWithWebIdentity against an OpenID Connect provider of our own."""

import datetime
import ipaddress
import json
import time

import botocore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import harness
from oidc import TAGS, Provider, assume, b64, stranger, trusting
from sts import Principals, allow, policy, session_of, trust


@pytest.fixture(scope="module")
def principals(server):
    return Principals(server)


@pytest.fixture(scope="module")
def provider(server, principals):
    return Provider().register(principals.iam, "sts.amazonaws.com", "other-client")


@pytest.fixture(scope="module")
def anonymous(server):
    return stranger(server)


@pytest.fixture(scope="module")
def role(principals, provider):
    return principals.role(
        allow("secretsmanager:ListSecrets"),
        trusts=[trusting(provider, **{f"{provider.url}:sub": "system:sa:app"})],
    )


def test_a_pod_gets_credentials(server, anonymous, provider, principals, role):
    for kid in ("one", "two"):
        answer = assume(anonymous, role, provider.token(kid))
        assert answer["SubjectFromWebIdentityToken"] == "system:sa:app"
        assert answer["Audience"] == "sts.amazonaws.com"
        assert answer["Provider"] == provider.arn
        session_of(server, answer["Credentials"]).list_secrets()
        identity = session_of(server, answer["Credentials"], "sts").get_caller_identity()
        assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
    # Discovery and keys were asked for once.
    assert provider.asked.count("/idp/keys") == 1


def test_the_cli_finds_its_token_file(server, provider, role, tmp_path):
    (tmp_path / "token").write_text(provider.token())
    ran = server.aws("sts", "get-caller-identity", env={
        "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
        "AWS_ROLE_ARN": role, "AWS_ROLE_SESSION_NAME": "from-file",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
    })
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["Arn"].endswith("/from-file")


def test_keys_are_changed(anonymous, provider, role, refused):
    assume(anonymous, role, provider.token())
    provider.rsa["three"] = rsa.generate_private_key(65537, 2048)
    deadline = time.monotonic() + harness.PATIENCE
    while True:
        try:
            assume(anonymous, role, provider.token("three"))
            return
        except botocore.exceptions.ClientError as error:
            # The provider is left alone for ten seconds after it was asked.
            assert error.response["Error"]["Code"] == "InvalidIdentityToken"
            assert time.monotonic() < deadline
            time.sleep(1)


def test_tokens_that_are_no_good(anonymous, provider, role, refused):
    now = int(time.time())
    other = rsa.generate_private_key(65537, 2048)
    good = provider.token()
    head, claims, signature = good.split(".")
    none = b64(json.dumps({"alg": "none"}).encode())
    for token, code, text in (
        ("nonsense", "InvalidIdentityToken", None),
        (f"{none}.{claims}.", "InvalidIdentityToken", None),
        (f"{head}.{claims}.{signature[:-8]}AAAAAAAA", "InvalidIdentityToken", None),
        (provider.token(key=other), "InvalidIdentityToken",
         "Couldn't retrieve verification key from your identity provider,  please reference "
         "AssumeRoleWithWebIdentity documentation for requirements"),
        (provider.token(aud="somebody-else"), "InvalidIdentityToken", "Incorrect token audience"),
        (provider.token(azp="somebody-else"), "InvalidIdentityToken", "Incorrect token audience"),
        (provider.token(sub=None), "InvalidIdentityToken", None),
        (provider.token(nbf=now + 3600), "InvalidIdentityToken", None),
        (provider.token(iss="https://stranger.example.com"), "InvalidIdentityToken",
         "No OpenIDConnect provider found in your account for https://stranger.example.com"),
        (provider.token(exp=now - 10), "ExpiredTokenException", None),
        *((provider.token(exp=exp), "InvalidIdentityToken", "The claim exp is not a valid time")
          for exp in (1e300, -1e300, -1, str(now + 300), True, [now + 300], {}, 2**63, 2**64)),
        (provider.token(exp=None), "InvalidIdentityToken", "Missing a required claim: exp"),
        (provider.token(exp=0), "ExpiredTokenException", None),
        (provider.token(iat="yesterday"), "InvalidIdentityToken",
         "The claim iat is not a valid time"),
        (provider.token(nbf=1e300), "InvalidIdentityToken", "The claim nbf is not a valid time"),
    ):
        with refused(code, text):
            assume(anonymous, role, token)


def test_the_trust_policy_decides(anonymous, provider, principals, role, refused):
    denied = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
    with refused(*denied):
        assume(anonymous, role, provider.token(sub="system:sa:other"))
    with refused(*denied):
        assume(anonymous, principals.role(), provider.token())
    missing = f"arn:aws:iam::{principals.account}:role/{harness.word()}"
    with refused(*denied):
        assume(anonymous, missing, provider.token())
    # The claim `azp` is what policies see as the audience.
    with refused(*denied):
        assume(anonymous, role, provider.token(azp="other-client"))


def test_tags_and_source_identity_of_the_token(
    server, anonymous, provider, principals, sm, refused
):
    role = principals.role(
        allow("secretsmanager:GetSecretValue",
              Condition={"StringEquals": {
                  "secretsmanager:ResourceTag/team": "${aws:PrincipalTag/team}",
                  "aws:SourceIdentity": "ann"}}),
        allow("secretsmanager:ListSecrets",
              Condition={"StringEquals": {f"{provider.url}:sub": "system:sa:app",
                                          "aws:FederatedProvider": provider.arn}}),
        trusts=[trusting(provider, "sts:TagSession", "sts:SetSourceIdentity")],
    )
    arn = sm.create_secret(
        Name=harness.name(), SecretString="one", Tags=[{"Key": "team", "Value": "red"}])["ARN"]
    tags = {"principal_tags": {"team": ["red"]}, "transitive_tag_keys": ["team"]}
    more = {TAGS: tags, "https://aws.amazon.com/source_identity": "ann"}
    answer = assume(anonymous, role, provider.token(**more))
    assert answer["SourceIdentity"] == "ann"
    (record,) = server.audit(harness.request_id_of(answer), count=1)
    assert record["requestParameters"] == {
        "roleArn": role, "roleSessionName": record["requestParameters"]["roleSessionName"],
        "principalTags": {"team": "red"}, "transitiveTagKeys": ["team"],
        "sourceIdentity": "ann"}
    client = session_of(server, answer["Credentials"])
    assert client.get_secret_value(SecretId=arn)["SecretString"] == "one"
    client.list_secrets()
    untagged = assume(anonymous, role, provider.token())["Credentials"]
    with refused("AccessDeniedException"):
        session_of(server, untagged).get_secret_value(SecretId=arn)
    with refused("IDPRejectedClaim", status=403):
        assume(anonymous, role, provider.token(**{TAGS: {"principal_tags": {"team": "red"}}}))
    plain = principals.role(trusts=[trusting(provider)])
    with refused("AccessDenied", "Not authorized to perform sts:TagSession", 403) as denied:
        assume(anonymous, plain, provider.token(**{TAGS: tags}))
    (record,) = server.audit(harness.request_id_of(denied.value.response), count=1)
    assert record["requestParameters"]["principalTags"] == {"team": "red"}
    assert record["userIdentity"]["userName"] == "system:sa:app"


def test_tags_in_claims_of_their_own(server, anonymous, provider, principals, sm, refused):
    """As of providers that put no objects into tokens."""
    role = principals.role(
        allow("secretsmanager:GetSecretValue", Condition={"StringEquals": {
            "secretsmanager:ResourceTag/team": "${aws:PrincipalTag/team}",
            "secretsmanager:ResourceTag/stage": "${aws:PrincipalTag/stage}"}}),
        trusts=[trusting(provider, "sts:TagSession", **{"aws:RequestTag/team": "red"})])
    arn = sm.create_secret(Name=harness.name(), SecretString="one", Tags=[
        {"Key": "team", "Value": "red"}, {"Key": "stage", "Value": "dev"}])["ARN"]

    def claims(team="red", stage="dev", **more):
        return {f"{TAGS}/principal_tags/team": team, f"{TAGS}/principal_tags/stage": [stage],
                f"{TAGS}/transitive_tag_keys": ["team"], **more}

    answer = assume(anonymous, role, provider.token(**claims()))
    client = session_of(server, answer["Credentials"])
    assert client.get_secret_value(SecretId=arn)["SecretString"] == "one"
    # One of them travels on.
    last = principals.role(trusts=[trust(
        {"AWS": role}, "sts:AssumeRole", "sts:TagSession", Condition={
            "ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["team"]}})])
    chained = session_of(server, answer["Credentials"], "sts")
    principals.iam.put_role_policy(RoleName=role.rsplit("/", 1)[1], PolicyName="on",
                                   PolicyDocument=policy(allow("sts:*", last)))
    chained.assume_role(RoleArn=last, RoleSessionName="on")
    with refused("InvalidParameterValue"):
        chained.assume_role(RoleArn=last, RoleSessionName="on",
                            Tags=[{"Key": "team", "Value": "blue"}])
    other = assume(anonymous, role, provider.token(**claims(stage="prod")))["Credentials"]
    with refused("AccessDeniedException"):
        session_of(server, other).get_secret_value(SecretId=arn)
    with refused("AccessDenied", status=403):
        assume(anonymous, role, provider.token(**claims(team="blue")))
    for wrong in (claims(team=7), claims(team=["red", "blue"]),
                  claims(**{TAGS: {"principal_tags": {}}})):
        with refused("IDPRejectedClaim", status=403):
            assume(anonymous, role, provider.token(**wrong))


def test_a_provider_that_does_not_answer(server, anonymous, principals, refused):
    silent = Provider().register(principals.iam, "sts.amazonaws.com")
    silent.broken = True
    role = principals.role(trusts=[trusting(silent)])
    for _ in range(3):
        with refused("IDPCommunicationError"):
            assume(anonymous, role, silent.token())
    # It is not asked again at once.
    assert len(silent.asked) == 1


def certificate(name, issuer=None, is_authority=False):
    """A certificate, self-signed or by another: (certificate, key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, signer_key = issuer or (None, key)
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(signer.subject if signer else subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(signer_key, hashes.SHA256()))
    return made, key


def test_thumbprints_vouch_for_providers(server, anonymous, principals, tmp_path, refused):
    """Of the authority at the end of the served chain, whose certificate says that it is
    one; of a self-signed certificate, authority or not; of nobody else's."""
    authority = certificate("authority", is_authority=True)
    leaf = certificate("leaf", authority)
    alone, own = certificate("alone", is_authority=True), certificate("own")
    for chain, vouching, gets_in in (
        ([leaf, authority], authority, True),
        ([leaf], leaf, True),
        ([alone], alone, True),
        ([own], own, True),
        ([leaf, authority], alone, False),
        ([own], authority, False),
        ([own, authority], authority, False),
    ):
        pem = tmp_path / harness.word()
        pem.write_bytes(b"".join(
            [chain[0][1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())]
            + [link.public_bytes(Encoding.PEM) for link, _ in chain]))
        thumbprint = vouching[0].fingerprint(hashes.SHA1()).hex()
        encrypted = Provider(pem).register(
            principals.iam, "sts.amazonaws.com", thumbprints=[thumbprint])
        role = principals.role(trusts=[trusting(encrypted)])
        if gets_in:
            answer = assume(anonymous, role, encrypted.token())
            (record,) = server.audit(harness.request_id_of(answer), count=1)
            assert record["additionalEventData"] == {
                "identityProviderConnectionVerificationMethod": "Thumbprint"}
        else:
            with refused("IDPCommunicationError"):
                assume(anonymous, role, encrypted.token())
            assert encrypted.asked == []


def test_records(server, anonymous, provider, principals, role, refused):
    token = provider.token()
    answer = assume(anonymous, role, token)
    (record,) = server.audit(harness.request_id_of(answer), count=1)
    identity = record["userIdentity"]
    assert identity["type"] == "WebIdentityUser"
    assert identity["identityProvider"] == provider.arn
    assert identity["userName"] == "system:sa:app"
    assert identity["principalId"] == f"{provider.arn}:sts.amazonaws.com:system:sa:app"
    assert "accessKeyId" not in identity and "arn" not in identity
    assert record["recipientAccountId"] == principals.account
    assert "webIdentityToken" not in record["requestParameters"]
    assert token not in json.dumps(record)

    listed = session_of(server, answer["Credentials"]).list_secrets()
    (record,) = server.audit(harness.request_id_of(listed), count=1)
    data = record["userIdentity"]["sessionContext"]["webIdFederationData"]
    assert data == {
        "federatedProvider": provider.arn,
        "attributes": {f"{provider.url}:aud": "sts.amazonaws.com",
                       f"{provider.url}:sub": "system:sa:app"},
    }
