"""Creates the templates of deploy in moto, an AWS emulator that others wrote, and
runs the state machine of fleet.yaml in its interpreter of the States Language.

make test-moto runs it. What moto makes of a stack is looked at through its
services. It makes nothing of schedules, alarms, subscriptions, of the policies
of queues, topics and buckets, and of which managed policies a role has: cfn-lint
and the Go tests look at those.
"""

import io
import json
import os
import pathlib
import time
import unittest
import urllib.request
import zipfile

import boto3
from moto.events.models import EventPattern

ENDPOINT = os.environ["KISO_TEST_MOTO_ENDPOINT"]
REGION = "ap-northeast-1"
ACCOUNT = "123456789012"
DEPLOY = pathlib.Path(__file__).parents[2] / "deploy"

CODE = {"CodeBucket": "code", "CodeKey": "kiso-lambda-arm64.zip"}
FLEET = {**CODE, "ExternalId": "4f8a2c", "OrganizationId": "o-a1b2c3d4e5"}
ACCOUNTS = [{"id": f"{n:012d}", "name": f"account {n}"} for n in range(1, 31)]


def client(service):
    return boto3.client(
        service, endpoint_url=ENDPOINT, region_name=REGION,
        aws_access_key_id="test", aws_secret_access_key="test",
    )


def moto(path, body):
    request = urllib.request.Request(
        f"{ENDPOINT}/moto-api/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request).read()


class OnMoto(unittest.TestCase):
    """A new account, with the function's code in a bucket."""

    def setUp(self):
        moto("reset", {})
        moto("config", {"stepfunctions": {"execute_state_machine": False}, "lambda": {"use_docker": True}})
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as z:
            z.writestr("bootstrap", "")
        s3 = client("s3")
        s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="code", Key=CODE["CodeKey"], Body=archive.getvalue())

    def stack(self, template, **parameters):
        """Creates a stack and returns its outputs and its resources' ids."""
        cloudformation = client("cloudformation")
        cloudformation.create_stack(
            StackName="kiso",
            TemplateBody=(DEPLOY / template).read_text(),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        stack = cloudformation.describe_stacks(StackName="kiso")["Stacks"][0]
        self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE")
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
        resources = cloudformation.describe_stack_resources(StackName="kiso")["StackResources"]
        return outputs, {r["LogicalResourceId"]: r.get("PhysicalResourceId") for r in resources if "LogicalResourceId" in r}


class Schedule(OnMoto):
    def test_only_looks_by_default(self):
        outputs, resources = self.stack("schedule.yaml", **CODE)
        function = client("lambda").get_function(FunctionName="kiso")
        configuration = function["Configuration"]
        self.assertEqual(configuration["Runtime"], "provided.al2023")
        self.assertEqual(configuration["Timeout"], 900)
        self.assertEqual(
            configuration["Environment"]["Variables"],
            {"KISO_MODE": "drift", "KISO_NOTIFY": "findings", "KISO_TOPIC_ARN": outputs["TopicArn"]},
        )
        self.assertEqual(function["Concurrency"]["ReservedConcurrentExecutions"], 1)
        self.assertNotIn("WritePolicy", resources)
        self.assertNotIn("CallRule", resources)

    def test_applies_where_told_to(self):
        spec = "version: 1\nhome_region: ap-northeast-1\nguardduty: {}\n"
        _, resources = self.stack(
            "schedule.yaml", Mode="apply", Spec=spec, AllowIrreversible="all",
            NeverTwoAtOnce="false", NearRealTime="true", Email="security@example.com", **CODE,
        )
        function = client("lambda").get_function(FunctionName="kiso")
        variables = function["Configuration"]["Environment"]["Variables"]
        self.assertEqual(variables["KISO_MODE"], "apply")
        self.assertEqual(variables["KISO_SPEC"], spec)
        self.assertEqual(variables["KISO_ALLOW_IRREVERSIBLE"], "all")
        self.assertNotIn("Concurrency", function)
        self.assertIn("WritePolicy", resources)
        rule = client("events").describe_rule(Name=resources["CallRule"])
        self.assertEqual(rule["State"], "ENABLED")
        target = client("events").list_targets_by_rule(Rule=resources["CallRule"])["Targets"][0]
        self.assertEqual(target["Arn"], function["Configuration"]["FunctionArn"])

    def test_calls_that_start_a_run(self):
        _, resources = self.stack("schedule.yaml", NearRealTime="true", **CODE)
        text = client("events").describe_rule(Name=resources["CallRule"])["EventPattern"]
        pattern = EventPattern.load(text)

        def starts(source, name, **detail):
            return pattern.matches_event({
                "version": "0", "id": "1", "account": ACCOUNT, "region": "eu-west-1", "resources": [],
                "source": source, "detail-type": "AWS API Call via CloudTrail",
                "detail": {"eventName": name, "eventSource": source.replace("aws.", "") + ".amazonaws.com", **detail},
            })

        self.assertTrue(starts("aws.cloudtrail", "StopLogging"))
        self.assertTrue(starts("aws.guardduty", "DeleteDetector"))
        self.assertFalse(starts("aws.guardduty", "DeleteDetector", errorCode="AccessDenied"), "it changed nothing")
        self.assertFalse(starts("aws.cloudtrail", "LookupEvents"), "a read")
        self.assertFalse(starts("aws.lambda", "AddPermission"), "nothing kiso manages")


class Forwarder(OnMoto):
    def test_sends_home(self):
        _, resources = self.stack("realtime-forwarder.yaml", HomeRegion="eu-west-1")
        target = client("events").list_targets_by_rule(Rule=resources["Rule"])["Targets"][0]
        self.assertEqual(target["Arn"], f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default")
        self.assertEqual(target["RoleArn"].split("/")[-1], resources["Role"])

    def test_makes_nothing_at_home(self):
        _, resources = self.stack("realtime-forwarder.yaml", HomeRegion=REGION)
        self.assertNotIn("Rule", resources)
        self.assertNotIn("Role", resources)


class Roles(OnMoto):
    def test_member_reads_by_default(self):
        trusted = f"arn:aws:iam::{ACCOUNT}:role/one,arn:aws:iam::{ACCOUNT}:role/two"
        parameters = {"TrustedRoleArns": trusted, "ExternalId": "4f8a2c", "OrganizationId": "o-a1b2c3d4e5"}
        outputs, resources = self.stack("role.yaml", **parameters)
        self.assertEqual(outputs["RoleArn"], f"arn:aws:iam::{ACCOUNT}:role/kiso")
        self.assertNotIn("WritePolicy", resources)
        trust = client("iam").get_role(RoleName="kiso")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
        self.assertEqual(trust["Principal"], {"AWS": trusted.split(",")})
        self.assertEqual(
            trust["Condition"], {"StringEquals": {"sts:ExternalId": "4f8a2c", "aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
        )

    def test_member_writes_where_told_to(self):
        parameters = {"TrustedRoleArns": f"arn:aws:iam::{ACCOUNT}:role/one", "ExternalId": "4f8a2c", "OrganizationId": "o-a1b2c3d4e5"}
        outputs, resources = self.stack("role.yaml", Mode="apply", RoleName="kiso-apply", **parameters)
        self.assertEqual(outputs["RoleArn"], f"arn:aws:iam::{ACCOUNT}:role/kiso-apply")
        self.assertIn("WritePolicy", resources)

    def test_github(self):
        outputs, _ = self.stack("github-oidc.yaml", Repository="octo-org@1/octo-repo@2")
        plan, apply = (outputs[o].split("/")[-1] for o in ("PlanRoleArn", "ApplyRoleArn"))
        self.assertEqual(self.subjects(plan), [
            "repo:octo-org@1/octo-repo@2:pull_request", "repo:octo-org@1/octo-repo@2:ref:refs/heads/main",
        ])
        self.assertEqual(self.subjects(apply), "repo:octo-org@1/octo-repo@2:environment:production")

    def subjects(self, role):
        trust = client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
        return trust["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]


class Fleet(OnMoto):
    """moto runs one execution of a Distributed Map until it is reset, hence a
    stack for each test."""

    def deploy(self, change=None, running=1):
        """Creates fleet.yaml and returns its outputs. moto's interpreter is another
        Step Functions than the one its stacks are made in, and its Lambda with
        canned answers another Lambda, so function and machine are made anew there.
        moto leaves the definition's substitutions undone, and misspells the parameters
        of aws-sdk:sfn:listExecutions, so its answer is put in its place."""
        outputs, _ = self.stack("fleet.yaml", **FLEET)
        machine = client("stepfunctions").describe_state_machine(stateMachineArn=outputs["StateMachineArn"])
        substitutions = {
            "Partition": "aws", "Bucket": outputs["Bucket"], "Topic": outputs["TopicArn"],
            "Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:kiso",
        }
        text = machine["definition"]
        for name, value in substitutions.items():
            text = text.replace("${" + name + "}", value)
        definition = json.loads(text)
        ask = definition["States"]["WhoElse"]
        self.assertEqual(ask["Resource"], "arn:aws:states:::aws-sdk:sfn:listExecutions")
        answer = {"Executions": [{}] * running}
        definition["States"]["WhoElse"] = {
            "Type": "Pass", "Result": answer, "ResultPath": ask["ResultPath"], "Next": ask["Next"],
        }
        if change:
            change(definition["States"]["EachAccount"]["ItemProcessor"]["States"]["Account"])
        client("s3").put_object(Bucket=outputs["Bucket"], Key="accounts.json", Body=json.dumps(ACCOUNTS))

        moto("config", {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}})
        client("lambda").create_function(
            FunctionName="kiso", Runtime="provided.al2023", Handler="bootstrap", Role=outputs["FunctionRoleArn"],
            Code={"S3Bucket": CODE["CodeBucket"], "S3Key": CODE["CodeKey"]},
        )
        client("stepfunctions").create_state_machine(
            name="kiso", definition=json.dumps(definition), roleArn=machine["roleArn"]
        )
        return outputs

    def run_machine(self, outputs, **given):
        states = client("stepfunctions")
        arn = states.start_execution(stateMachineArn=outputs["StateMachineArn"], input=json.dumps(given))["executionArn"]
        deadline = time.monotonic() + 120
        while True:
            execution = states.describe_execution(executionArn=arn)
            if execution["status"] != "RUNNING" or time.monotonic() > deadline:
                return execution
            time.sleep(0.2)

    def test_each_account_by_the_function(self):
        answer = json.dumps({"account_id": "000000000001", "outcome": "in_sync"})
        moto("static/lambda-simple/response", {"results": [answer] * len(ACCOUNTS), "region": REGION})
        outputs = self.deploy()
        execution = self.run_machine(outputs)
        self.assertEqual(execution["status"], "SUCCEEDED", execution.get("cause"))
        result = json.loads(execution["output"])
        self.assertEqual(result["mode"], "drift", "without a mode it only looks")
        counts = client("stepfunctions").describe_map_run(mapRunArn=result["map"]["MapRunArn"])["itemCounts"]
        self.assertEqual((counts["total"], counts["succeeded"], counts["failed"]), (len(ACCOUNTS), len(ACCOUNTS), 0))
        written = result["map"]["ResultWriterDetails"]
        self.assertEqual(written["Bucket"], outputs["Bucket"])
        self.assertRegex(written["Key"], r"^results/.*manifest\.json$")

    def test_what_each_account_is_asked(self):
        queue = client("sqs").create_queue(QueueName="asked")["QueueUrl"]

        def to_the_queue(task):
            self.assertEqual(task["Parameters"]["Payload.$"], "$")
            task.update(Resource="arn:aws:states:::sqs:sendMessage", Parameters={"QueueUrl": queue, "MessageBody.$": "$"})
            del task["OutputPath"]

        execution = self.run_machine(self.deploy(to_the_queue), mode="apply")
        self.assertEqual(execution["status"], "SUCCEEDED", execution.get("cause"))
        asked = []
        while messages := client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            asked += [json.loads(m["Body"]) for m in messages]
        asked.sort(key=lambda event: event["account_id"])
        self.assertEqual(asked, [{"mode": "apply", "account_id": a["id"]} for a in ACCOUNTS])

    def test_one_accounts_failure_does_not_stop_the_others(self):
        """moto counts failures, and leaves it at that when there are too many."""
        def to_failure(task):
            task.clear()
            task.update(Type="Fail", Error="AccessDenied")

        execution = self.run_machine(self.deploy(to_failure))
        run = client("stepfunctions").describe_map_run(mapRunArn=json.loads(execution["output"])["map"]["MapRunArn"])
        self.assertEqual(run["itemCounts"]["failed"], len(ACCOUNTS))
        self.assertEqual(run["toleratedFailurePercentage"], 5)
        self.assertEqual(run["maxConcurrency"], 25)

    def test_never_two_at_once(self):
        execution = self.run_machine(self.deploy(running=2), mode="apply")
        self.assertEqual(execution["status"], "FAILED")
        self.assertEqual(execution["error"], "AlreadyRunning")


if __name__ == "__main__":
    unittest.main()
