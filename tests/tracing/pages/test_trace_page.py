import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.tracing.api.conftest import Write, at, generation, observation, score, trace
from tests.tracing.pages.conftest import Visitor, quoted


@pytest.fixture
def chat(write: Write) -> None:
    """A chain with a model call in it and a tool whose parent never came."""
    write(
        trace("chat", name="Разговор", user_id="lev", session_id="evening", input='"раз"', output='"два"'),
        observation("chain", "chat", type="CHAIN", name="chain", end_time=at(4)),
        generation(
            "call", "chat", name="call", parent_observation_id="chain", prompt_name="dir/greeting", prompt_version=3
        ),
        observation("tool", "chat", type="TOOL", name="tool", parent_observation_id="never-came", start_time=at(3)),
        score("s1", trace_id="chat", name="whole"),
        score("s2", trace_id="chat", observation_id="call", name="part", comment="хорошо"),
    )  # fmt: skip


def _nodes(page: str) -> list[str]:
    return re.findall(r'class="node-name">([^<]+)<', page)


def _chosen(page: str) -> list[str]:
    return re.findall(r'aria-selected="true">\s*<span class="line">.*?class="node-name">([^<]+)<', page, re.S)


def test_the_tree_shows_everything_in_its_place(bobs: Visitor, chat: None) -> None:
    page = bobs.get("traces/chat")
    assert _nodes(page) == ["Разговор", "chain", "call", "tool"]
    assert re.findall(r'aria-level="(\d)"', page) == ["2", "3", "2"]
    assert _chosen(page) == ["Разговор"]
    assert "раз" in page
    assert "два" in page
    assert "user=lev" in page
    assert f"{bobs.root}/sessions/evening" in page


def test_an_observation_is_chosen_by_address(bobs: Visitor, chat: None) -> None:
    page = bobs.get("traces/chat?observation=call")
    assert _chosen(page) == ["call"]
    for told in ("Столица Франции?", "Париж", "gpt-4o", "temperature: 0", "input_cached_tokens 4", "$1.00"):
        assert told in page, told
    assert f'href="{bobs.root}/prompts/dir/greeting?version=3"' in page


def test_htmx_gets_the_detail_only(bobs: Visitor, chat: None) -> None:
    part = bobs.get("traces/chat?observation=call", headers={"HX-Request": "true"})
    assert part.strip().startswith('<section id="detail"')
    assert "Париж" in part


def test_the_timeline_places_bars_by_time(bobs: Visitor, chat: None) -> None:
    page = bobs.get("traces/chat?view=timeline")
    assert 'class="tree timeline"' in page
    bars = [(float(x), float(width)) for x, width in re.findall(r'rect x="([\d.]+)" y="0" width="([\d.]+)"', page)]
    assert [round(x) for x, _ in bars] == [0, 0, 75]
    assert bars[0][1] == pytest.approx(100)
    assert bars[1][1] == pytest.approx(50)


def test_scores_stand_with_what_they_judge(bobs: Visitor, chat: None) -> None:
    of_trace = bobs.get("traces/chat?tab=scores")
    assert '<td class="name">whole</td>' in of_trace
    assert '<td class="name">part</td>' not in of_trace
    of_call = bobs.get("traces/chat?tab=scores&observation=call")
    assert '<td class="name">part</td>' in of_call
    assert "хорошо" in of_call


def test_the_annotation_form_is_fetched_for_what_is_chosen(bobs: Visitor, chat: None) -> None:
    assert f'hx-get="{bobs.root}/annotate?trace_id=chat"' in bobs.get("traces/chat?tab=annotate")
    page = bobs.get("traces/chat?tab=annotate&observation=call")
    assert f'hx-get="{bobs.root}/annotate?trace_id=chat&observation_id=call"' in page


def test_raw_shows_what_is_stored(bobs: Visitor, chat: None) -> None:
    assert "session_id" in bobs.get("traces/chat?tab=raw")
    assert "parent_observation_id" in bobs.get("traces/chat?tab=raw&observation=call")


def test_a_strange_tab_is_the_first(bobs: Visitor, chat: None) -> None:
    page = bobs.get("traces/chat?tab=%00&view=x")
    assert re.search(r'aria-selected="true">Preview', page)


@pytest.mark.parametrize("query", ["observation=nobody", "observation=%00", "observation=s1"])
def test_an_observation_that_is_none_of_the_trace_is_not_found(bobs: Visitor, chat: None, query: str) -> None:
    bobs.get(f"traces/chat?{query}", status=404)


def test_a_trace_without_observations_says_so(bobs: Visitor, write: Write) -> None:
    write(trace("bare", name="bare"))
    assert "no observations" in bobs.get("traces/bare")


@pytest.mark.parametrize("path", ["nowhere", "a%00b", "%00", "chat/", "%20", "x" * 3000])
def test_what_is_not_there_is_not_found(bobs: Visitor, chat: None, path: str) -> None:
    bobs.get(f"traces/{path}", status=404)


STRANGE = [
    "a/b/c", "/leading", "trailing/", "100%", "%2F", "%252e", "a?b=c", "a#b", "a&b=c;d", "Ёлка 🎄",
    "two\nlines", " spaced ", "\"quoted'", "<b>bold</b>", "-",
    "back\\slash", "i" * 800, "ж" * 800, "{{ id }}", "a//b", "1;DROP TABLE", "+plus+",
]  # fmt: skip


@pytest.mark.parametrize("id", STRANGE, ids=range(len(STRANGE)))
def test_strange_ids_open_from_every_list(bobs: Visitor, write: Write, id: str) -> None:
    write(
        trace(id, session_id=id, user_id=id),
        generation(id, id, name=None, prompt_name=id, prompt_version=1, model=id),
        score(id, name="q", trace_id=id, observation_id=id),
    )
    chosen = f"traces/{quoted(id)}?observation={quoted(id)}"
    for path in ("traces", "observations", "sessions", "scores", "users?range=all", chosen):
        page = bobs.get(path)
        links = {unescape(link) for link in re.findall(r'href="([^"]+)"', page)}
        inner = [link for link in links if re.match(rf"{bobs.root}/(traces|sessions|observations)[/?]", link)]
        assert inner, path
        for link in inner:
            assert _shows_something(_opened(bobs, link)), link
    assert "&lt;b&gt;bold" in bobs.get("traces") or id != "<b>bold</b>"


def _shows_something(page: str) -> bool:
    """A trace, a turn of a session, or a row of a list."""
    return any(mark in page for mark in ('<section id="detail"', "<article", 'class="row-link"'))


def _opened(bobs: Visitor, link: str) -> str:
    answer = bobs.client.get(link, follow=True)
    assert answer.status_code == 200, link
    return answer.content.decode()


def test_models_words_cannot_become_markup(bobs: Visitor, write: Write) -> None:
    evil = "<img src=x onerror=alert(1)>"
    write(
        trace("t", name=evil, input=f'"{evil}"', tags=(evil,), metadata={evil: f'"{evil}"'}),
        generation("g", "t", name=evil, output=f'[{{"role":"user","content":"{evil}"}}]', status_message=evil),
        score("s", trace_id="t", name=evil, comment=evil),
    )  # fmt: skip
    for path in (
        "traces",
        "traces/t",
        "traces/t?observation=g",
        "traces/t?tab=raw",
        "traces/t?tab=scores",
        "scores",
        "",
    ):
        assert "<img" not in bobs.get(path), path


def _neighbour(bobs: Visitor, direction: str, id: str) -> str:
    answer = bobs.client.get(f"{bobs.root}/traces/-/{direction}/{quoted(id)}")
    assert answer.status_code == 302
    return answer.headers["Location"].removeprefix(f"{bobs.root}/traces/")


def test_neighbours_walk_by_time_and_stay_at_the_ends(bobs: Visitor, write: Write) -> None:
    write(*(trace(f"t{n}", timestamp=at(n)) for n in range(3)))
    assert [_neighbour(bobs, "older", f"t{n}") for n in range(3)] == ["t0", "t0", "t1"]
    assert [_neighbour(bobs, "newer", f"t{n}") for n in range(3)] == ["t1", "t2", "t2"]


def test_traces_of_one_moment_are_all_visited(bobs: Visitor, write: Write) -> None:
    write(*(trace(f"t{n}") for n in range(4)), trace("later", timestamp=at(1)), trace("earlier", timestamp=at(-1)))
    for direction, start in (("older", "later"), ("newer", "earlier")):
        seen = [start]
        while (behind := _neighbour(bobs, direction, seen[-1])) != seen[-1]:
            seen.append(behind)
        assert len(seen) == len(set(seen)) == 6, seen


def test_neighbours_of_nothing_are_not_found(bobs: Visitor, write: Write, other_project) -> None:
    write(trace("theirs"), keys=other_project)
    bobs.get("traces/-/older/theirs", status=404)


def test_a_member_deletes_the_trace(bobs: Visitor, chat: None) -> None:
    assert bobs.post("traces/chat").status_code == 302
    bobs.get("traces/chat", status=404)
    assert bobs.post("traces/chat").status_code == 404


def test_another_projects_trace_is_not_found(bobs: Visitor, write: Write, other_project) -> None:
    write(trace("theirs", session_id="theirs"), keys=other_project)
    bobs.get("traces/theirs", status=404)
    bobs.get("sessions/theirs", status=404)
    assert bobs.post("traces/theirs").status_code == 404


def test_a_deep_and_a_circular_tree_are_shown(bobs: Visitor, write: Write) -> None:
    write(
        trace("deep"),
        *(observation(f"o{n}", "deep", parent_observation_id=f"o{n - 1}" if n else None) for n in range(1500)),
        observation("a", "deep", parent_observation_id="b"),
        observation("b", "deep", parent_observation_id="a"),
    )
    page = bobs.get("traces/deep?all=1")
    assert page.count('role="treeitem"') == 1503
    assert 'class="more' not in page


HTMX = {"HX-Request": "true"}


@pytest.fixture
def large(write: Write) -> None:
    """A trace of 1,000: a root, steps below it, and in the 700th of them one more."""
    write(
        trace("large", name="large"),
        observation("root", "large", name="root", end_time=at(2000)),
        *(
            observation(f"o{n}", "large", name=f"o{n}", parent_observation_id="root", start_time=at(n))
            for n in range(998)
        ),
        generation("deep", "large", name="deep", parent_observation_id="o700", start_time=at(700), end_time=at(701)),
        score("s", trace_id="large", observation_id="o990"),
    )


def _gaps(page: str) -> list[str]:
    return [
        unescape(query)
        for query in re.findall(r'class="button quiet tiny[^"]*" (?:href="[^"]*" )?hx-get="([^"]+)"', page)
    ]


def test_a_large_tree_begins_and_says_how_much_more_there_is(bobs: Visitor, large: None) -> None:
    page = bobs.get("traces/large?view=timeline")
    assert _nodes(page) == ["large", "root", *(f"o{n}" for n in range(199))]
    assert "800 more of 1,000" in page
    assert "Show all" in page
    assert re.search(r'hx-get="[^"]+" hx-target="this" hx-swap="outerHTML" hx-trigger="intersect once"', page)
    assert "view=timeline&amp;observation=o7" in page


def test_the_rest_of_a_large_tree_comes_in_pieces(bobs: Visitor, large: None) -> None:
    names, pieces, page = [], 0, bobs.get("traces/large?observation=root")
    names += _nodes(page)
    while more := _gaps(page):
        page = bobs.get(f"traces/large{more[0]}", headers=HTMX)
        assert 'id="detail"' not in page
        names, pieces = names + _nodes(page), pieces + 1
    assert names == ["large", "root", *(f"o{n}" for n in range(701)), "deep", *(f"o{n}" for n in range(701, 998))]
    assert pieces == 4
    assert re.search(
        r'class="node-name">o990</span><span class="badge"><span class="icon" aria-hidden="true">star', page
    )


def test_the_rest_of_a_large_tree_comes_at_once_when_asked_for(bobs: Visitor, large: None) -> None:
    [_, all_of_it] = _gaps(bobs.get("traces/large"))
    page = bobs.get(f"traces/large{all_of_it}", headers=HTMX)
    assert len(_nodes(page)) == 800
    assert _gaps(page) == []
    assert len(_nodes(bobs.get("traces/large?all=1"))) == 1001


def test_what_is_chosen_in_a_large_tree_is_shown_in_its_place(bobs: Visitor, large: None) -> None:
    page = bobs.get("traces/large?observation=deep")
    assert _chosen(page) == ["deep"]
    names = _nodes(page)
    assert names[names.index("deep") - 1] == "o700"
    assert "Столица Франции?" in page
    assert "more of 1,000" in page
    assert page.count('class="more') == 2
    assert page.count("intersect once") == 1  # above what is chosen nothing moves by itself


@pytest.mark.parametrize(
    "query", ["from=x", "from=1", "from=-1&to=4", "from=1&to=%00", "from=1&to=99999999999999999999"]
)
def test_a_piece_that_cannot_be_is_not_found(bobs: Visitor, large: None, query: str) -> None:
    bobs.get(f"traces/large?{query}", headers=HTMX, status=404)


@pytest.mark.parametrize("query", ["from=9000&to=9100", "from=30&to=20", "from=0&to=0"])
def test_a_piece_beyond_the_tree_is_empty(bobs: Visitor, large: None, query: str) -> None:
    page = bobs.get(f"traces/large?{query}", headers=HTMX)
    assert _nodes(page) == []
    assert "no observations" not in page


def test_a_large_trace_needs_no_more_queries_than_a_small_one(bobs: Visitor, large: None, chat: None) -> None:
    counted = []
    for path in ("traces/chat", "traces/chat", "traces/large", "traces/large?observation=deep"):
        with CaptureQueriesContext(connection) as queries:
            bobs.get(path)
        counted.append(len(queries))
    assert counted[2] == counted[1]
    assert counted[3] <= counted[1] + 2
