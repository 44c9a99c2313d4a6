"""Parquet files of examples as rows, like those of `datasets.tables`."""

import io
from collections.abc import Iterator
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from common.errors import Invalid

MAGIC = b"PAR1"
MAX_UNPACKED = 256 * 1024 * 1024  # a few kilobytes can unpack to gigabytes


def read_rows(content: bytes) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """The columns in order, and each row as JSON has it: times as ISO 8601, decimals as texts, bytes as base64, NaN as
    nothing. Raises Invalid for a broken file and for one that unpacks to more than `MAX_UNPACKED` bytes.
    """
    try:
        return _read(content)
    except Invalid:
        raise
    except BaseException as error:  # the reader's panics are no Exceptions
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise Invalid(_("The file is not valid Parquet, or was cut off. Write it anew."), "file") from error


def _read(content: bytes) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    from arro3.io import read_parquet  # only here: most processes never see such a file

    reader = read_parquet(io.BytesIO(content))
    rows: list[dict[str, Any]] = []
    unpacked = 0
    for batch in reader:
        unpacked += batch.nbytes
        if unpacked > MAX_UNPACKED:
            size = {"size": MAX_UNPACKED // (1024 * 1024)}
            raise Invalid(_("The file unpacks to more than %(size)s MB. Split it.") % size, "file")
        rows.extend(_rows(batch))
    return tuple(dict.fromkeys(reader.schema.names)), rows


def _rows(batch: Any) -> Iterator[dict[str, Any]]:
    columns = [batch.column(position).to_pylist() for position in range(batch.num_columns)]
    for values in zip(*columns, strict=True):
        yield msgspec.json.decode(msgspec.json.encode(dict(zip(batch.column_names, values, strict=True))))
