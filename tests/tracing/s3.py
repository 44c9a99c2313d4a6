"""A real S3-compatible server on this machine, with one bucket."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

REGION, ACCESS_KEY, SECRET_KEY = "eu-central-1", "us", "secret"


@contextmanager
def serving(bucket: str) -> Iterator[str]:
    """Its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client(address).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield address
    server.stop()


def client(address: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


def names(client: Any, bucket: str) -> list[str]:
    """What lies in the bucket."""
    return [held["Key"] for held in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def emptied(client: Any, bucket: str) -> Iterator[Any]:
    """For fixtures: the client, and afterwards nothing of what it made."""
    yield client
    for name in names(client, bucket):
        client.delete_object(Bucket=bucket, Key=name)
