"""Which of some observations a rule takes: one question to the store, and what the store does not know decided here.

Never taken, whatever the filter says: judges' own calls, and what has neither ended nor said anything yet (it comes
again when it has). Evaluators' own steps are taken only by a filter that names their type, so that no evaluation feeds
on another; answers of experiments that PromptLab runs only by one that asks for them, because experiments have
evaluators of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from common.content import value_content
from datasets.jsontext import to_value
from datasets.models import DatasetRunItem
from evaluation import rule_filters
from evaluation.answered import link_of, links_in
from evaluation.models import EvaluationRule
from evaluation.recording import ENVIRONMENT as EXPERIMENTS
from evaluation.scoring.judging import ENVIRONMENT as JUDGES
from evaluation.targets import Target
from tracing.filters import Filter, check_filter
from tracing.records import Observation
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, Page

CHUNK = 500
Condition = rule_filters.Condition
# What judges said themselves is nothing for another one.
NO_JUDGES = Filter("stringOptions", "environment", "none of", (JUDGES,))
# Conditions about these, or about whether metadata has a key, are decided here.
TOOLS = frozenset({"calledToolNames", "toolCalls"})
RUNS = frozenset({"datasetId", "experimentId", rule_filters.ROOT})
NUMBERS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def matching(rule: EvaluationRule, observation_ids: Sequence[str]) -> list[Target]:
    """What the rule takes of these observations."""
    found: list[Target] = []
    for begin in range(0, len(observation_ids), CHUNK):
        ids = tuple(observation_ids[begin : begin + CHUNK])
        found += (target for target, _row in _taken(rule, _asked(rule, (), Cursor(limit=CHUNK), ids).rows))
    return list(dict.fromkeys(found))


def stored_page(
    rule: EvaluationRule, since: datetime | None, until: datetime, after: str, limit: int
) -> tuple[list[tuple[Target, str]], str | None]:
    """What the rule would take of one page of stored observations, oldest first, with the observations' ids (for
    sampling); and where the next page begins."""
    bounds = [Filter("datetime", "startTime", "<=", until)]
    if since is not None:
        bounds.append(Filter("datetime", "startTime", ">=", since))
    page = _asked(rule, tuple(bounds), Cursor(after, limit), None)
    return [(target, row.id) for target, row in _taken(rule, page.rows)], page.next_cursor


def newest(rule: EvaluationRule, limit: int) -> tuple[list[Observation], int]:
    """What the rule (which may be unsaved) would take of the newest observations that its filter finds, and how many of
    these were looked at."""
    page = _asked(rule, (), Cursor(limit=limit), None, "desc")
    return [row for _target, row in _taken(rule, page.rows)], len(page.rows)


def _asked(
    rule: EvaluationRule,
    bounds: tuple[Filter, ...],
    window: Cursor,
    ids: tuple[str, ...] | None,
    direction: Literal["asc", "desc"] = "asc",
) -> Page[Observation]:
    here = [condition for condition in rule.filter if _is_ours(condition)]
    asked = tuple(check_filter(condition) for condition in rule.filter if not _is_ours(condition))
    with_bodies = any(one["column"] in TOOLS or one["column"] == "metadata" for one in here)
    return store().observations(
        ObservationQuery(
            project_id=rule.project_id,
            filters=(*asked, *bounds, NO_JUDGES),
            order=("startTime", direction),
            ids=ids,
            window=window,
            with_bodies=with_bodies,
        )
    )


def _is_ours(condition: Condition) -> bool:
    return condition["column"] in TOOLS | RUNS or condition["operator"] in rule_filters.PRESENCE


def _taken(rule: EvaluationRule, rows: Sequence[Observation]) -> list[tuple[Target, Observation]]:
    """What is taken of these rows, with the row it is taken for; an answer that is a whole trace may stand there
    several times."""
    named = {condition["column"] for condition in rule.filter}
    for_experiments = bool(named & RUNS)
    rows = [row for row in rows if _may_be_taken(row, named, for_experiments)]
    if not rows:
        return []
    links = links_in(rule.project_id, (row.trace_id for row in rows)) if for_experiments else {}
    here = [condition for condition in rule.filter if _is_ours(condition)]
    taken = []
    for row in rows:
        link = link_of(links.get(row.trace_id, ()), row)
        if all(_holds(condition, row, link) for condition in here):
            whole = link is not None and not link.observation_id
            taken.append((Target(row.trace_id, "" if whole else row.id), row))
    return taken


def _may_be_taken(row: Observation, named: set[str], for_experiments: bool) -> bool:
    if row.environment == EXPERIMENTS and not for_experiments and "environment" not in named:
        return False
    if row.type == "EVALUATOR" and "type" not in named:
        return False
    return row.end_time is not None or row.type == "EVENT" or bool(row.output_preview)


def _holds(condition: Condition, row: Observation, link: DatasetRunItem | None) -> bool:
    column, operator, value = condition["column"], condition["operator"], condition["value"]
    told = row.experiment or {}
    match column:
        case rule_filters.ROOT:
            return ((link is not None) is value) is (operator == "=")
        case "datasetId":
            dataset = link.run.dataset_id if link else told.get("dataset.id")
            return (dataset in value) is (operator == "any of")
        case "experimentId":
            run = link.run.run_id if link else told.get("id")
            return (run in value) is (operator == "any of")
        case "metadata":
            metadata = to_value(row.metadata)
            is_set = isinstance(metadata, dict) and metadata.get(condition["key"]) is not None
            return is_set is (operator == "is set")
        case "toolCalls":
            return NUMBERS[operator](len(_tools(row)), value)
    return _options(operator, set(_tools(row)), set(value))


def _options(operator: str, found: set[str], wanted: set[str]) -> bool:
    if operator == "all of":
        return wanted <= found
    return bool(found & wanted) is (operator == "any of")


def _tools(row: Observation) -> list[str]:
    """The names of the tools that an observation's output asks for."""
    content: Any = value_content(to_value(row.output))
    return [call.name for message in content.messages for call in message.calls]
