"""A real S3-compatible server with a bucket for exports."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.keys import create_key
from tests.conftest import Api, Keys
from tests.tracing.s3 import ACCESS_KEY, REGION, client, emptied, serving

BUCKET = "exports"


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    with serving(BUCKET) as address:
        yield address


@pytest.fixture
def bucket(s3: str, settings: Any) -> Iterator[Any]:
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    yield from emptied(client(s3), BUCKET)


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
        "bucketName": BUCKET,
        "endpoint": s3,
        "region": REGION,
        "accessKeyId": ACCESS_KEY,
        "secretAccessKey": "very secret",
        "prefix": "lab/",
        "exportFrequency": "daily",
        "enabled": True,
        "forcePathStyle": True,
        "fileType": "JSONL",
        "exportMode": "FULL_HISTORY",
    }
