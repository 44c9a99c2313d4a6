"""Where the bytes of media stand: on this machine's disk, or in an S3-compatible bucket when one is set.

Clients send and fetch bytes by addresses that are their own key for an hour: no Authorization goes with them.
"""

from functools import cache
from typing import Any

from django.conf import settings

from tracing.media_files.base import Address, Content, Files

__all__ = ["Address", "Content", "Files", "files"]


@cache
def files() -> Files:
    """The kind that the settings choose: PROMPTLAB_MEDIA_S3_BUCKET, else PROMPTLAB_MEDIA_DIR."""
    bucket: dict[str, Any] = settings.MEDIA_S3
    if bucket["bucket"]:
        from tracing.media_files.s3 import S3Files

        return S3Files(**bucket)
    from tracing.media_files.local import LocalFiles

    return LocalFiles(settings.MEDIA_DIR)
