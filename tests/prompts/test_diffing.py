"""What changed between two versions, word by word."""

import time

import pytest

from prompts.authors import Author
from prompts.diffing import Change, compare, compare_texts
from prompts.publishing import Draft, create_version


def shown(changes) -> str:
    marks = {"same": "{}", "added": "[+{}]", "removed": "[-{}]"}
    return "".join(marks[change.kind].format(change.text) for change in changes)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("same text", "same text", "same text"),
        ("Name the capital.", "Name the city.", "Name the [-capital][+city]."),
        ("a b c", "x y c", "[-a b][+x y] c"),
        ("one\ntwo\nthree", "one\n2\nthree", "one\n[-two][+2]\nthree"),
        ("", "new", "[+new]"),
        ("old", "", "[-old]"),
        ("Столица Франции", "Столица Испании", "Столица [-Франции][+Испании]"),
        ("a", "a\nb", "a[+\nb]"),
        ("", "", ""),
    ],
)
def test_words_are_compared(old, new, expected) -> None:
    assert shown(compare_texts(old, new)) == expected


def test_nothing_is_lost_on_either_side() -> None:
    old = "The quick  brown fox\n\njumps over {{what}}!\nEnd\n"
    new = "A quick brown\tfox\njumps under {{that}}?\n\nThe end"
    changes = compare_texts(old, new)
    assert "".join(change.text for change in changes if change.kind != "added") == old
    assert "".join(change.text for change in changes if change.kind != "removed") == new


def test_very_long_texts_do_not_take_for_ever() -> None:
    old = " ".join(f"w{number}" for number in range(40_000))
    new = " ".join(f"x{number}" for number in range(40_000))
    started = time.monotonic()
    changes = compare_texts(old, new)
    assert changes == (Change("removed", old), Change("added", new))
    assert time.monotonic() - started < 2


def version(project, content, config=None, **more):
    kind = "text" if isinstance(content, str) else "chat"
    return create_version(project.id, Draft(name="p", content=content, type=kind, config=config, **more), Author())


def test_messages_are_matched_before_their_words(project) -> None:
    old = version(
        project,
        [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "{{q}}"}],
        {"model": "a"},
    )
    new = version(
        project,
        [
            {"role": "system", "content": "Be brief."},
            {"type": "placeholder", "name": "history"},
            {"role": "user", "content": "{{q}}"},
        ],
        {"model": "b"},
    )
    difference = compare(old, new)
    assert [(shown(message.role), shown(message.text)) for message in difference.messages] == [
        ("system", "Be [-kind][+brief]."),
        ("[+placeholder]", "[+history]"),
        ("user", "{{q}}"),
    ]
    assert shown(difference.config) == '{\n  "model": "[-a][+b]"\n}'
    assert (difference.content_changed, difference.config_changed) == (True, True)


def test_what_did_not_change_says_so(project) -> None:
    difference = compare(version(project, "text"), version(project, "text"))
    assert (difference.content_changed, difference.config_changed) == (False, False)
