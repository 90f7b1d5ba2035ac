"""Secrets Manager, operation by operation, with a rotation that succeeds and one that
cannot."""

import json

import rotations
from receivers import until
from test_functions import ALLOWED, PYTHON, TRUST, archive

ROTATED = "RotationSucceeded"


def walk(w):
    sm = w.service("secretsmanager")
    arn = sm.create_secret(
        Name="team/app", Description="of the app", SecretString=w.text(),
        ClientRequestToken="11111111-1111-4111-8111-111111111111",
        Tags=[{"Key": "team", "Value": "blue"}], ForceOverwriteReplicaSecret=True)["ARN"]
    sm("binary, no more said").create_secret(Name="team/binary", SecretBinary=w.binary())
    sm("no value").create_secret(Name="team/empty")
    sm.refused.create_secret(Name="team/app", SecretString=w.text())
    sm.refused("a key that is not there").create_secret(
        Name="team/other", SecretString=w.text(), KmsKeyId="alias/none")
    sm.put_secret_value(SecretId=arn, SecretString=w.text(), VersionStages=["BLUE"],
                        ClientRequestToken="22222222-2222-4222-8222-222222222222")
    sm("binary").put_secret_value(SecretId="team/app", SecretBinary=w.binary())
    sm.refused.put_secret_value(SecretId="none", SecretString=w.text())
    sm.refused("a rotation's token").put_secret_value(
        SecretId="team/app", SecretString=w.text(), RotationToken=w.text())
    sm.update_secret(SecretId="team/app", Description="changed", SecretString=w.text())
    sm("no value").update_secret(SecretId="team/app", Description="changed again")
    sm.refused.update_secret(SecretId="none", SecretBinary=w.binary())
    sm.get_secret_value(SecretId="team/app")
    sm("a version").get_secret_value(
        SecretId=arn, VersionId="11111111-1111-4111-8111-111111111111")
    sm("a stage").get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")
    sm.refused.get_secret_value(SecretId="none")
    sm.batch_get_secret_value(SecretIdList=["team/app", "team/none"])
    sm("by filters").batch_get_secret_value(
        Filters=[{"Key": "name", "Values": ["team/app"]}], MaxResults=5)
    sm.describe_secret(SecretId=arn)
    sm.refused.describe_secret(SecretId="none")
    sm.list_secrets(Filters=[{"Key": "tag-key", "Values": ["team"]}], MaxResults=1,
                    SortOrder="asc", IncludePlannedDeletion=True)
    sm.refused.list_secrets(NextToken="nonsense")
    sm.list_secret_version_ids(SecretId=arn, IncludeDeprecated=True)
    w.came(sm.get_random_password(PasswordLength=40, ExcludePunctuation=True)["RandomPassword"])
    sm.refused.get_random_password(PasswordLength=2, RequireEachIncludedType=True)
    sm.update_secret_version_stage(
        SecretId="team/app", VersionStage="BLUE",
        MoveToVersionId="11111111-1111-4111-8111-111111111111",
        RemoveFromVersionId="22222222-2222-4222-8222-222222222222")
    sm.refused.update_secret_version_stage(
        SecretId="team/app", VersionStage="BLUE",
        RemoveFromVersionId="33333333-3333-4333-8333-333333333333")
    sm.tag_resource(SecretId=arn, Tags=[{"Key": "stage", "Value": "test"}])
    sm.refused.tag_resource(SecretId=arn, Tags=[{"Key": "aws:x", "Value": "y"}])
    sm.untag_resource(SecretId="team/app", TagKeys=["stage"])
    account = arn.split(":")[4]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]})
    sm.put_resource_policy(SecretId=arn, ResourcePolicy=policy, BlockPublicPolicy=True)
    sm.refused.put_resource_policy(SecretId=arn, ResourcePolicy='{"Statement": []')
    sm.get_resource_policy(SecretId="team/app")
    sm.list_resource_policies(SecretId="team/app")
    sm.validate_resource_policy(ResourcePolicy=policy)
    sm.delete_resource_policy(SecretId=arn)
    rotation(w, sm)
    sm.delete_secret(SecretId="team/binary", RecoveryWindowInDays=7)
    sm.refused.get_secret_value(SecretId="team/binary")
    sm.restore_secret(SecretId="team/binary")
    sm("at once").delete_secret(SecretId="team/binary", ForceDeleteWithoutRecovery=True)
    sm.refused.delete_secret(SecretId="none")
    sm.refused.restore_secret(SecretId="none")


def rotation(w, sm):
    """By a function of the user's own, which the server calls four times."""
    iam, functions = w.service("iam"), w.service("lambda")
    role = iam("rotation").create_role(
        RoleName="rotation", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam("rotation").put_role_policy(
        RoleName="rotation", PolicyName="rotate", PolicyDocument=ALLOWED)
    function = functions("rotation").create_function(
        FunctionName="rotate", Runtime="python3.11", Handler="lambda_function.lambda_handler",
        Role=role, Timeout=30, Code={"ZipFile": archive({"lambda_function.py": PYTHON})},
        Environment={"Variables": {"PYTHONPATH": w.packages}})["FunctionArn"]
    sm.refused.rotate_secret(SecretId="team/app", RotationLambdaARN=function)
    functions("rotation").add_permission(
        FunctionName="rotate", StatementId="rotation", Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com")
    first = w.text()
    arn = sm("rotated").create_secret(
        Name="team/rotated", SecretString=json.dumps({"password": first}))["ARN"]
    sm.rotate_secret(
        SecretId="team/rotated", RotationLambdaARN=function, RotateImmediately=True,
        RotationRules={"ScheduleExpression": "rate(10 days)", "Duration": "3h"},
        ClientRequestToken="44444444-4444-4444-8444-444444444444")
    w.rotated = arn
    assert until(lambda: w.server.audit(needle=f"Rotation-{arn}-44444444", count=2)
                 and [r for r in w.server.audit(needle=ROTATED) if r["eventName"] == ROTATED]
                 ), "no rotation"
    value = sm("rotated").get_secret_value(SecretId="team/rotated")["SecretString"]
    # What JSON escapes is not found plain; the handler leaves quotes out.
    w.came(json.loads(value)["password"])
    sm.cancel_rotate_secret(SecretId="team/rotated")
    sm.refused.cancel_rotate_secret(SecretId="none")
    endings(w, sm, function)


def endings(w, sm, function):
    """Rotations that end otherwise: a test, good and bad; a failure, and one that is given
    up because somebody else sets a value."""
    def told(event, count=1):
        named = lambda: [r for r in w.server.audit(needle=event) if r["eventName"] == event]
        assert until(lambda: len(named()) >= count), f"no {event}"

    test = sm("a test")
    test.rotate_secret(SecretId="team/rotated", RotationLambdaARN=function,
                       RotateImmediately=False)
    told("TestRotationSucceeded")
    # It is no JSON, as the function would have it.
    arn = sm("rotated").create_secret(Name="team/failing", SecretString=w.text())["ARN"]
    failing = sm("which fails")
    failing.rotate_secret(SecretId=arn, RotationLambdaARN=function, RotateImmediately=True)
    told("RotationFailed")
    failing.put_secret_value(SecretId=arn, SecretString=w.text())
    told("RotationAbandoned")
    # Nobody listens there.
    arn = sm("rotated").create_secret(Name="team/unreachable", SecretString=json.dumps({
        "engine": "postgres", "host": "127.0.0.1", "port": 1, "username": "app",
        "password": w.text()}))["ARN"]
    sm("a test that fails").rotate_secret(
        SecretId=arn, RotateImmediately=False,
        RotationLambdaARN=rotations.function(arn, "RDSPostgreSQLRotationSingleUser"))
    told("TestRotationFailed")
