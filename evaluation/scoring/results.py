"""What a program may return, as outcomes."""

import math
from collections.abc import Mapping
from typing import Any

from evaluation.scoring.base import Outcome, ScoringFailed

MAX_SCORES = 50
MAX_NAME = 200
MAX_TEXT = 10_000
TYPES = ("NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT")


def outcomes(result: Any) -> list[Outcome]:
    """The outcomes of a number, a truth value, a text, `{name?, value, data_type?, comment?, metadata?}`, a list of
    these, or `{scores: [...]}` (Langfuse's EvaluationResult); none for nothing. Raises ScoringFailed."""
    if isinstance(result, Mapping) and isinstance(result.get("scores"), list):
        result = result["scores"]
    if result is None:
        return []
    found = result if isinstance(result, list) else [result]
    if len(found) > MAX_SCORES:
        raise ScoringFailed(f"The program gave {len(found)} scores; at most {MAX_SCORES} are kept.")
    return [_outcome(one) for one in found]


def _outcome(given: Any) -> Outcome:
    if not isinstance(given, Mapping):
        given = {"value": given}
    if "value" not in given:
        raise ScoringFailed("The program gave a score without a value.")
    name, comment, metadata = given.get("name") or "", given.get("comment") or "", given.get("metadata") or {}
    if not isinstance(name, str) or len(name) > MAX_NAME:
        raise ScoringFailed(f"The name of a score must be text of at most {MAX_NAME} characters.")
    if not isinstance(metadata, Mapping):
        metadata = {"metadata": metadata}
    if given.get("config_id"):
        metadata = {**metadata, "config_id": given["config_id"]}
    data_type, value = _typed(given["value"], given.get("data_type") or given.get("dataType"))
    return Outcome(
        data_type=data_type, value=value, name=name.strip(), reasoning=str(comment)[:MAX_TEXT], metadata=metadata
    )


def _typed(value: Any, wanted: Any) -> tuple[str, float | str]:
    if wanted is not None and wanted not in TYPES:
        raise ScoringFailed(f"data_type must be one of {', '.join(TYPES)}, not {str(wanted)[:50]!r}.")
    if isinstance(value, str):
        if wanted in ("NUMERIC", "BOOLEAN"):
            raise ScoringFailed(f"A score of type {wanted} cannot be the text {value[:100]!r}.")
        return wanted or "CATEGORICAL", value[:MAX_TEXT]
    if isinstance(value, bool) or (wanted == "BOOLEAN" and value in (0, 1)):
        if wanted in ("CATEGORICAL", "TEXT"):
            return wanted, str(value)
        return ("NUMERIC" if wanted == "NUMERIC" else "BOOLEAN"), float(value)
    if not isinstance(value, (int, float)) or wanted not in (None, "NUMERIC"):
        raise ScoringFailed(f"{str(value)[:100]!r} is no value of a score{f' of type {wanted}' if wanted else ''}.")
    if abs(value) > 1e300 or not math.isfinite(value):
        raise ScoringFailed("A score must be a finite number.")
    return "NUMERIC", float(value)
