"""AssumeRoleWithWebIdentity against an OpenID Connect provider of our own."""

import json
import time

import botocore
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import harness
from oidc import TAGS, Provider, assume, b64, stranger, trusting
from sts import Principals, allow, session_of


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
    deadline = time.monotonic() + 20
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
    client = session_of(server, answer["Credentials"])
    assert client.get_secret_value(SecretId=arn)["SecretString"] == "one"
    client.list_secrets()
    untagged = assume(anonymous, role, provider.token())["Credentials"]
    with refused("AccessDeniedException"):
        session_of(server, untagged).get_secret_value(SecretId=arn)
    with refused("IDPRejectedClaim", status=403):
        assume(anonymous, role, provider.token(**{TAGS: {"principal_tags": {"team": "red"}}}))
    plain = principals.role(trusts=[trusting(provider)])
    with refused("AccessDenied", "Not authorized to perform sts:TagSession", 403):
        assume(anonymous, plain, provider.token(**{TAGS: tags}))


def test_a_provider_that_does_not_answer(server, anonymous, principals, refused):
    silent = Provider().register(principals.iam, "sts.amazonaws.com")
    silent.broken = True
    role = principals.role(trusts=[trusting(silent)])
    for _ in range(3):
        with refused("IDPCommunicationError"):
            assume(anonymous, role, silent.token())
    # It is not asked again at once.
    assert len(silent.asked) == 1


def test_records(server, anonymous, provider, principals, role, refused):
    token = provider.token()
    answer = assume(anonymous, role, token)
    (record,) = server.audit(harness.request_id_of(answer), wait_seconds=5)
    identity = record["userIdentity"]
    assert identity["type"] == "WebIdentityUser"
    assert identity["identityProvider"] == provider.issuer
    assert identity["userName"] == "system:sa:app"
    assert identity["principalId"] == f"{provider.issuer}:sts.amazonaws.com:system:sa:app"
    assert "accessKeyId" not in identity and "arn" not in identity
    assert record["recipientAccountId"] == principals.account
    assert "webIdentityToken" not in record["requestParameters"]
    assert token not in json.dumps(record)

    listed = session_of(server, answer["Credentials"]).list_secrets()
    (record,) = server.audit(harness.request_id_of(listed), wait_seconds=5)
    data = record["userIdentity"]["sessionContext"]["webIdFederationData"]
    assert data == {
        "federatedProvider": provider.arn,
        "attributes": {f"{provider.url}:aud": "sts.amazonaws.com",
                       f"{provider.url}:sub": "system:sa:app"},
    }
