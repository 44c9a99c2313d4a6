"""What a metric is: a pure function of an answer and its own settings, and what people are told about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evaluation.scoring.base import Subject
from evaluation.scoring.normalising import Profile

# Where the time or memory of a metric grows with the product of two lengths.
MAX_CHARACTERS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a metric looks at. `text` and `accepted` (any of which would do) are normalised, the others as they came.

    `output` and `expected` are plain JSON values, with the paths of the settings gone already.
    """

    text: str
    accepted: Sequence[str]
    output: Any
    expected: Any
    subject: Subject
    profile: Profile


@dataclass(frozen=True, slots=True)
class Mark:
    """What a metric gives: the value and, where it can be told, why."""

    value: float
    reason: str = ""


def described(
    label: Promise | str, help: Promise | str = "", choices: Mapping[str, Promise | str] | None = None
) -> dict[str, Any]:
    """What a form has to know about a setting; `choices` are its values and their names."""
    return {"label": label, "help": help, "choices": choices}


def option(
    default: Any, label: Promise | str, help: Promise | str = "", *, choices: Mapping[str, Promise | str] | None = None
) -> Any:
    """A field of settings: its default, and what a form has to know about it."""
    return field(default=default, metadata=described(label, help, choices))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings that all metrics have: which part of what is looked at. A class of settings raises ValueError with a
    sentence that begins with the field's name where its values do not fit."""

    output_path: str = option(
        "", _("Part of the output"), _("A JSONPath such as $.answer; empty: all of it. Text that holds JSON is read.")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Settings):
    """Settings of metrics that compare with what was expected."""

    expected_source: str = option(
        "expected_output",
        _("What was expected stands in"),
        choices={
            "expected_output": _("the expected output of the dataset's item"),
            "experiment_item_metadata": _("the metadata of the dataset's item"),
            "metadata": _("the metadata of the observation"),
            "input": _("the input"),
        },
    )
    expected_path: str = option(
        "", _("Part of what was expected"), _("A JSONPath such as $.answers; a list means: any of these would do.")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A row of the table of metrics. `score` gets a case and settings of the class `settings`; it raises ScoringFailed
    where the case lacks what it needs.

    `normalisation` is the name of the preset that a new evaluator starts with; empty: the metric takes texts as they
    are and none can be chosen. `needs_output` is False where an answer's text does not matter.
    """

    kind: str
    label: Promise
    about: Promise
    score: Callable[[Case, Any], Mark]
    settings: type[Settings] = Settings
    data_type: str = "NUMERIC"
    normalisation: str = ""
    needs_output: bool = True
