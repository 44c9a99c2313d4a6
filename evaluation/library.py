"""The library of judges to start from: data files in `evaluation/scoring/templates`, each in English and Russian."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from common.errors import NotFound
from evaluation.definitions import Judge, Output
from evaluation.mapping import Mapped

FOLDER = Path(__file__).parent / "scoring" / "templates"
LANGUAGES = ("en", "ru")
# As people look for them: what is asked most comes first.
ORDER = (
    *("correctness", "graded_correctness", "faithfulness", "hallucination", "relevance", "helpfulness", "conciseness"),
    *("instructions", "refusal", "toxicity", "language_quality", "empathy", "preference"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A judge in one language, ready to be started: name and a sentence for people, and its definition."""

    key: str
    language: str
    name: str
    about: str
    definition: Judge


def all_of(language: str) -> list[Template]:
    """All templates in a language; English where there is no such language."""
    return [template(key, language) for key in ORDER]


def template(key: str, language: str) -> Template:
    """One template. Raises NotFound."""
    if key not in ORDER:
        raise NotFound(f"There is no template {key[:50]!r}; there are {', '.join(ORDER)}.")
    return _templates()[key, language if language in LANGUAGES else LANGUAGES[0]]


@cache
def _templates() -> Mapping[tuple[str, str], Template]:
    read = {key: yaml.safe_load((FOLDER / f"{key}.yaml").read_text("utf-8")) for key in ORDER}
    return {(key, language): _template(key, language, read[key]) for key in ORDER for language in LANGUAGES}


def _template(key: str, language: str, data: Mapping[str, Any]) -> Template:
    texts = data[language]
    output = Output(**data["output"], reasoning=texts["reasoning"], instructions=texts["instructions"])
    mapping = [
        Mapped(variable, source) if isinstance(source, str) else Mapped(variable, **source)
        for variable, source in data["mapping"].items()
    ]
    return Template(
        key=key,
        language=language,
        name=data["name"][language],
        about=data["about"][language],
        definition=Judge(messages=[("user", texts["prompt"].strip())], output=output, mapping=mapping),
    )
