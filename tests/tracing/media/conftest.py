from collections.abc import Iterator
from pathlib import Path

import pytest

from tracing.media_files import files


@pytest.fixture(autouse=True)
def media_folder(tmp_path: Path, settings) -> Iterator[Path]:
    """Files of each test in a folder of its own."""
    settings.MEDIA_DIR = tmp_path / "media"
    files.cache_clear()
    yield settings.MEDIA_DIR
    files.cache_clear()
