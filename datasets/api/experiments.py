"""`/experiments` and `/experiment-items`, which SDK 5 reads (api.md, section 6.7)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.pagination import whole
from common.errors import Invalid
from datasets.activity import Activity, Asked, Found, experiment_items, experiments
from datasets.answers import Answer, read_answers, with_bodies
from datasets.api.base import DatasetView
from datasets.models import DatasetRunItem
from tracing.api.params import Params, Table, listed
from tracing.api.serializing import SCORE_GROUPS, embedded, score_v3
from tracing.records import Score
from tracing.store import store
from tracing.store.base import ScoreQuery

MAX_LIMIT = 100
MAX_SCORES = 50


class _ExperimentView(DatasetView):
    """What both routes read from their query: a time range, comma lists, groups of fields, a cursor."""

    table: Table
    groups: tuple[str, ...]
    default_groups: tuple[str, ...]

    def asked(self, request: Request) -> tuple[Asked, frozenset[str], int]:
        params = Params(request.query_params)
        since = params.moment("fromStartTime")
        if since is None:
            raise Invalid("fromStartTime is required.", "fromStartTime")
        groups = frozenset(params.words("fields") or self.default_groups)
        unknown = sorted(groups.difference(self.groups))
        if unknown:
            raise Invalid(f"fields knows {', '.join(self.groups)}, not {', '.join(unknown)}.", "fields")
        asked = Asked(
            project_id=self.project_id,
            since=since,
            until=params.moment("toStartTime"),
            filters=params.filters(self.table),
            cursor=params.text("cursor") or "",
            limit=whole(request.query_params, "limit", 50, 1, MAX_LIMIT),
        )
        return asked, groups, whole(request.query_params, "scoreLimit", MAX_SCORES, 1, MAX_SCORES)

    def answer(self, data: Sequence[dict[str, Any]], found: Found[Any]) -> Response:
        return Response({"data": data, "meta": {"cursor": found.cursor} if found.cursor else {}})


class ExperimentsView(_ExperimentView):
    """`GET /experiments`: by the latest activity within the asked range."""

    table = {name: (listed, name) for name in ("id", "name", "datasetId")}
    groups = ("core", "metadata", "scores")
    default_groups = ("core",)

    def get(self, request: Request) -> Response:
        asked, groups, score_limit = self.asked(request)
        found = experiments(asked)
        scores = _scores_of_runs(self.project_id, found.rows) if "scores" in groups else {}
        data = [self._shape(row, groups, scores.get(row.run.run_id, [])[:score_limit]) for row in found.rows]
        return self.answer(data, found)

    def _shape(self, row: Activity, groups: Collection[str], scores: Sequence[Score]) -> dict[str, Any]:
        shape: dict[str, Any] = {
            "id": row.run.run_id,
            "name": row.run.name,
            "description": row.run.description,
            "startTime": row.first,
            "endTime": row.last,
            "itemCount": row.answers,
            "datasetId": row.run.dataset_id,
        }
        if "metadata" in groups:
            shape["metadata"] = _object(row.run.metadata)
        if "scores" in groups:
            shape["scores"] = [score_v3(score, SCORE_GROUPS) for score in scores]
        return shape


class ExperimentItemsView(_ExperimentView):
    """`GET /experiment-items`: answers with what went in, came out and was expected."""

    table = {name: (listed, name) for name in ("experimentId", "experimentName", "experimentItemId", "datasetId")}
    groups = ("core", "dataset", "io", "metadata", "itemMetadata", "experimentMetadata", "scores")
    default_groups = ("core", "dataset")

    def get(self, request: Request) -> Response:
        asked, groups, score_limit = self.asked(request)
        found = experiment_items(asked)
        answers = read_answers(self.project_id, found.rows)
        if groups & {"io", "metadata"}:
            answers = with_bodies(self.project_id, answers)
        return self.answer([_item_shape(answer, groups, score_limit) for answer in answers], found)


def _item_shape(answer: Answer, groups: Collection[str], score_limit: int) -> dict[str, Any]:
    link, run, version = answer.link, answer.link.run, answer.link.version
    shape: dict[str, Any] = {
        "id": link.observation_id or link.trace_id,
        "traceId": link.trace_id,
        "startTime": answer.started or link.created_at,
        "endTime": answer.ended,
        "level": answer.level,
        "environment": answer.environment,
        "experimentId": run.run_id,
        "experimentName": run.name,
        "experimentItemId": link.item_id,
    }
    if "dataset" in groups:
        shape |= {
            "experimentDatasetId": run.dataset_id,
            "experimentItemVersion": version.valid_from if version else None,
        }
    if "io" in groups:
        shape |= {
            "input": embedded(answer.input or (version.input if version else None)),
            "output": embedded(answer.output),
            "expectedOutput": embedded(version.expected_output if version else link.expected_output),
        }
    if "metadata" in groups:
        shape["metadata"] = _object(answer.metadata)
    if "itemMetadata" in groups:
        shape["experimentItemMetadata"] = _object(_item_metadata(link))
    if "experimentMetadata" in groups:
        shape |= {"experimentMetadata": _object(run.metadata), "experimentDescription": run.description}
    if "scores" in groups:
        scores = [score for judged in answer.scores.values() for score in judged]
        shape["scores"] = [score_v3(score, SCORE_GROUPS) for score in scores[:score_limit]]
    return shape


def _item_metadata(link: DatasetRunItem) -> str | None:
    return link.version.metadata if link.version else link.metadata


def _object(text: str | None) -> Any:
    """Metadata where the wire allows nothing but objects."""
    if text is None or text.startswith("{"):
        return embedded(text)
    return {"metadata": embedded(text)}


def _scores_of_runs(project_id: str, rows: Sequence[Activity]) -> dict[str, list[Score]]:
    found: dict[str, list[Score]] = defaultdict(list)
    ids = tuple(row.run.run_id for row in rows)
    if ids:
        for score in store().scores(ScoreQuery(project_id=project_id, dataset_run_ids=ids, window=None)).rows:
            found[score.dataset_run_id or ""].append(score)
    return found
