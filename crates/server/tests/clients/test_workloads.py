"""Attribute-based access for Kubernetes workloads: tags of the cluster, the namespace and
the service account travel from the pod's session into a role of another account, and
secrets are read whose tags equal them. And names that are built from such tags."""

import pytest

from accounts import organization
from harness import name, word
from oidc import TAGS, Provider, assume, stranger, trusting
from sts import allow, deny, policy, session_of, trust, words

DENIED = "AccessDeniedException"
KEYS = ("eks-cluster-name", "kubernetes-namespace", "kubernetes-service-account")
NO_IDENTITY = "because no identity-based policy allows the {} action"


def tags(values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


def pod(cluster="prod", namespace="red", account="app"):
    return dict(zip(KEYS, (cluster, namespace, account)))


# One policy for every workload.
READS_ITS_OWN = allow("secretsmanager:GetSecretValue", Condition={"StringEquals": {
    f"secretsmanager:ResourceTag/{key}": f"${{aws:PrincipalTag/{key}}}" for key in KEYS}})


class Scene:
    """Clusters in one account, secrets in another: the pods' role, and the role that they
    take on."""

    def __init__(self, org):
        self.org, self.server = org, org.server
        self.apps, self.data = org.member(), org.member()
        self.clusters, self.secrets = self.apps.principals(), self.data.principals()
        self.agent, agent = self.clusters.user(allow(["sts:AssumeRole", "sts:TagSession"]))
        self.agent_sts = session_of(self.server, agent, "sts")
        # Pod identity: the agent names the pod, and may not leave anything out.
        self.pods = self.clusters.role(
            allow(["sts:AssumeRole", "sts:TagSession"], f"arn:aws:iam::{self.data.id}:role/*"),
            trusts=[trust({"AWS": self.agent}, "sts:AssumeRole", "sts:TagSession", Condition={
                "StringLike": {f"aws:RequestTag/{key}": "?*" for key in KEYS},
                "ForAllValues:StringEquals": {"sts:TransitiveTagKeys": list(KEYS)},
                "Null": {"sts:TransitiveTagKeys": "false"}})])
        self.reader = self.secrets.role(READS_ITS_OWN, trusts=[self.trusting_pods()])

    def trusting_pods(self, *actions):
        return trust(
            {"AWS": self.apps.root}, *(actions or ("sts:AssumeRole", "sts:TagSession")),
            Condition={"ArnEquals": {"aws:PrincipalArn": self.pods},
                       "StringEquals": {"aws:PrincipalTag/eks-cluster-name": ["prod", "test"]}})

    def secret(self, **of):
        made = self.data.client("secretsmanager").create_secret(
            Name=name(), SecretString=str(of), Tags=tags(pod(**of)))
        return made["ARN"]

    def start(self, **of):
        """What the agent gives to a pod."""
        return self.clusters.assume(self.pods, "pod", sts=self.agent_sts, Tags=tags(pod(**of)),
                                    TransitiveTagKeys=list(KEYS))

    def chained(self, credentials, role=None, **more):
        """The pod's session goes on into the other account."""
        return self.secrets.assume(role or self.reader, "chained", **more,
                                   sts=session_of(self.server, credentials, "sts"))


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with organization(tmp_path_factory.mktemp("workloads")) as own:
        yield Scene(own)


def test_a_pod_reads_what_is_tagged_as_it_is(scene, refused):
    mine = scene.secret()
    others = [scene.secret(cluster="test"), scene.secret(namespace="blue"),
              scene.secret(account="other"), scene.secret(namespace="Red")]
    client = session_of(scene.server, scene.chained(scene.start()))
    assert client.get_secret_value(SecretId=mine)["SecretString"] == "{}"
    for other in others:
        with refused(DENIED, words(
            scene.reader, "secretsmanager:GetSecretValue", other,
            NO_IDENTITY.format("secretsmanager:GetSecretValue"), "chained",
        )):
            client.get_secret_value(SecretId=other)
    blue = session_of(scene.server, scene.chained(scene.start(namespace="blue")))
    blue.get_secret_value(SecretId=others[1])
    with refused(DENIED):
        blue.get_secret_value(SecretId=mine)
    # The pod's own role reads nothing in the other account.
    with refused(DENIED):
        session_of(scene.server, scene.start()).get_secret_value(SecretId=mine)


def test_the_agent_has_to_name_the_pod(scene, refused):
    text = (f"User: {scene.agent} is not authorized to perform: "
            f"{{}} on resource: {scene.pods}")
    whole = {"Tags": tags(pod()), "TransitiveTagKeys": list(KEYS)}
    for more in (
        {},
        {**whole, "TransitiveTagKeys": []},
        {**whole, "Tags": whole["Tags"][:2], "TransitiveTagKeys": list(KEYS[:2])},
        {**whole, "Tags": tags(pod(namespace=""))},
        {"Tags": [*whole["Tags"], {"Key": "team", "Value": "x"}],
         "TransitiveTagKeys": [*KEYS, "team"]},
    ):
        with refused("AccessDenied", status=403) as caught:
            scene.clusters.assume(scene.pods, "pod", sts=scene.agent_sts, **more)
        message = caught.value.response["Error"]["Message"]
        assert message.startswith(text.format("sts:AssumeRole")) or message.startswith(
            text.format("sts:TagSession")), message


def test_what_travels_cannot_be_changed_on_the_way(scene, refused):
    credentials = scene.start()
    for key in (KEYS[1], KEYS[1].upper()):
        with refused(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key from the calling session.",
        ):
            scene.chained(credentials, Tags=[{"Key": key, "Value": "blue"}])
    with refused(
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
        "role chaining",
    ):
        scene.chained(credentials, DurationSeconds=3601)
    # Tags of one's own may be added, and stay behind at the next role.
    once = scene.chained(credentials, Tags=[{"Key": "pod", "Value": "app-1"}])
    reads = {"secretsmanager:ResourceTag/kubernetes-namespace":
             "${aws:PrincipalTag/kubernetes-namespace}"}
    last = scene.secrets.role(
        allow("secretsmanager:GetSecretValue", Condition={
            "StringEquals": reads, "Null": {"aws:PrincipalTag/pod": "true"}}),
        trusts=[trust({"AWS": scene.reader}, "sts:AssumeRole", "sts:TagSession")])
    twice = session_of(scene.server, scene.chained(once, last))
    twice.get_secret_value(SecretId=scene.secret(cluster="test"))
    with refused(DENIED):
        twice.get_secret_value(SecretId=scene.secret(namespace="blue"))


def test_the_other_account_decides_whom_it_trusts(scene, refused):
    credentials = scene.start()
    pod_arn = scene.pods.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/pod"
    deaf = scene.secrets.role(READS_ITS_OWN, trusts=[scene.trusting_pods("sts:AssumeRole")])
    text = f"User: {pod_arn} is not authorized to perform: {{}} on resource: {{}}"
    # Tags that travel are tags of the new session: the role has to let them.
    with refused("AccessDenied", text.format("sts:TagSession", deaf), 403):
        scene.chained(credentials, deaf)
    strange = scene.start(cluster="elsewhere")
    with refused("AccessDenied", text.format("sts:AssumeRole", scene.reader), 403):
        scene.chained(strange)
    # A role of the cluster's account that is not the pods'.
    other = scene.clusters.role(allow(["sts:AssumeRole", "sts:TagSession"]), Tags=tags(pod()))
    with refused("AccessDenied", status=403):
        scene.chained(scene.clusters.assume(other))
    # And the pods' own account may forbid the way there.
    scene.clusters.iam.put_role_policy(
        RoleName=scene.pods.rsplit("/", 1)[1], PolicyName="no",
        PolicyDocument=policy(deny("sts:AssumeRole", scene.reader)))
    try:
        with refused("AccessDenied", status=403):
            scene.chained(credentials)
    finally:
        scene.clusters.iam.delete_role_policy(
            RoleName=scene.pods.rsplit("/", 1)[1], PolicyName="no")
    scene.chained(credentials)


def test_service_accounts_by_web_identity(scene, refused):
    """IAM roles for service accounts: the cluster's issuer names the pod in its token."""
    provider = Provider().register(scene.clusters.iam, "sts.amazonaws.com")
    role = scene.clusters.role(
        allow(["sts:AssumeRole", "sts:TagSession"], f"arn:aws:iam::{scene.data.id}:role/*"),
        trusts=[trusting(provider, "sts:TagSession", **{
            f"{provider.url}:sub": "system:serviceaccount:red:app",
            "aws:RequestTag/kubernetes-namespace": "red"})])
    reader = scene.secrets.role(READS_ITS_OWN, trusts=[trust(
        {"AWS": role}, "sts:AssumeRole", "sts:TagSession")])

    def token(travels=KEYS, sub="system:serviceaccount:red:app", **of):
        claim = {"principal_tags": {key: [value] for key, value in pod(**of).items()},
                 "transitive_tag_keys": list(travels)}
        return provider.token(sub=sub, **{TAGS: claim})

    anonymous = stranger(scene.server)
    credentials = assume(anonymous, role, token())["Credentials"]
    client = session_of(scene.server, scene.chained(credentials, reader))
    client.get_secret_value(SecretId=scene.secret())
    with refused(DENIED):
        client.get_secret_value(SecretId=scene.secret(namespace="blue"))
    # What does not travel is not there any more.
    stays = assume(anonymous, role, token(KEYS[:2]))["Credentials"]
    with refused(DENIED):
        session_of(scene.server, scene.chained(stays, reader)).get_secret_value(
            SecretId=scene.secret())
    for wrong in (token(sub="system:serviceaccount:blue:app"), token(namespace="blue")):
        with refused("AccessDenied", status=403):
            assume(anonymous, role, wrong)


def test_names_are_built_from_tags_and_secrets_made_with_them(scene, refused):
    region, account = scene.server.region, scene.data.id
    create = "secretsmanager:CreateSecret"
    own = f"arn:aws:secretsmanager:{region}:{account}:secret:${{aws:PrincipalTag/team}}/*"
    role = scene.secrets.role(
        allow([create, "secretsmanager:TagResource"], own, Condition={
            "StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}}),
        allow(["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], own))
    team, other = word(), word()
    of = {it: session_of(scene.server, scene.secrets.assume(role, Tags=tags({"team": it})))
          for it in (team, other)}
    secret = f"{team}/db"
    why = NO_IDENTITY.format(create)
    for given, wanted in (
        ({}, secret), ({"team": other}, secret), ({"stage": "dev"}, secret),
        ({"team": team, "more": "x"}, secret), ({"team": team}, f"{other}/db"),
        ({"team": team}, team), ({"team": team}, f"{team.upper()}/db"),
        ({"team": team}, f"x/{team}/db"),
    ):
        with refused(DENIED, words(role, create, wanted, why)):
            of[team].create_secret(Name=wanted, SecretString="x", Tags=tags(given))
    made = of[team].create_secret(
        Name=secret, SecretString="x", Tags=tags({"team": team, "stage": "dev"}))["ARN"]
    of[team].put_secret_value(SecretId=secret, SecretString="y")
    assert of[team].get_secret_value(SecretId=made)["SecretString"] == "y"
    for reference in (secret, made):
        action = "secretsmanager:GetSecretValue"
        shown = made if reference == made else secret
        with refused(DENIED, words(role, action, shown, NO_IDENTITY.format(action))):
            of[other].get_secret_value(SecretId=reference)
    # Without the tag the variable has no value, and the resource is none.
    untagged = session_of(scene.server, scene.secrets.assume(role))
    for wanted in (secret, "/db", "${aws:PrincipalTag/team}/db"):
        with refused((DENIED, "ValidationException")):
            untagged.create_secret(Name=wanted, SecretString="x", Tags=tags({"team": ""}))
