"""The table of metrics, and what stands around each of them: reading settings, taking a case out of a subject."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import msgspec

from common.errors import Invalid
from evaluation.scoring.metrics import measures, numbers, overlap, structured, texts
from evaluation.scoring.metrics.base import Metric, Settings

_GROUPS = (texts.METRICS, numbers.METRICS, overlap.METRICS, structured.METRICS, measures.METRICS)
METRICS: Mapping[str, Metric] = {metric.kind: metric for group in _GROUPS for metric in group}


def metric_of(kind: str) -> Metric:
    """The metric of that kind. Raises Invalid (`kind`)."""
    if kind not in METRICS:
        raise Invalid(f"kind must be one of {', '.join(METRICS)}, not {kind[:50]!r}.", "kind")
    return METRICS[kind]


def settings_of(metric: Metric, given: Mapping[str, Any]) -> Settings:
    """Settings as given, read. Raises Invalid that names the setting (`settings.pattern`)."""
    known = [one.name for one in fields(metric.settings)]
    if unknown := [name for name in given if name not in known]:
        raise Invalid(
            f"settings: {metric.kind} has no setting {str(unknown[0])[:50]!r}; it has {', '.join(known)}.", "settings"
        )
    for one in fields(metric.settings):
        choices = one.metadata["choices"]
        if choices and str(given.get(one.name, one.default)) not in choices:
            raise Invalid(f"settings.{one.name} must be one of {', '.join(choices)}.", f"settings.{one.name}")
    try:
        return msgspec.convert(dict(given), metric.settings)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `$.")
        name = place.rstrip("`") or next((name for name in known if told.startswith(name)), "")
        field = f"settings.{name}" if name else "settings"
        raise Invalid(f"{field}: {told}", field) from None
