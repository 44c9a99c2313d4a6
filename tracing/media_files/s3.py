"""Files in an S3-compatible bucket: clients send and fetch there, past this server.

boto3 because it also finds credentials where none are set (instance roles, profiles) and knows the manners of regions
and of other makers' stores. It costs a process 25 MB and a quarter of a second, and is imported when it is used.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from django.utils import timezone

from common.errors import Overloaded
from tracing.media_files.base import LIFETIME, Address, Content
from tracing.media_files.types import disposition


class Refused(Overloaded):
    """What the store said to an operation, or that it cannot be reached; `status` of HTTP, when there was an answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


AT_ONCE = 1000  # keys that one deletion may name


class S3Files:
    """Keys stand below `prefix`. `endpoint` must be reachable for clients too: the addresses lead there."""

    def __init__(
        self,
        *,
        bucket: str,
        endpoint: str,
        region: str,
        access_key: str,
        secret_key: str,
        prefix: str,
        path_style: bool,
    ) -> None:
        self.bucket, self.prefix = bucket, prefix
        self._how = {
            "endpoint_url": endpoint or None,
            "region_name": region or "us-east-1",
            "aws_access_key_id": access_key or None,
            "aws_secret_access_key": secret_key or None,
        }
        self._addressing = "path" if path_style else "auto"

    @cached_property
    def client(self) -> Any:
        from boto3.session import Session
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": self._addressing},
            # Makers other than Amazon do not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=5,
            read_timeout=60,
            retries={"total_max_attempts": 3, "mode": "standard"},
        )
        return Session().client("s3", config=config, **self._how)

    def upload_address(self, content: Content, origin: str) -> str:
        return self._sign(
            "put_object",
            content,
            ContentType=content.content_type,
            ContentLength=content.content_length,
            ChecksumSHA256=content.sha256,
        )

    def download_address(self, content: Content, origin: str) -> Address:
        shown = {
            "ResponseContentType": content.content_type,
            "ResponseContentDisposition": disposition(content.file_name or content.key, content.content_type),
        }
        return Address(self._sign("get_object", content, **shown), timezone.now() + LIFETIME)

    def holds(self, content: Content) -> bool:
        try:
            with _told():
                found = self.client.head_object(Bucket=self.bucket, Key=self.prefix + content.key)
        except Refused as refused:
            if refused.status in (403, 404):  # 403: not there, told to whom may not list the bucket
                return False
            raise
        return bool(found["ContentLength"] == content.content_length)

    def put(self, key: str, content_type: str, data: bytes) -> None:
        with _told():
            self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=data, ContentType=content_type)

    def delete(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), AT_ONCE):
            named = [{"Key": self.prefix + key} for key in keys[start : start + AT_ONCE]]
            with _told():
                self.client.delete_objects(Bucket=self.bucket, Delete={"Objects": named, "Quiet": True})

    def _sign(self, operation: str, content: Content, **more: Any) -> str:
        params = {"Bucket": self.bucket, "Key": self.prefix + content.key, **more}
        expires = int(LIFETIME.total_seconds())
        with _told():
            url: str = self.client.generate_presigned_url(operation, Params=params, ExpiresIn=expires)
        return url


@contextmanager
def _told() -> Iterator[None]:
    """Whatever the store or the way to it says, as Refused."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise Refused(str(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")) from error
    except (BotoCoreError, ValueError) as error:
        raise Refused(str(error)) from error
