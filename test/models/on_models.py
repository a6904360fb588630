"""Holds every request of kiso against AWS's own API models: those of botocore.

A proxy records what kiso sends to the sandbox while it plans, applies, finds
everything weakened and applies again. KISO_TEST_BINARY names the binary.
make test-moto runs it.
"""

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest

import boto3

import model
import record

KISO = os.environ["KISO_TEST_BINARY"]
SPEC = pathlib.Path(__file__).with_name("everything.yaml")
HOME, ACCOUNT = "eu-west-1", "123456789012"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


class OnModels(unittest.TestCase):
    """A simulated account behind a recording proxy."""

    def setUp(self):
        port = free_port()
        sandbox = subprocess.Popen([KISO, "sandbox", "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
        self.addCleanup(sandbox.wait)
        self.addCleanup(sandbox.terminate)
        wait_for(port)
        self.endpoint = f"http://127.0.0.1:{port}"
        self.recorder = record.Recorder(self.endpoint)
        self.addCleanup(self.recorder.close)

    def kiso(self, command, *flags, code):
        environment = {
            "PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(), "AWS_ENDPOINT_URL": self.recorder.url,
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
        }
        done = subprocess.run([KISO, command, "-f", SPEC, *flags], env=environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(code, done.returncode, done.stdout[-2000:] + done.stderr[-2000:])

    def client(self, service, region=HOME):
        return boto3.client(service, endpoint_url=self.endpoint, region_name=region, **KEYS)

    def checked(self):
        """The operations since the last call, and every fault of their requests."""
        operations, faults = set(), []
        for request in self.recorder.take():
            service, region, operation, _, found = model.check(request)
            operations.add(f"{service}:{operation.name}")
            faults += [f"{service} in {region}: {fault}" for fault in found]
        return operations, faults

    def test_every_request_is_valid(self):
        self.kiso("plan", "--detailed-exitcode", code=2)
        self.kiso("apply", "--auto-approve", "--allow-irreversible=all", code=0)
        created, faults = self.checked()
        self.assertEqual([], faults)
        self.assertLessEqual({"s3:CreateBucket", "cloudtrail:CreateTrail", "config:PutConfigurationRecorder",
                              "guardduty:CreateDetector", "securityhub:BatchEnableStandards",
                              "events:PutTargets", "sns:Subscribe"}, created)
        self.weaken()
        self.kiso("plan", "--detailed-exitcode", code=2)
        self.kiso("drift", code=2)
        self.kiso("apply", "--auto-approve", "--allow-irreversible=all", code=0)
        repaired, faults = self.checked()
        self.assertEqual([], faults)
        self.assertLessEqual({"s3:PutBucketPolicy", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors",
                              "guardduty:UpdateDetector", "securityhub:UpdateFindingAggregator",
                              "events:PutRule"}, repaired)
        self.kiso("plan", "--detailed-exitcode", code=0)

    def weaken(self):
        bucket = f"kiso-cloudtrail-{ACCOUNT}-{HOME}"
        s3 = self.client("s3")
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
        s3.delete_bucket_policy(Bucket=f"kiso-config-{ACCOUNT}-{HOME}")
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
        trails = self.client("cloudtrail")
        trails.update_trail(Name="found.ation", IsMultiRegionTrail=False, EnableLogFileValidation=False)
        trails.put_event_selectors(TrailName="found.ation", EventSelectors=[{
            "ReadWriteType": "WriteOnly", "IncludeManagementEvents": True,
            "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::theirs/"]}],
        }])
        trails.stop_logging(Name="found.ation")
        config = self.client("config", "us-west-2")
        config.stop_configuration_recorder(ConfigurationRecorderName="default")
        config.delete_delivery_channel(DeliveryChannelName="default")
        guardduty = self.client("guardduty", "eu-west-3")
        detector = guardduty.list_detectors()["DetectorIds"][0]
        guardduty.update_detector(DetectorId=detector, Enable=False, FindingPublishingFrequency="SIX_HOURS",
                                  Features=[{"Name": "S3_DATA_EVENTS", "Status": "DISABLED"}])
        self.client("securityhub", "ca-central-1").disable_security_hub()
        hub = self.client("securityhub")
        aggregator = hub.list_finding_aggregators()["FindingAggregators"][0]["FindingAggregatorArn"]
        hub.update_finding_aggregator(FindingAggregatorArn=aggregator, RegionLinkingMode="SPECIFIED_REGIONS", Regions=["us-east-1"])
        self.client("events", "us-east-1").disable_rule(Name="kiso-root-login")
        topics = self.client("sns", "us-east-1")
        topics.delete_topic(TopicArn=topics.list_topics()["Topics"][0]["TopicArn"])


class OnFaults(unittest.TestCase):
    """The check finds what a model does not allow, in each protocol."""

    def faults(self, service, method, target, body, **headers):
        signed = f"AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        request = {"method": method, "target": target, "body": body,
                   "headers": {"authorization": signed, **{k.replace("_", "-"): v for k, v in headers.items()}}}
        return model.check(request)[4]

    def test_faults_are_found(self):
        detector = {"enable": True, "findingPublishingFrequency": "HOURLY", "tags": {"a b": "c"}, "more": 1}
        self.assertEqual(3, len(self.faults("guardduty", "POST", "/detector", json.dumps(detector).encode())))
        self.assertEqual([], self.faults("guardduty", "POST", "/detector", b'{"enable": true}'))
        self.assertEqual(1, len(self.faults("guardduty", "POST", "/detector", b'{"enable": "true"}')))

        target = "StarlingDoveService.StartConfigurationRecorder"
        self.assertEqual(1, len(self.faults("config", "POST", "/", b"{}", x_amz_target=target)))
        self.assertEqual(1, len(self.faults("config", "POST", "/", b'{"ConfigurationRecorderName": ""}', x_amz_target=target)))

        topic = b"Action=CreateTopic&Version=2010-03-31&Name=a"
        self.assertEqual([], self.faults("sns", "POST", "/", topic))
        self.assertEqual(1, len(self.faults("sns", "POST", "/", topic + b"&Colour=red")))

        lock = b'<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><Mode>X</Mode></Rule></ObjectLockConfiguration>'
        self.assertEqual(1, len(self.faults("s3", "PUT", "/b?object-lock", lock)))
        self.assertEqual(1, len(self.faults("s3", "PUT", "/b?object-lock&colour=red", b"")))

        with self.assertRaises(model.Invalid):
            self.faults("guardduty", "PATCH", "/detector", b"")


if __name__ == "__main__":
    unittest.main()
