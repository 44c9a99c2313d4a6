"""Saved views of lists: kept, opened by address, shared, the first to open, renamed, deleted."""

import re

import pytest

from accounts.models import AuditEntry, SavedView
from tests.tracing.api.conftest import Write, at, trace, write
from tests.tracing.pages.conftest import Visitor, bobs, shown, visit

__all__ = ["bobs", "visit", "write"]


@pytest.fixture
def two(write: Write) -> None:
    write(trace("t1", name="paris", user_id="lev", timestamp=at(1)), trace("t2", name="rome", timestamp=at(2)))


def keep(visitor: Visitor, query: str, name: str = "Lev's", table: str = "traces", **fields: object):
    given = {"table": table, "name": name, "query": query, "next": f"{visitor.root}/{table}", **fields}
    return visitor.post("views", **given)


def opened(visitor: Visitor, address: str) -> str:
    """Where an address leads to in the end."""
    answer = visitor.client.get(address, follow=True)
    assert answer.status_code == 200
    return answer.redirect_chain[-1][0] if answer.redirect_chain else address


def test_a_view_is_opened_by_its_address_with_all_that_it_keeps(bobs: Visitor, two: None) -> None:
    answer = keep(bobs, "?user=lev&order=name.asc&q=par&in=texts&name=&cursor=abc&live=1&hide=output")
    view = SavedView.objects.get()
    assert answer.headers["Location"] == f"{bobs.root}/traces?view={view.pk}"
    where = opened(bobs, answer.headers["Location"])
    query = "hide=output&in=texts&order=name.asc&q=par&user=lev"
    assert where == f"{bobs.root}/traces?{query}&view={view.pk}"
    page = bobs.client.get(where).content.decode()
    assert shown(page) == ["paris"]
    assert re.search(rf'href="\?view={view.pk}" aria-current="page">Lev&#x27;s', page)
    assert "Changed since it was saved" not in page
    # A filter taken away is not put back by the view, and the list tells that it is another one now.
    page = bobs.get(f"traces?hide=output&order=name.asc&view={view.pk}")
    assert shown(page) == ["paris", "rome"]
    assert "Changed since it was saved" in page


def test_a_view_without_hidden_columns_says_so_in_its_address(bobs: Visitor, two: None) -> None:
    answer = keep(bobs, "name=rome")
    assert "?name=rome&hide=&view=" in opened(bobs, answer.headers["Location"])


def test_a_private_view_is_its_owner_s_alone(bobs: Visitor, visit, alice, two: None) -> None:
    keep(bobs, "user=lev")
    view = SavedView.objects.get()
    alices = visit(alice)
    assert "Lev&#x27;s" in bobs.get("traces?view=")
    assert "Lev&#x27;s" not in alices.get("traces?view=")
    assert opened(alices, f"{alices.root}/traces?view={view.pk}") == f"{alices.root}/traces?view="
    assert alices.post(f"views/{view.pk}", name="mine").status_code == 404
    assert alices.post(f"views/{view.pk}/delete").status_code == 404
    assert not AuditEntry.objects.filter(subject_type="saved_view").exists()


def test_a_shared_view_is_everybody_s_who_may_share(bobs: Visitor, visit, alice, vera, two: None) -> None:
    keep(bobs, "user=lev", shared="1")
    view = SavedView.objects.get()
    veras, alices = visit(vera), visit(alice)
    assert shown(bobs.client.get(opened(veras, f"{veras.root}/traces?view={view.pk}")).content.decode()) == ["paris"]
    assert "view-update" not in veras.get(f"traces?user=lev&view={view.pk}")
    for path in (f"views/{view.pk}", f"views/{view.pk}/delete"):
        assert veras.post(path, query="", next=f"{veras.root}/traces").status_code == 403
    assert alices.post(f"views/{view.pk}", name="Levs", shared="1", next="/elsewhere").headers["Location"] == (
        f"{alices.root}/?view={view.pk}"
    )
    alices.post(f"views/{view.pk}", query="name=rome", next=f"{alices.root}/traces")
    view.refresh_from_db()
    assert (view.name, view.query, view.shared) == ("Levs", "name=rome&hide=", True)
    alices.post(f"views/{view.pk}/delete", next=f"{alices.root}/traces")
    assert not SavedView.objects.exists()
    told = AuditEntry.objects.filter(subject_type="saved_view").order_by("pk").values_list("action", "actor")
    assert list(told) == [
        ("create", "bob@example.org"), ("update", "alice@example.org"), ("update", "alice@example.org"),
        ("delete", "alice@example.org"),
    ]  # fmt: skip


def test_viewers_keep_views_of_their_own_and_share_none(visit, vera, anna, two: None) -> None:
    for person in (vera, anna):
        visitor = visit(person)
        assert 'name="shared"' not in visitor.get("traces")
        assert keep(visitor, "user=lev", shared="1").status_code == 403
        assert keep(visitor, "user=lev").status_code == 302
    assert [view.shared for view in SavedView.objects.all()] == [False, False]


def test_the_first_view_opens_with_the_list_and_one_s_own_before_the_project_s(
    bobs: Visitor, visit, alice, two: None
) -> None:
    keep(bobs, "name=rome", "project's", shared="1", is_default="1")
    assert "name=rome" in opened(bobs, f"{bobs.root}/traces")
    keep(bobs, "name=paris", "mine", is_default="1")
    assert "name=paris" in opened(bobs, f"{bobs.root}/traces")
    assert "name=rome" in opened(visit(alice), f"{bobs.root}/traces")
    # Another one takes the place; with a filter, or told so, the list opens without any.
    keep(bobs, "user=lev", "newer", is_default="1")
    assert "user=lev" in opened(bobs, f"{bobs.root}/traces")
    assert SavedView.objects.filter(is_default=True).count() == 2
    assert bobs.rows("traces?q=rome") == ["rome"]
    assert bobs.rows("traces?view=") == ["rome", "paris"]
    assert bobs.rows("observations") == []


def test_names_are_given_once(bobs: Visitor, visit, alice, two: None) -> None:
    keep(bobs, "user=lev")
    again = keep(bobs, "name=rome")
    assert again.headers["Location"] == f"{bobs.root}/traces?name=rome"
    assert "There is a view “Lev&#x27;s” already." in bobs.get("traces?name=rome")
    keep(bobs, "name=rome", "Other")
    other = SavedView.objects.get(name="Other")
    bobs.post(f"views/{other.pk}", name="Lev's", next=f"{bobs.root}/traces")
    assert SavedView.objects.get(pk=other.pk).name == "Other"
    # Of another list, shared, or somebody else's, the name is free.
    keep(bobs, "name=x", table="observations")
    keep(bobs, "name=x", shared="1")
    keep(visit(alice), "name=x")
    assert SavedView.objects.filter(name="Lev's").count() == 4


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": "  \0 "}, "Give the view a name"),
        ({"name": "x" * 101}, "Give the view a name"),
        ({"query": "q=" + "x" * 5000}, "too long to be kept"),
        ({"table": "Träces"}, "No list was named."),
        ({"table": ""}, "No list was named."),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(bobs: Visitor, two: None, fields: dict[str, str], fault: str) -> None:
    given = {"query": "user=lev", "name": "a", "table": "traces", **fields, "next": f"{bobs.root}/traces"}
    answer = bobs.post("views", **given)
    assert answer.status_code == 302
    assert fault in bobs.get("traces?view=")
    assert not SavedView.objects.exists()


def test_nobody_is_led_out_of_the_project(bobs: Visitor, two: None) -> None:
    for address in ("https://evil.example/", "//evil.example", "/project/other/traces", ""):
        answer = bobs.post("views", table="traces", name=f"to {address}", query="", next=address)
        assert answer.headers["Location"].startswith(f"{bobs.root}/?view=")


@pytest.mark.parametrize("table", ["traces", "observations", "sessions", "scores", "users"])
def test_every_list_has_views(bobs: Visitor, table: str, two: None) -> None:
    keep(bobs, "q=rome", "Rome", table=table)
    assert "Rome</a>" in bobs.get(f"{table}?view=")
    assert "q=rome" in opened(bobs, f"{bobs.root}/{table}?view={SavedView.objects.get().pk}")


def test_the_views_of_a_list_are_read_once(bobs: Visitor, two: None, django_assert_max_num_queries) -> None:
    bobs.get("traces")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as seen:
        bobs.get("traces")
    assert sum("accounts_savedview" in query["sql"] for query in seen.captured_queries) == 1
