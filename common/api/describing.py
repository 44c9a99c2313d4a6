"""What a route of the public API takes and answers, declared in a table beside the routes (`<app>/api/operations.py`).

The OpenAPI document and docs/api.md are made of these tables. Tests compare them with the URL configuration, so that no
route is left out, and hold real answers against them, so that none is described wrongly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec

from common.api.fields import WireStruct

Key = Literal["project", "organization", "scores", "none"]
Row = TypeVar("Row")
# What a client may leave out, or an answer may lack.
Unset = msgspec.UnsetType


class State(StrEnum):
    """Where a route comes from."""

    CONTRACT = "contract"  # the published API
    LEGACY = "legacy"  # earlier generations of it, which old clients still call
    EXTRA = "extra"  # only the newest clients know it, or it is our own


class Refusals(StrEnum):
    """How a route tells what is wrong."""

    PLAIN = "Refusal"
    STRUCTURED = "StructuredRefusal"
    SCIM = "ScimRefusal"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query; `type` is a Python type that msgspec can tell the schema of."""

    name: str
    about: str
    type: Any = str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one route.

    `path` stands below `/api/public`, with `{parameters}`; `answer` and `body` are types, None where there is nothing.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    summary: str
    answer: Any = None
    status: int = 200
    also: Mapping[int, tuple[str, Any]] = field(default_factory=dict)  # other answers: when, and what they are
    body: Any = None
    media_types: Sequence[str] = ("application/json",)
    query: Sequence[Parameter] = ()
    key: Key = "project"
    state: State = State.CONTRACT
    refusals: Refusals = Refusals.PLAIN
    differs: str = ""  # what we knowingly do otherwise than the contract says, and why

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Group:
    """Routes about one thing."""

    title: str
    operations: Sequence[Operation]


class PageMeta(WireStruct, frozen=True):
    page: int
    limit: int
    total_items: int
    total_pages: int


class Numbered(WireStruct, Generic[Row], frozen=True):
    """A numbered page."""

    data: list[Row]
    meta: PageMeta


class CursorMeta(WireStruct, frozen=True):
    """`cursor` leads to the next page, and is missing on the last."""

    cursor: str | Unset = msgspec.UNSET


class Stretch(WireStruct, Generic[Row], frozen=True):
    """A page that tells where the next begins."""

    data: list[Row]
    meta: CursorMeta


class Message(WireStruct, frozen=True):
    message: str


class Done(WireStruct, frozen=True):
    success: bool


def paged(default: int = 50, most: int = 100) -> tuple[Parameter, ...]:
    """The parameters of numbered pages."""
    bounds = msgspec.Meta(ge=1, le=most)
    return (
        Parameter("page", "The page, from 1.", type=_bounded(msgspec.Meta(ge=1, le=1_000_000))),
        Parameter("limit", f"Rows on a page; {default} unless said.", type=_bounded(bounds)),
    )


def stretched(most: int = 100) -> tuple[Parameter, ...]:
    """The parameters of pages with a cursor."""
    return (
        Parameter("limit", "Rows on a page; 50 unless said.", type=_bounded(msgspec.Meta(ge=1, le=most))),
        Parameter("cursor", "`meta.cursor` of the page before."),
    )


def _bounded(bounds: msgspec.Meta) -> Any:
    return Annotated[int, bounds]
