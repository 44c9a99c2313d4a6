"""Everything that was said in a queue as one tidy table: a row per item, person and score."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from accounts.models import User
from evaluation.models import AnnotationQueue, AnnotationTurn, QueueItem, TurnState
from evaluation.said import Judged, judged, value_of
from evaluation.things import things_of
from evaluation.turns import configs_of
from tracing.records import Score

COLUMNS = (
    "item_id", "object_type", "object_id", "trace_id", "run", "score", "value", "number", "comment",
    "annotator", "adjudicated", "gold", "seconds", "state", "skip_reason", "finished_at",
)  # fmt: skip
CHUNK = 500


def rows_of(project_id: str, queue: AnnotationQueue) -> Iterator[dict[str, Any]]:
    """The rows as COLUMNS, in the order of the queue; a skipped turn is a row without a score."""
    names = {config.pk: config.name for config in configs_of(queue)}
    items = list(QueueItem.objects.filter(queue=queue).order_by("place", "pk"))
    for begin in range(0, len(items), CHUNK):
        yield from _rows(project_id, queue, items[begin : begin + CHUNK], names)


def as_csv(project_id: str, queue: AnnotationQueue) -> Iterator[str]:
    """In UTF-8 with a byte order mark, without which spreadsheets spoil Cyrillic."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS)
    writer.writeheader()
    yield "\ufeff" + buffer.getvalue()
    for row in rows_of(project_id, queue):
        buffer.seek(0)
        buffer.truncate()
        writer.writerow({name: _cell(value) for name, value in row.items()})
        yield buffer.getvalue()


def as_json_lines(project_id: str, queue: AnnotationQueue) -> Iterator[str]:
    """One object per row."""
    for row in rows_of(project_id, queue):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _rows(
    project_id: str, queue: AnnotationQueue, items: Sequence[QueueItem], names: dict[str, str]
) -> Iterator[dict[str, Any]]:
    things, answers = things_of(project_id, items), judged(project_id, queue, items)
    turns = {
        (turn.item_id, str(turn.user_id)): turn
        for turn in AnnotationTurn.objects.filter(item__in=items).select_related("user")
    }
    people = {user_id: turn.user for (_item_id, user_id), turn in turns.items()}
    skipped: dict[str, list[AnnotationTurn]] = {}
    for turn in turns.values():
        if turn.state == TurnState.SKIPPED:
            skipped.setdefault(turn.item_id, []).append(turn)
    for one in answers:
        thing = things[one.item.pk]
        named = {
            "item_id": one.item.pk,
            "object_type": one.item.object_type,
            "object_id": one.item.object_id,
            "trace_id": thing.trace_id,
            "run": thing.run,
        }
        for row in _said(one, names, turns, people):
            yield dict.fromkeys(COLUMNS) | named | row
        for turn in skipped.get(one.item.pk, ()):
            yield dict.fromkeys(COLUMNS) | named | {"adjudicated": False} | _turn(turn)


def _said(
    one: Judged,
    names: dict[str, str],
    turns: dict[tuple[str, str], AnnotationTurn],
    people: dict[str, User],
) -> Iterator[dict[str, Any]]:
    for key, name in names.items():
        gold = (one.item.gold or {}).get(key)
        for user_id, score in one.said.get(key, {}).items():
            told = {"score": name, "adjudicated": False, "gold": gold}
            yield told | _score(score) | _turn(turns[one.item.pk, user_id])
        if (final := one.final.get(key)) is not None:
            person = people.get(final.author_user_id or "") or _person(final.author_user_id)
            told = {"score": name, "adjudicated": True, "gold": gold, "finished_at": final.updated_at.isoformat()}
            yield told | _score(final) | {"annotator": person.email if person else None}


def _score(score: Score) -> dict[str, Any]:
    value = score.string_value if score.data_type == "TEXT" else value_of(score)
    return {"value": value, "number": score.value, "comment": score.comment or None}


def _turn(turn: AnnotationTurn) -> dict[str, Any]:
    return {
        "annotator": turn.user.email,
        "seconds": round(turn.seconds, 1),
        "state": turn.state,
        "skip_reason": turn.reason or None,
        "finished_at": turn.finished_at.isoformat() if turn.finished_at else None,
    }


def _person(user_id: str | None) -> User | None:
    return User.objects.filter(pk=user_id).first() if user_id else None


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula stands behind an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
