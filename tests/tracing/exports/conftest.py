"""A real S3-compatible server with a bucket for exports."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from accounts.keys import create_key
from tests.conftest import Api, Keys

HOW = {"region_name": "eu-central-1", "aws_access_key_id": "us", "aws_secret_access_key": "secret"}


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=address, **HOW)
    client.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": HOW["region_name"]})
    yield address
    server.stop()


@pytest.fixture
def bucket(s3: str, settings: Any) -> Iterator[Any]:
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    client = boto3.client("s3", endpoint_url=s3, **HOW)
    yield client
    for held in client.list_objects_v2(Bucket="exports").get("Contents", []):
        client.delete_object(Bucket="exports", Key=held["Key"])


def names(client: Any) -> list[str]:
    return [held["Key"] for held in client.list_objects_v2(Bucket="exports").get("Contents", [])]


@pytest.fixture
def owner(project: Keys) -> Api:
    """A program with the organization's key."""
    made = create_key(project.project.organization)
    return Api(Keys(project.project, made.key.public_key, made.secret))


@pytest.fixture
def wanted(project: Keys, s3: str) -> dict[str, Any]:
    """Settings that work."""
    return {
        "projectId": project.id,
        "type": "S3_COMPATIBLE",
        "bucketName": "exports",
        "endpoint": s3,
        "region": "eu-central-1",
        "accessKeyId": "us",
        "secretAccessKey": "very secret",
        "prefix": "lab/",
        "exportFrequency": "daily",
        "enabled": True,
        "forcePathStyle": True,
        "fileType": "JSONL",
        "exportMode": "FULL_HISTORY",
    }
