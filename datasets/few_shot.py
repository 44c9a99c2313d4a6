"""Items of a dataset as examples in prompts: which ones a prompt's tag stands for (`prompts.examples`).

Whoever evaluates a prompt leaves out the items it may show (`used_items`): a model that has seen the answer is not
being asked.
"""

import json
import random
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process, utils

from common.errors import Invalid
from datasets.items import items
from datasets.jsontext import to_value
from datasets.models import Dataset, DatasetItem
from prompts.examples import Block, Example, as_text, blocks

# Larger splits are not examples any more, and each of their items would be read at every fetch that misses the cache.
MOST_CANDIDATES = 5_000


def choose(project_id: str, block: Block, about: str | None) -> Sequence[Example]:
    """The examples that a block stands for, in the order in which they are shown.

    `first`: as the dataset lists them. `random`: drawn by the seed from the ids in their order, so that the same items
    come as long as the split stays. `similar`: those whose input shares most words with `about`, best last, next to
    the question; by the weighted ratio of rapidfuzz (edits, words in common, parts).
    Raises Invalid for an unknown dataset and a split without items.
    """
    rows = _candidates(project_id, block)
    if block.pick == "random":
        drawn = random.Random(block.seed)  # noqa: S311  (a draw that can be repeated, no secret)
        rows = drawn.sample(sorted(rows, key=lambda row: row.item_id), min(block.k, len(rows)))
    elif block.pick == "similar" and about is not None:
        rows = _similar(rows, about, block.k)
    return [Example(row.item_id, to_value(row.input), to_value(row.expected_output)) for row in rows[: block.k]]


def used_items(project_id: str, content: Any) -> set[str]:
    """The ids of all items that the prompt may show as examples, of whatever dataset. Raises Invalid."""
    used: set[str] = set()
    for block in blocks(content):
        if block.pick == "similar":
            used |= {row.item_id for row in _candidates(project_id, block)}
        else:
            used |= {example.item_id for example in choose(project_id, block, None)}
    return used


def _similar(rows: list[DatasetItem], about: str, k: int) -> list[DatasetItem]:
    inputs = [as_text(to_value(row.input)) for row in rows]
    best = process.extract(about, inputs, scorer=fuzz.WRatio, processor=utils.default_process, limit=k)
    return [rows[place] for _text, _likeness, place in reversed(best)]


def _candidates(project_id: str, block: Block) -> list[DatasetItem]:
    dataset = None
    if "\0" not in block.dataset:
        dataset = Dataset.objects.filter(project_id=project_id, name=block.dataset).first()
    if dataset is None:
        raise Invalid(
            _("There is no dataset “%(name)s” to take examples from. Create it, or mend the tag.")
            % {"name": block.dataset[:100]},
            "prompt",
        )
    rows = items(dataset, at=block.at).filter(expected_output__isnull=False)
    if block.split:
        # Metadata is text, so that its order survives: the quoted word narrows what has to be read.
        quoted = json.dumps(block.split, ensure_ascii=False)
        rows = rows.filter(metadata__contains=quoted)
    elif block.pick == "first":
        rows = rows[: block.k]
    found = [row for row in rows[:MOST_CANDIDATES] if not block.split or split_of(row) == block.split]
    if not found:
        raise Invalid(
            _("The dataset “%(name)s” has no items with an expected output in the split “%(split)s”.")
            % {"name": block.dataset, "split": block.split}
            if block.split
            else _("The dataset “%(name)s” has no items with an expected output.") % {"name": block.dataset},
            "prompt",
        )
    return found


def split_of(row: DatasetItem) -> str | None:
    """The split that an item belongs to, by its metadata; None: to none."""
    metadata = to_value(row.metadata)
    split = metadata.get("split") if isinstance(metadata, dict) else None
    return split if isinstance(split, str) else None
