"""Runs over many items, made without HTTP: what comparisons are tested on."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from common.ids import new_id
from datasets.authors import SERVER
from datasets.items import ItemChange, put_items
from datasets.jsontext import to_text
from datasets.models import Dataset, DatasetItem
from datasets.runs import Answer, RunDraft, link, run_id
from tests.datasets.conftest import MOMENT, Measured

# A score's values by item, by repetition, by judgement.
Told = Sequence[Sequence[Sequence[float]]]


class Grid:
    """A dataset with `n` items, and runs over it whose scores are given."""

    def __init__(self, project_id: str, n: int, name: str = "Grid") -> None:
        self.project_id = project_id
        self.measured = Measured(project_id)
        self.dataset = Dataset.objects.create(project_id=project_id, name=name)
        changes = [ItemChange(id=f"{name}-{at}", input=f"question {at}", expected_output="yes") for at in range(n)]
        put_items(self.dataset, changes, by=SERVER)
        rows = DatasetItem.objects.filter(dataset=self.dataset, valid_to=None)
        self.items = {row.item_id: row for row in rows}
        self.names = [change.id for change in changes]

    def run(
        self,
        name: str,
        scores: Mapping[str, Told],
        metadata: Mapping[str, Any] | None = None,
        cost: Callable[[int], float | None] = lambda at: 0.01,
        data_type: str = "NUMERIC",
    ) -> str:
        """A run with these scores by name; all scores tell of the same items and repetitions. Its id."""
        found = run_id(self.project_id, self.dataset.pk, name)
        draft = RunDraft(
            run_id=found, name=name, dataset_id=self.dataset.pk, metadata=to_text(metadata) if metadata else None
        )
        answers = []
        shape = next(iter(scores.values()))
        for at, repetitions in enumerate(shape):
            for repetition in range(len(repetitions)):
                trace_id = new_id()
                self.measured.trace(trace_id, f"answer {at}", cost=cost(at), tokens=12, name="item")
                for score, told in scores.items():
                    for value in told[at][repetition]:
                        self.measured.score(score, value, trace_id=trace_id, data_type=data_type)
                item = self.names[at]
                moment = MOMENT + timedelta(seconds=len(answers))
                version = self.items[item]
                answers.append(
                    Answer(run_id=found, item_id=item, trace_id=trace_id, created_at=moment, version=version)
                )
        link(self.project_id, [draft], answers)
        return found


def once(values: Sequence[float]) -> Told:
    """One answer per item, judged once."""
    return [[[float(value)]] for value in values]
