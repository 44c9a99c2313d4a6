"""English is what the code says; Russian is complete."""

import re
from pathlib import Path

import polib
import pytest

from tests.texts import ROOT, marked_texts

PO = ROOT / "locale" / "ru" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[srd]|\{\w*\}")


@pytest.fixture(scope="module")
def russian() -> polib.POFile:
    return polib.pofile(str(PO))


def test_every_text_is_translated(russian: polib.POFile) -> None:
    done = {(entry.msgctxt or "", entry.msgid) for entry in russian.translated_entries()}
    missing = {text: where for text, where in marked_texts().items() if text not in done}
    assert missing == {}


def test_no_translation_is_a_guess(russian: polib.POFile) -> None:
    assert [entry.msgid for entry in russian if entry.fuzzy] == []


def test_translations_keep_their_placeholders(russian: polib.POFile) -> None:
    wrong = []
    for entry in russian.translated_entries():
        for text in entry.msgstr_plural.values() or [entry.msgstr]:
            lost = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid)) ^ set(PLACEHOLDER.findall(text))
            if lost and not entry.msgid_plural:
                wrong.append((entry.msgid, text, lost))
    assert wrong == []


def test_the_compiled_texts_are_those_of_the_source(russian: polib.POFile) -> None:
    compiled = polib.mofile(str(Path(PO).with_suffix(".mo")))
    assert {(e.msgctxt, e.msgid): e.msgstr or e.msgstr_plural for e in compiled} == {
        (e.msgctxt, e.msgid): e.msgstr or e.msgstr_plural for e in russian.translated_entries()
    }
