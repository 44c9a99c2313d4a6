"""Scores that people give: the form, what it refuses, and what stands in the store afterwards."""

import re
from collections.abc import Callable

import pytest

from tests.conftest import Api, Keys
from tests.tracing.api.conftest import Write, generation, score, trace, write
from tests.tracing.pages.conftest import Visitor, bobs, visit
from tracing.records import Score
from tracing.store import store
from tracing.store.base import ScoreQuery

__all__ = ["bobs", "visit", "write"]

CONFIGS = (
    {"name": "quality", "dataType": "NUMERIC", "minValue": 0, "maxValue": 10, "description": "Насколько хорош ответ"},
    {
        "name": "tone",
        "dataType": "CATEGORICAL",
        "categories": [{"label": "Calm", "value": 0}, {"label": "Rude", "value": 1}],
    },
    {"name": "correct", "dataType": "BOOLEAN"},
    {"name": "remark", "dataType": "TEXT"},
)  # fmt: skip


@pytest.fixture
def configs(api: Api, write: Write) -> dict[str, str]:
    """The ids of the project's score configs by name; beside them the trace `t` with the observation `o`."""
    write(trace("t"), generation("o", "t"))
    return {config["name"]: api.post("score-configs", config).json()["id"] for config in CONFIGS}


@pytest.fixture
def scores(project: Keys) -> Callable[[], list[Score]]:
    return lambda: list(store().scores(ScoreQuery(project_id=project.id)).rows)


Give = Callable[..., str]


@pytest.fixture
def give(bobs: Visitor, configs: dict[str, str]) -> Give:
    """Bob fills in the form of a config; the fragment that comes back."""

    def given(config: str, value: str, *, status: int = 200, **fields: str) -> str:
        sent = {"trace_id": "t", "config_id": configs.get(config, config), "value": value, **fields}
        answer = bobs.post("annotate", **sent)
        assert answer.status_code == status, (answer.status_code, answer.content)
        return answer.content.decode()

    return given


@pytest.mark.parametrize(
    ("config", "value", "stored"),
    [
        ("quality", "7.5", (7.5, None)),
        ("quality", "7,5", (7.5, None)),
        ("quality", " 0 ", (0.0, None)),
        ("quality", "10", (10.0, None)),
        ("tone", "Rude", (1.0, "Rude")),
        ("correct", "1", (1.0, "True")),
        ("correct", "0", (0.0, "False")),
        ("remark", "Хорошо\nсказано", (None, "Хорошо\nсказано")),
    ],
)
def test_a_score_is_saved_at_once(give: Give, scores, bob, config: str, value: str, stored: tuple) -> None:
    assert "saved" in give(config, value, comment=" потому что ")
    [saved] = scores()
    assert (saved.value, saved.string_value) == stored
    assert (saved.name, saved.source, saved.comment) == (config, "ANNOTATION", "потому что")
    assert (saved.trace_id, saved.observation_id, saved.author_user_id) == ("t", None, str(bob.pk))


@pytest.mark.parametrize(
    ("config", "value", "words"),
    [
        ("quality", "11", "above 10"),
        ("quality", "-0.1", "below 0"),
        ("quality", "good", "is not a number"),
        ("quality", "nan", "finite"),
        ("quality", "1e999", "finite"),
        ("quality", "", "Choose or enter a value."),
        ("tone", "Loud", "Loud"),
        ("correct", "2", "1 or 0"),
        ("correct", "yes", "is not a number"),
        ("remark", "   ", "Choose or enter a value."),
        ("remark", "x" * 501, "500"),
    ],
)
def test_a_refusal_says_why_and_keeps_what_was_typed(give: Give, scores, config: str, value: str, words: str) -> None:
    page = give(config, value, status=422, comment="мой комментарий")
    [refusal] = re.findall(r'role="alert">([^<]+)<', page)
    assert words in refusal
    assert "мой комментарий" in page
    if config in ("quality", "remark"):
        assert value in page
    assert scores() == []


def test_saving_twice_changes_nothing_and_a_second_thought_replaces(give: Give, scores) -> None:
    give("quality", "7", comment="a")
    [first] = scores()
    give("quality", "7", comment="a")
    [again] = scores()
    assert (again.id, again.value, again.comment) == (first.id, 7.0, "a")
    give("quality", "8", comment="b")
    [changed] = scores()
    assert (changed.id, changed.value, changed.comment) == (first.id, 8.0, "b")


def test_an_emptied_comment_is_gone(give: Give, scores) -> None:
    give("quality", "7", comment="a mistake")
    give("quality", "7", comment="")
    assert not scores()[0].comment


def test_a_score_is_withdrawn(give: Give, scores) -> None:
    give("quality", "7")
    give("correct", "1")
    page = give("quality", "", withdraw="1")
    assert [left.name for left in scores()] == ["correct"]
    assert 'name="value" value=""' in page
    give("quality", "", withdraw="1")
    assert len(scores()) == 1


def test_what_was_given_stands_in_the_form(give: Give, bobs: Visitor) -> None:
    give("quality", "7.5", comment="why")
    give("tone", "Calm")
    page = bobs.get("annotate?trace_id=t")
    assert 'value="7.5"' in page
    assert ">why</textarea>" in page
    assert re.search(r'value="Calm" aria-pressed="true"', page)
    assert re.search(r'value="Rude" aria-pressed="false"', page)
    assert "Насколько хорош ответ" in page


def test_an_observation_is_judged_by_itself(give: Give, bobs: Visitor, scores) -> None:
    give("quality", "3")
    give("quality", "9", observation_id="o")
    assert {(s.observation_id, s.value) for s in scores()} == {(None, 3.0), ("o", 9.0)}
    assert 'value="9' in bobs.get("annotate?trace_id=t&observation_id=o")
    assert 'value="3' in bobs.get("annotate?trace_id=t")


def test_scores_of_others_stand_beside(
    give: Give, bobs: Visitor, visit, alice, anna, write: Write, configs, scores
) -> None:
    write(score("code", trace_id="t", name="quality", value=4.0))
    give("quality", "7")
    page = visit(alice).get("annotate?trace_id=t")
    assert "quality: 4" in page
    assert "quality: 7" in page
    assert 'name="value" value=""' in page
    annas = visit(anna)
    page = annas.get("annotate?trace_id=t")
    assert "quality: 4" in page and "quality: 7" not in page, "annotators see what programs said, not what people did"
    assert annas.post("annotate", trace_id="t", config_id=configs["quality"], value="2").status_code == 200
    assert sorted(s.value for s in scores()) == [2.0, 4.0, 7.0]


def test_an_annotator_may_and_a_viewer_may_not(visit, vera, anna, mallory, configs: dict[str, str], scores) -> None:
    sent = {"trace_id": "t", "config_id": configs["quality"], "value": "5"}
    viewer = visit(vera)
    assert "Your role may read scores" in viewer.get("annotate?trace_id=t")
    assert viewer.post("annotate", **sent).status_code == 403
    stranger = visit(mallory)
    stranger.get("annotate?trace_id=t", status=404)
    assert stranger.post("annotate", **sent).status_code == 404
    assert scores() == []
    assert visit(anna).post("annotate", **sent).status_code == 200
    assert len(scores()) == 1


@pytest.mark.parametrize(
    "query",
    ["", "trace_id=", "trace_id=nowhere", "trace_id=%00",
     "trace_id=t&observation_id=nobody", "trace_id=t&observation_id=%00"],
)  # fmt: skip
def test_what_is_not_there_cannot_be_judged(bobs: Visitor, configs: dict[str, str], scores, query: str) -> None:
    bobs.get(f"annotate?{query}", status=404)
    fields = dict(part.split("=") for part in query.replace("%00", "\0").split("&") if part)
    answer = bobs.post("annotate", **fields, config_id=configs["quality"], value="5")
    assert answer.status_code == 404
    assert scores() == []


def test_neither_strange_nor_archived_configs_take_scores(
    give: Give, api: Api, other_api: Api, configs, scores
) -> None:
    theirs = other_api.post("score-configs", {"name": "quality", "dataType": "NUMERIC"}).json()["id"]
    for config in (theirs, "nobody", "\0", ""):
        give(config, "5", status=404)
    api.patch(f"score-configs/{configs['quality']}", {"isArchived": True})
    assert "quality" not in give("correct", "1")
    page = give("quality", "5", status=422)
    assert "archived" in page
    assert [s.name for s in scores()] == ["correct"]


def test_without_configs_the_form_leads_to_them(bobs: Visitor, visit, anna, write: Write) -> None:
    write(trace("t"))
    assert "/admin/tracing/scoreconfig/add/" in bobs.get("annotate?trace_id=t")
    assert "/admin/tracing/scoreconfig/add/" not in visit(anna).get("annotate?trace_id=t")
