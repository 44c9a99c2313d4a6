"""Texts as people and models write them, English and Russian: repeating one sentence would compress to nothing.

They come from what every installation has: Python's own language reference, and the Russian of Django and PromptLab.
"""

import gettext
import random
from functools import cache
from pathlib import Path
from pydoc_data import topics

import django

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = (ROOT / "locale", *Path(django.__file__).parent.rglob("locale"))
RARE = "zanzibarite"  # a word that no text holds


@cache
def english() -> str:
    return " ".join(" ".join(topics.topics[name].split()) for name in sorted(topics.topics))


@cache
def russian() -> str:
    sentences: list[str] = []
    for folder in sorted(CATALOGUES):
        path = folder / "ru" / "LC_MESSAGES" / "django.mo"
        if path.exists():
            with path.open("rb") as file:
                # Its only way to list what a catalogue holds.
                texts = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
            sentences += [" ".join(texts[key].split()) for key in sorted(texts, key=str) if key]
    chance = random.Random(5)
    chance.shuffle(sentences)
    return " ".join(sentences)


def prose(chance: random.Random, length: int) -> str:
    """About so many bytes of text; a third is Russian, where a letter takes two."""
    whole, letters = (russian(), length * 6 // 11) if chance.random() < 1 / 3 else (english(), length)
    start = whole.index(" ", chance.randrange(len(whole) - letters - 100)) + 1
    return whole[start : start + letters]
