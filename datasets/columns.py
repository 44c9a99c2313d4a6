"""Scores as columns of tables."""

from collections.abc import Collection
from dataclasses import dataclass

from datasets.answers import ScoreKey


@dataclass(frozen=True, slots=True)
class Column:
    """A column of scores; `source` is set where several judges gave scores of one name."""

    key: ScoreKey
    source: str

    @property
    def name(self) -> str:
        """What the chooser of columns calls it."""
        return f"score:{self.key.text}"

    @property
    def label(self) -> str:
        return f"{self.key.name} {self.source.lower()}".rstrip()


def score_columns(keys: Collection[ScoreKey]) -> list[Column]:
    """Columns by name; the judge is named only where it tells two columns apart."""
    ordered = sorted(keys, key=lambda key: (key.name.lower(), key.source, key.data_type))
    names = [key.name for key in ordered]
    return [Column(key, key.source if names.count(key.name) > 1 else "") for key in ordered]
