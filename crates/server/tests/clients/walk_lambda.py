"""Lambda and CloudTrail, operation by operation. What a function is given, says and logs
is not on record."""

import json

from test_functions import TRUST, archive

# It says, logs and answers what it was told in confidence, and fails when asked to.
CODE = '''
import os


def main(event, context):
    print(os.environ["HIDDEN"])
    if event.get("fail"):
        raise KeyError(event["fail"])
    return [event, os.environ["HIDDEN"]]
'''


def walk(w):
    iam, functions = w.service("iam"), w.service("lambda")
    role = iam("of functions").create_role(
        RoleName="functions", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    wish = {"Runtime": "python3.11", "Handler": "f.main", "Role": role}
    functions.create_function(
        FunctionName="telling", Description="tells", Timeout=10, **wish,
        Code={"ZipFile": archive({"f.py": CODE, "hidden": w.text()})}, Tags={"team": "blue"},
        Environment={"Variables": {"HIDDEN": w.text()}})
    functions.refused.create_function(
        FunctionName="telling", Environment={"Variables": {"HIDDEN": w.text()}}, **wish,
        Code={"ZipFile": archive({"f.py": CODE})})
    functions.refused("no archive").create_function(
        FunctionName="other", Code={"ZipFile": w.binary()}, **wish)
    answer = functions.invoke(FunctionName="telling", LogType="Tail", Payload=json.dumps(
        {"hidden": w.text()}).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()
    functions("a failure").invoke(FunctionName="telling", LogType="Tail", Payload=json.dumps(
        {"fail": w.text()}).encode())
    functions("nobody waits").invoke(FunctionName="telling", InvocationType="Event",
                                     Payload=json.dumps({"hidden": w.text()}).encode())
    functions("only tried").invoke(FunctionName="telling", InvocationType="DryRun")
    functions.refused.invoke(FunctionName="none", Payload=json.dumps(w.text()).encode())
    functions.refused("no JSON").invoke(FunctionName="telling", Payload=w.text().encode())
    functions.get_function(FunctionName="telling")
    functions.refused.get_function(FunctionName="none")
    functions.get_function_configuration(FunctionName="telling")
    functions.list_functions(MaxItems=10)
    functions.update_function_configuration(
        FunctionName="telling", Timeout=7, Environment={"Variables": {"HIDDEN": w.text()}})
    functions.refused.update_function_configuration(
        FunctionName="none", Environment={"Variables": {"HIDDEN": w.text()}})
    functions.update_function_code(
        FunctionName="telling", ZipFile=archive({"f.py": CODE, "hidden": w.text()}))
    functions.refused.update_function_code(FunctionName="telling", ZipFile=w.binary())
    functions.publish_version(FunctionName="telling", Description="first")
    functions.list_versions_by_function(FunctionName="telling")
    functions.create_alias(FunctionName="telling", Name="live", FunctionVersion="1",
                           Description="in use")
    functions.refused.create_alias(FunctionName="telling", Name="live", FunctionVersion="1")
    functions.get_alias(FunctionName="telling", Name="live")
    functions.update_alias(FunctionName="telling", Name="live", FunctionVersion="$LATEST")
    functions.list_aliases(FunctionName="telling")
    functions.add_permission(
        FunctionName="telling", StatementId="rotation", Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com", SourceAccount=w.account)
    functions.refused.add_permission(
        FunctionName="telling", StatementId="rotation", Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com")
    functions.get_policy(FunctionName="telling")
    functions.remove_permission(FunctionName="telling", StatementId="rotation")
    functions.refused.get_policy(FunctionName="telling")
    functions.delete_alias(FunctionName="telling", Name="live")
    functions.delete_function(FunctionName="telling")
    functions.refused.delete_function(FunctionName="telling")


def trail(w):
    trails = w.service("cloudtrail")
    arn = trails.list_trails()["Trails"][0]["TrailARN"]
    trails.describe_trails(trailNameList=["management-events"], includeShadowTrails=False)
    trails.get_trail_status(Name=arn)
    trails.refused.get_trail_status(Name="another")
    trails.lookup_events(MaxResults=2, LookupAttributes=[
        {"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}])
    trails.refused.lookup_events(NextToken="nonsense")
