"""Rules that watch over secrets: what each finds, when that is mended, and who is told."""

import json
import shutil

import pytest
from botocore.exceptions import ClientError

import databases
import harness
from people import Person
from receivers import Deployment, Webhook, authority, until

USING_CMK = "secretsmanager-using-cmk"
ROTATION = "secretsmanager-rotation-enabled-check"
ROTATED = "secretsmanager-scheduled-rotation-success-check"
ACCESS_TAGS = "secretsmanager-access-tags-unchanged"
POLICY = "secretsmanager-resource-policy-allowed"
FOREIGN = "secretsmanager-resource-policy-no-foreign-account"
DELETION = "secretsmanager-deletion-by-usual-principal"
KEY = "kms-cmk-not-scheduled-for-deletion"
ACCOUNT = "111122223333"

RULES = f"""
[[rule]]
name = "required-tags"
tags = ["team", "stage=prod,test"]
[[rule]]
name = "{ACCESS_TAGS}"
tags = ["team"]
[[rule]]
name = "{POLICY}"
secret_names = ["shared/*"]
[[rule]]
name = "{FOREIGN}"
[[rule]]
name = "{DELETION}"
principals = ["arn:aws:iam::{ACCOUNT}:user/admin"]
[[rule]]
name = "{KEY}"
target = ["soc"]
[[rule]]
name = "{ROTATION}"
[[rule]]
name = "{ROTATED}"
[[rule]]
name = "secretsmanager-secret-periodic-rotation"
max_days_since_rotation = 30
[[rule]]
name = "secretsmanager-secret-unused"
[[rule]]
name = "{USING_CMK}"
criticality = "high"
"""
TAGS = [{"Key": "team", "Value": "red"}, {"Key": "stage", "Value": "prod"}]


class Watched(Deployment):
    """A server with all rules, and somebody who is told of what they find."""

    def findings(self, rule, arn, status="NON_COMPLIANT"):
        return [f for f in self.json("findings", "--status", status, "--rule", rule)
                if f["resource"] == arn]

    def found(self, rule, arn):
        """The finding, once it is there."""
        finding = until(lambda: self.findings(rule, arn))
        assert finding, self.log()
        return finding[0]

    def mended(self, rule, arn, status="COMPLIANT"):
        assert until(lambda: self.findings(rule, arn, status)), self.log()
        assert self.findings(rule, arn) == []

    def quiet(self, rule, arn):
        """Never found, once the rules have seen all that was done."""
        marker = self.make(tags=[])
        self.found("required-tags", marker)
        assert self.findings(rule, arn, "all") == []

    def make(self, name=None, tags=TAGS, **more):
        answer = self.client().create_secret(
            Name=name or harness.name("watched"), SecretString="canary-of-rules", Tags=tags,
            **more)
        return answer["ARN"]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The server, and what its endpoints are told."""
    home = tmp_path_factory.mktemp("rules")
    authority(home)
    siem, soc = Webhook(home).start(), Webhook(home).start()
    pattern = 'pattern = \'{"detail-type": ["Config Rules Compliance Change"]}\''
    server = Watched(home / "server", siem.section("siem", pattern) + soc.section(
        "soc", 'pattern = \'{"source": ["nobody"]}\'') + RULES).start()
    server.siem, server.soc = siem, soc
    yield server
    server.stop()
    siem.stop()
    soc.stop()


def test_required_tags(told):
    sm, rule = told.client(), "required-tags"
    good, bad = told.make(), told.make(tags=[{"Key": "stage", "Value": "staging"}])
    finding = told.found(rule, bad)
    assert finding["annotation"] == "The secret has no tag team, has stage=staging."
    assert finding["criticality"] == "LOW" and finding["account"] == ACCOUNT
    assert finding["resource_type"] == "AWS::SecretsManager::Secret"
    sm.tag_resource(SecretId=bad, Tags=TAGS)
    told.mended(rule, bad)
    sm.untag_resource(SecretId=bad, TagKeys=["team"])
    assert told.found(rule, bad)["annotation"] == "The secret has no tag team."
    told.quiet(rule, good)


def test_tags_used_for_access(told):
    sm = told.client()
    arn, other = told.make(), told.make()
    sm.tag_resource(SecretId=other, Tags=[{"Key": "note", "Value": "x"}])
    sm.tag_resource(SecretId=arn.rsplit(":", 1)[1][:-7], Tags=[{"Key": "team", "Value": "blue"}])
    assert until(lambda: told.found(ACCESS_TAGS, arn)["annotation"] == (
        f"team=red became team=blue, after TagResource by arn:aws:iam::{ACCOUNT}:user/admin."))
    sm.tag_resource(SecretId=arn, Tags=[{"Key": "team", "Value": "red"}])
    told.mended(ACCESS_TAGS, arn)
    sm.untag_resource(SecretId=arn, TagKeys=["team"])
    assert "team=red was removed" in told.found(ACCESS_TAGS, arn)["annotation"]
    # What was meant to be is accepted, and compared with from then on.
    done = told.run("findings", "accept", "--rule", ACCESS_TAGS, "--resource", arn)
    assert done.stdout == "Accepted.\n", done.stderr
    told.mended(ACCESS_TAGS, arn)
    sm.tag_resource(SecretId=arn, Tags=[{"Key": "team", "Value": "red"}])
    assert "team=red was added" in told.found(ACCESS_TAGS, arn)["annotation"]
    told.quiet(ACCESS_TAGS, other)
    done = told.run("findings", "accept", "--rule", "required-tags", "--resource", arn)
    assert done.returncode == 1 and "is mended, not accepted" in done.stderr


def document(*principals):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": list(principals)},
         "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]})


def test_resource_policies(told):
    sm, org = told.client(), told.client(service="organizations")
    org.create_organization(FeatureSet="ALL")
    made = org.create_account(AccountName="other", Email="o@example.com")
    made = made["CreateAccountStatus"]["Id"]

    def other():
        status = org.describe_create_account_status(CreateAccountRequestId=made)
        return status["CreateAccountStatus"].get("AccountId")

    foreign = until(other)
    person = Person(told)
    arn, shared = told.make(), told.make(harness.name("shared"))
    for secret in (arn, shared):
        sm.put_resource_policy(SecretId=secret, ResourcePolicy=document(person.arn))
    assert until(lambda: "has a resource policy, after PutResourcePolicy by" in told.found(
        POLICY, arn)["annotation"])
    told.quiet(POLICY, shared)
    told.quiet(FOREIGN, arn)
    sm.put_resource_policy(SecretId=shared, ResourcePolicy=document(
        person.arn, f"arn:aws:iam::{foreign}:root"))
    finding = told.found(FOREIGN, shared)
    assert finding["annotation"] == f"The resource policy lets in account {foreign}."
    assert finding["criticality"] == "HIGH"
    sm.put_resource_policy(SecretId=shared, ResourcePolicy=document(person.arn))
    told.mended(FOREIGN, shared)
    sm.put_resource_policy(SecretId=shared, ResourcePolicy=document("*"), BlockPublicPolicy=False)
    assert told.found(FOREIGN, shared)["annotation"] == "The resource policy lets in anyone."
    for secret in (arn, shared):
        sm.delete_resource_policy(SecretId=secret)
    told.mended(FOREIGN, shared)
    told.mended(POLICY, arn)


def test_deletion_by_somebody_unusual(told):
    sm, person = told.client(), Person(told, ["secretsmanager:*", "kms:*"])
    arn, usual, gone = told.make(), told.make(), told.make()
    theirs = person.client("secretsmanager", region=told.region)
    theirs.delete_secret(SecretId=arn)
    sm.delete_secret(SecretId=usual)
    theirs.delete_secret(SecretId=gone, ForceDeleteWithoutRecovery=True)
    finding = told.found(DELETION, arn)
    assert finding["annotation"] == f"The secret was deleted by {person.arn}."
    assert finding["criticality"] == "CRITICAL"
    sm.restore_secret(SecretId=arn)
    told.mended(DELETION, arn)
    assert until(lambda: told.findings(DELETION, gone, "all"))
    told.quiet(DELETION, usual)
    theirs.delete_secret(SecretId=arn)
    told.found(DELETION, arn)
    done = told.run("findings", "accept", "--rule", DELETION, "--resource", arn)
    assert done.returncode == 0, done.stderr
    told.mended(DELETION, arn)


def test_the_key_of_secrets(told):
    kms = told.client(service="kms")
    used, idle = (kms.create_key()["KeyMetadata"] for _ in range(2))
    arn = told.make(KmsKeyId=used["KeyId"])
    told.make(KmsKeyId=used["Arn"])
    for key in (used, idle):
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    finding = told.found(KEY, used["KeyId"])
    assert finding["annotation"] == "2 secrets are under the key."
    assert finding["resource_type"] == "AWS::KMS::Key"
    kms.cancel_key_deletion(KeyId=used["KeyId"])
    told.mended(KEY, used["KeyId"])
    assert told.findings(KEY, idle["KeyId"], "all") == []
    told.quiet(USING_CMK, arn)
    # A rule with a target is told there and nowhere else, whatever is wanted.
    assert until(lambda: len(told.soc.events) == 2)
    assert {e["detail"]["configRuleName"] for e in told.soc.events} == {KEY}
    assert [e["detail"]["newEvaluationResult"]["complianceType"] for e in sorted(
        told.soc.events, key=lambda e: e["detail"]["notificationCreationTime"])] == [
        "NON_COMPLIANT", "COMPLIANT"]
    assert not [e for e in told.siem.events if e["detail"]["configRuleName"] == KEY]


def test_a_customer_managed_key(told):
    sm, kms = told.client(), told.client(service="kms")
    arn = told.make()
    assert told.found(USING_CMK, arn)["criticality"] == "HIGH"
    sm.update_secret(SecretId=arn, KmsKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    told.mended(USING_CMK, arn)

    # As AWS Config tells it.
    def events():
        return sorted((e for e in told.siem.events if e["detail"]["resourceId"] == arn
                       and e["detail"]["configRuleName"] == USING_CMK),
                      key=lambda e: e["detail"]["notificationCreationTime"])

    assert until(lambda: len(events()) == 2)
    first, second = events()
    assert {k: v for k, v in first.items() if k not in ("id", "time", "detail")} == {
        "version": "0", "detail-type": "Config Rules Compliance Change", "source": "aws.config",
        "account": ACCOUNT, "region": "us-east-1", "resources": []}
    detail = first["detail"]
    new = detail["newEvaluationResult"]
    assert new["evaluationResultIdentifier"]["evaluationResultQualifier"] == {
        "configRuleName": USING_CMK, "resourceType": "AWS::SecretsManager::Secret",
        "resourceId": arn}
    assert new["complianceType"] == "NON_COMPLIANT"
    assert new["annotation"].startswith("The secret is under the AWS managed key")
    assert "oldEvaluationResult" not in detail
    assert detail["configRuleARN"].startswith(f"arn:aws:config:us-east-1:{ACCOUNT}:config-rule/")
    assert (detail["messageType"], detail["recordVersion"], detail["criticality"]) == (
        "ComplianceChangeNotification", "1.0", "HIGH")
    assert second["detail"]["oldEvaluationResult"]["complianceType"] == "NON_COMPLIANT"
    assert second["detail"]["newEvaluationResult"]["complianceType"] == "COMPLIANT"

    # It is a record like any other: in the log's chain, and found by its resource.
    trail = told.client(service="cloudtrail")
    names = [e["EventName"] for e in trail.lookup_events(LookupAttributes=[
        {"AttributeKey": "ResourceName", "AttributeValue": arn}])["Events"]]
    assert "ComplianceChangeNotification" in names
    assert "canary" not in json.dumps(told.siem.seen)


@pytest.mark.skipif(not shutil.which("redis-server"), reason="needs Redis")
def test_rotation(told):
    sm, redis = told.client(), databases.Redis().start()
    try:
        value = {"engine": "redis", "host": "127.0.0.1", "port": redis.port, "username": "app",
                 "ssl": False, "password": "first"}
        arn = sm.create_secret(Name=harness.name("rotated"), SecretString=json.dumps(value),
                               Tags=TAGS)["ARN"]
        assert told.found(ROTATION, arn)["annotation"] == "The secret does not rotate."
        function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:" \
                   "SecretsManagerElasticacheUserRotation"
        sm.rotate_secret(SecretId=arn, RotationLambdaARN=function,
                         RotationRules={"AutomaticallyAfterDays": 30})
        told.mended(ROTATION, arn)
        # Nobody can log in with what the secret says.
        assert told.found(ROTATED, arn)["annotation"] == "The last rotation failed."
        redis.run("ACL", "SETUSER", "app", "on", ">first", "~*", "+@all")
        # The refusal is AWS's way to say that it is taken up again.
        with pytest.raises(ClientError, match="will be reattempted"):
            sm.rotate_secret(SecretId=arn)
        told.mended(ROTATED, arn)
        sm.cancel_rotate_secret(SecretId=arn)
        told.found(ROTATION, arn)
    finally:
        redis.remove()


def test_findings_are_listed_and_outlive_the_process(told):
    arn = told.make(tags=[])
    before = told.found("required-tags", arn)
    told.restart()
    assert told.findings("required-tags", arn)[0]["first_seen"] == before["first_seen"]
    shown = told.run("findings", "--resource", arn)
    heads, *rows = shown.stdout.splitlines()
    assert heads.split() == ["FIRST", "SEEN", "CRITICALITY", "STATUS", "RULE", "RESOURCE",
                             "BECAUSE"]
    assert any("The secret has no tag team, has no tag stage." in row for row in rows)
    high = told.json("findings", "--criticality", "high", "--resource", arn)
    assert {f["rule"] for f in high} == {USING_CMK}
    for stranger, words in ((("--rule", "nope"), "there is no rule `nope`"),
                            (("--account", "12"), "`12` is no account"),
                            (("--account", "999988887777"), "there is no account")):
        nobody = told.run("findings", *stranger)
        assert nobody.returncode != 0 and words in nobody.stderr, nobody
    nobody = told.run("findings", "accept", "--rule", "nope", "--resource", arn)
    assert nobody.returncode != 0 and "there is no rule `nope`" in nobody.stderr, nobody
    wrong = told.run("findings", "--status", "wrong")
    assert wrong.returncode == 1 and "`wrong` is not NON_COMPLIANT" in wrong.stderr
    jobs = told.run("jobs")
    assert jobs.stdout.count("EvaluateRules") == 1
    # A secret that is gone is no concern of a rule.
    told.client().delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    told.mended("required-tags", arn, "NOT_APPLICABLE")
    verified = told.run("audit", "verify")
    assert verified.returncode == 0 and "Nothing is wrong." in verified.stdout, verified


def test_a_rule_that_is_switched_on_later_looks_at_what_is_there(tmp_path):
    server = Watched(tmp_path / "server").start()
    arn = server.make(tags=[])
    server.stop()
    server.configure(RULES.replace('target = ["soc"]', ""))
    server.start()
    assert server.found("required-tags", arn)
    # And one that is switched off has no findings.
    server.stop()
    server.configure("")
    server.start()
    assert until(lambda: server.json("findings", "--status", "all") == [])
    server.stop()


@pytest.mark.parametrize("section, part", [
    ('name = "secretsmanager-secret-unusd"', "did you mean `secretsmanager-secret-unused`?"),
    ('name = "x"', "there are kms-cmk-not-scheduled-for-deletion, required-tags,"),
    ('name = "required-tags"', "the rule `required-tags` needs `tags`"),
    ('name = "required-tags"\ntags = ["=x"]', "`=x` is no tag"),
    (f'name = "{USING_CMK}"\nunused_for_days = 3', "takes no `unused_for_days`, but kms_key_arns"),
    (f'name = "{ROTATED}"\ntags = ["x"]', "takes no `tags`, nor any other"),
    (f'name = "{USING_CMK}"\ncriticality = "urgent"', "is not low, medium, high or critical"),
    (f'name = "{USING_CMK}"\ntarget = ["siem"]', "there is no event endpoint `siem`"),
    ('name = "secretsmanager-secret-unused"\nunused_for_days = 0', "must be from 1 to 3650"),
    (f'name = "{FOREIGN}"\ntrusted_accounts = ["me"]', "write its twelve digits"),
    (f'name = "{DELETION}"\nprincipals = ["a**"]', "is no pattern"),
    (f'name = "{USING_CMK}"\n[[rule]]\nname = "{USING_CMK}"', "is switched on already"),
])
def test_what_is_wrong_with_a_rule_is_said(tmp_path, section, part):
    with pytest.raises(AssertionError) as refused:
        Deployment(tmp_path, f"[[rule]]\n{section}\n")
    assert part in str(refused.value) and "strongroom.toml:" in str(refused.value)
