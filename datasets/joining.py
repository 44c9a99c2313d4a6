"""Scores of one name that were computed in two places: by clients (source API) and by PromptLab itself (EVAL).

A run made with an SDK brings its scores along, a run made in the browser gets them here; who compares the two means one
score. So among runs that are looked at together the two are one column, unless a run has both: then nobody can say
which of them belongs beside those of the other runs, and they stay apart. What people said (ANNOTATION) is not joined.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from datasets.answers import COMPUTED, ScoreKey

SOURCES = frozenset({"API", "EVAL"})
Told = TypeVar("Told")


def joined(of_runs: Iterable[Collection[ScoreKey]]) -> dict[ScoreKey, ScoreKey]:
    """The keys that become another one, by the scores of each of the runs that are looked at together."""
    sources: dict[ScoreKey, set[str]] = {}
    apart: set[ScoreKey] = set()
    for keys in of_runs:
        own = [key for key in keys if key.source in SOURCES]
        names = [_computed(key) for key in own]
        apart |= {name for name in names if names.count(name) > 1}
        for name, key in zip(names, own, strict=True):
            sources.setdefault(name, set()).add(key.source)
    both = [name for name, found in sources.items() if found == SOURCES and name not in apart]
    return {ScoreKey(name.name, source, name.data_type): name for name in both for source in SOURCES}


def renamed(scores: Mapping[ScoreKey, Told], keys: Mapping[ScoreKey, ScoreKey]) -> dict[ScoreKey, Told]:
    """The scores of one run under joined keys."""
    return {keys.get(key, key): told for key, told in scores.items()}


def under(scores: Mapping[ScoreKey, Told], key: ScoreKey) -> Told | None:
    """What one run or answer has under a key; under a joined one whatever it has of the two."""
    if key in scores or key.source != COMPUTED:
        return scores.get(key)
    alone = (ScoreKey(key.name, source, key.data_type) for source in SOURCES)
    return next((scores[one] for one in alone if one in scores), None)


def named(keys: Sequence[ScoreKey], text: str) -> ScoreKey | None:
    """The key of that text (`ScoreKey.text`), as an address says it; the one that it was joined into or parted from."""
    exact = next((key for key in keys if key.text == text), None)
    if exact is not None:
        return exact
    alike = (key for key in keys if key.source in SOURCES or key.source == COMPUTED)
    return next((key for key in alike if text in {ScoreKey(key.name, one, key.data_type).text for one in _ANY}), None)


def stands_apart(keys: Collection[ScoreKey], key: ScoreKey) -> bool:
    """Whether a score has a second source that it was not joined with."""
    return key.source in SOURCES and sum(_computed(one) == _computed(key) for one in keys if one.source in SOURCES) > 1


_ANY = (*sorted(SOURCES), COMPUTED)


def _computed(key: ScoreKey) -> ScoreKey:
    return ScoreKey(key.name, COMPUTED, key.data_type)
