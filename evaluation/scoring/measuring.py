"""Metrics at work: the case taken out of a subject, and the outcome."""

import math
from typing import Any

from evaluation.definitions import Metric
from evaluation.scoring.base import Outcome, ScoringFailed, Subject
from evaluation.scoring.metrics.base import Case, Compared, Settings
from evaluation.scoring.metrics.table import metric_of, settings_of
from evaluation.scoring.normalising import Profile, profile
from evaluation.scoring.parts import part, source, text

MAX_ACCEPTED = 1_000


def measure(definition: Metric, subject: Subject) -> Outcome:
    """The metric's outcome; no model is called. Raises ScoringFailed where the subject lacks what it needs."""
    metric = metric_of(definition.kind)
    settings = settings_of(metric, definition.settings)
    output = part(subject.output, settings.output_path)
    if metric.needs_output and output is None:
        where = f" at {settings.output_path}" if settings.output_path else ""
        raise ScoringFailed(f"There is no output{where}.")
    mark = metric.score(_case(subject, output, settings, profile(definition.normalisation)), settings)
    if not math.isfinite(mark.value):
        raise ScoringFailed("The value is not a finite number.")
    return Outcome(data_type=metric.data_type, value=mark.value, reasoning=mark.reason)


def _case(subject: Subject, output: Any, settings: Settings, profile: Profile) -> Case:
    expected, accepted = None, []
    if isinstance(settings, Compared):
        expected = part(source(subject, settings.expected_source), settings.expected_path)
        if expected is None or expected == []:
            where = f" at {settings.expected_path}" if settings.expected_path else ""
            raise ScoringFailed(f"There is nothing expected{where} to compare with.")
        accepted = expected if isinstance(expected, list) else [expected]
        if len(accepted) > MAX_ACCEPTED:
            raise ScoringFailed(f"At most {MAX_ACCEPTED} accepted answers can be compared with.")
    return Case(
        text=profile.apply(text(output)),
        accepted=[profile.apply(text(one)) for one in accepted],
        output=output,
        expected=expected,
        subject=subject,
        profile=profile,
    )
