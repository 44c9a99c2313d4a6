"""Several people at one queue, over real HTTP: who gets what, what is kept, what is lost (nothing)."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.authors import Author
from accounts.models import Organization, User
from accounts.roles import Role
from evaluation import queues
from evaluation.agreement.kappa import cohen
from evaluation.agreement.shares import exact_share
from evaluation.annotation import Said
from evaluation.filling import Named, put
from evaluation.models import AnnotationQueue, AnnotationTurn, ItemStatus, QueueItem, TurnState
from evaluation.queue_agreement import agreement_of
from evaluation.queue_progress import progress_of
from evaluation.slots import claim
from evaluation.turns import finish, skip
from tests.conftest import Api, Keys, Server, make_user
from tracing.deleting import delete
from tracing.ingestion.pipeline import store_changes
from tracing.models.configured import ScoreConfig
from tracing.records import Changes, Score, TraceChange
from tracing.store import store
from tracing.store.base import Deletion, Numbered, ScoreQuery

NOBODY = Author()
Make = Callable[..., AnnotationQueue]


@pytest.fixture
def config(project: Keys) -> ScoreConfig:
    return ScoreConfig.objects.create(project=project.project, name="correct", data_type="BOOLEAN")


@pytest.fixture
def make(project: Keys, config: ScoreConfig) -> Make:
    """A queue over so many traces, with these people assigned."""

    def made(n: int, people: list[User], **fields: Any) -> AnnotationQueue:
        now = timezone.now()
        traces = [TraceChange(id=f"t{i:03}", seen_at=now, input=f'"question {i}"') for i in range(n)]
        store_changes(project.id, Changes(traces=traces))
        draft = queues.Draft(name=f"Answers {n}", config_ids=[config.pk], **fields)
        queue = queues.create(project.id, draft, NOBODY)
        queues.set_people(project.id, queue.pk, {str(person.pk) for person in people}, NOBODY)
        told = put(project.id, queue.pk, [Named("TRACE", trace.id) for trace in traces], NOBODY)
        assert (told.added, told.there) == (n, 0)
        return queue

    return made


def scores_of(project: Keys) -> list[Score]:
    return list(store().scores(ScoreQuery(project_id=project.id, window=Numbered(1, 1000))).rows)


def work(desk: str, cookies: dict[str, str], field: str, answer: Callable[[str], bool]) -> list[str]:
    """A person at the desk, through a session of their own, until nothing is left: the items they judged."""
    done: list[str] = []
    with httpx.Client(cookies=cookies, timeout=60, headers={"HX-Request": "true"}) as http:
        page = http.get(desk)
        while (item := _field(page.text, "item")) and len(done) < 1000:
            token = http.cookies.get("csrftoken") or _field(page.text, "csrfmiddlewaretoken")
            sent = {"item": item, "seconds": "1", "csrfmiddlewaretoken": token, field: str(int(answer(item)))}
            page = http.post(desk, data=sent, headers={"Referer": desk})
            assert page.status_code == 200, page.text[:500]
            done.append(item)
    return done


def _field(text: str, name: str) -> str:
    _before, _, rest = text.partition(f'name="{name}" value="')
    return rest.partition('"')[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("n_items", "n_people", "over_http"), [(12, 2, True), (12, 3, True), (100, 2, False)])
def test_people_at_once_share_a_queue_without_losing_or_doubling_anything(
    server: Server,
    project: Keys,
    organization: Organization,
    make: Make,
    page_client: Callable[[User], Client],
    config: ScoreConfig,
    n_items: int,
    n_people: int,
    over_http: bool,
) -> None:
    people = [make_user(f"p{i}@example.org", organization, Role.ANNOTATOR) for i in range(n_people)]
    queue = make(n_items, people, annotators=2)
    # What each says is fixed by item and person, so that the agreement is known beforehand.
    chance = random.Random(1)
    say = {(pk, i): chance.random() < 0.7 for pk in queue.items.order_by("place").values_list("pk", flat=True)
           for i in range(n_people)}  # fmt: skip
    desk = f"{server.url}/project/{project.id}/annotation/{queue.pk}/desk"

    def at_the_desk(i: int) -> list[str]:
        return work(desk, sessions[i], f"value.{config.pk}", lambda item: say[item, i])

    def by_the_verbs(i: int) -> list[str]:
        """The same without the page: quicker, so that the two meet more often."""
        done: list[str] = []
        while (turn := claim(queue, people[i])) is not None:
            finish(project.id, queue, turn, said(config, str(int(say[turn.item_id, i]))), 1)
            done.append(turn.item_id)
        connection.close()
        return done

    sessions = [
        {name: morsel.value for name, morsel in page_client(person).cookies.items()} for person in people
    ]  # fmt: skip
    with ThreadPoolExecutor(n_people) as pool:
        done = list(pool.map(at_the_desk if over_http else by_the_verbs, range(n_people)))
    assert [len(items) for items in done] == [len(set(items)) for items in done], "somebody got an item twice"
    assert Counter(item for items in done for item in items) == {item.pk: 2 for item in queue.items.all()}
    assert set(queue.items.values_list("status", flat=True)) == {ItemStatus.COMPLETED}
    turns = AnnotationTurn.objects.filter(item__queue=queue)
    assert sorted(turns.values_list("slot", flat=True)) == [0] * n_items + [1] * n_items
    assert set(turns.values_list("state", flat=True)) == {TurnState.DONE}
    scores = scores_of(project)
    assert len(scores) == 2 * n_items
    assert {(score.source, score.queue_id, score.config_id) for score in scores} == {
        ("ANNOTATION", queue.pk, config.pk)
    }
    [found] = agreement_of(project.id, queue)
    ratings = [
        {str(i): say[item.pk, i] for i, items in enumerate(done) if item.pk in items} for item in queue.items.all()
    ]
    values = {str(line.name): line.found.value for line in found.lines}
    assert values["agreement"] == pytest.approx(exact_share(ratings).value, abs=1e-9)
    if n_people == 2:
        pairs = [(one["0"], one["1"]) for one in ratings]
        assert values["Cohen's κ"] == pytest.approx(cohen(pairs).value, abs=1e-9)
    assert (found.shared, found.different) == (n_items, sum(len(set(one.values())) > 1 for one in ratings))


# --- Slots and leases -----------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def said(config: ScoreConfig, value: str) -> dict[str, Said]:
    return {config.pk: Said(value, "because")}


def test_a_lease_that_ran_out_leaves_the_slot_to_others_and_keeps_the_draft(
    project: Keys, alice: User, bob: User, make: Make, config: ScoreConfig, page_client
) -> None:
    queue = make(1, [alice, bob])
    alices = claim(queue, alice)
    assert alices is not None and claim(queue, bob) is None, "one item, one person"
    desk = f"/project/{project.id}/annotation/{queue.pk}/desk"
    draft = {"item": alices.item_id, "do": "draft", f"value.{config.pk}": "1", "seconds": "0"}
    assert page_client(alice).post(desk, draft).status_code == 204
    AnnotationTurn.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    bobs = claim(queue, bob)
    assert bobs is not None and bobs.item_id == alices.item_id
    assert page_client(alice).post(desk, draft).status_code == 409
    # Saving now is refused, nothing is stored, and what she typed is still there.
    answer = page_client(alice).post(desk, {**draft, "do": "save"}, follow=True)
    assert "Others were given this item" in answer.content.decode()
    assert scores_of(project) == []
    alices.refresh_from_db()
    assert (alices.slot, alices.state, alices.draft[config.pk]["value"]) == (None, TurnState.DRAFT, "1")
    # Bob leaves it; there is room for her again, with her draft.
    skip(project.id, queue, bobs, "not my field", 0)
    again = claim(queue, alice)
    assert again is not None and again.pk == alices.pk
    text = page_client(alice).get(desk).content.decode()
    assert 'value="1" data-key="1" checked' in text
    finish(project.id, queue, again, said(config, "1"), 5)
    assert queue.items.get().status == ItemStatus.COMPLETED


def test_a_running_lease_is_nobody_else_s_and_comes_back_after_a_reload(alice: User, bob: User, make: Make) -> None:
    queue = make(2, [alice, bob])
    first, others = claim(queue, alice), claim(queue, bob)
    assert first is not None and others is not None and first.item_id != others.item_id
    again = claim(queue, alice)
    assert again is not None and again.pk == first.pk


def test_going_back_changing_taking_back_and_skipping(
    project: Keys, bob: User, make: Make, config: ScoreConfig, page_client
) -> None:
    queue = make(3, [bob])
    client, desk = page_client(bob), f"/project/{project.id}/annotation/{queue.pk}/desk"
    items = list(queue.items.order_by("place").values_list("pk", flat=True))

    def send(item: str, do: str = "save", **fields: str):
        return client.post(desk, {"item": item, "do": do, "seconds": "0", **fields})

    for item in items[:2]:
        assert item in client.get(desk).content.decode()
        assert send(item, **{f"value.{config.pk}": "1"}).status_code == 303
    page = client.get(desk).content.decode()
    assert f"{desk}?item={items[1]}" in page, "back leads to the item before"
    assert "2 done" in page.replace("\n", " ")
    back = client.get(desk, {"item": items[1]}).content.decode()
    assert f"{desk}?item={items[0]}" in back and "data-desk-forward" in back
    send(items[1], **{f"value.{config.pk}": "0", f"comment.{config.pk}": "on second thoughts"})
    assert {(s.trace_id, s.value, s.comment) for s in scores_of(project)} == {
        ("t000", 1, ""), ("t001", 0, "on second thoughts"),
    }  # fmt: skip
    assert send(items[1], "reopen").headers["Location"].endswith(f"?item={items[1]}")
    assert [s.trace_id for s in scores_of(project)] == ["t000"]
    assert queue.items.get(pk=items[1]).status == ItemStatus.PENDING
    assert send(items[0], "skip", reason="  ").status_code == 422
    send(items[0], "skip", reason="not in my language")
    assert scores_of(project) == [], "what one skips one has not judged"
    turn = AnnotationTurn.objects.get(item_id=items[0])
    assert (turn.state, turn.slot, turn.reason) == (TurnState.SKIPPED, None, "not in my language")
    # The same person is not asked again, but may go back to it.
    assert claim(queue, bob).item_id == items[1]
    send(items[0], **{f"value.{config.pk}": "1"})
    assert [s.trace_id for s in scores_of(project)] == ["t000"]


def test_what_is_missing_or_wrong_is_told_beside_the_field_and_nothing_is_stored(
    project: Keys, bob: User, make: Make, config: ScoreConfig, page_client
) -> None:
    queue = make(1, [bob])
    number = ScoreConfig.objects.create(project=project.project, name="quality", data_type="NUMERIC", max_value=5)
    queues.change(project.id, queue.pk, {"config_ids": [config.pk, number.pk]}, NOBODY)
    item = queue.items.get().pk
    client, desk = page_client(bob), f"/project/{project.id}/annotation/{queue.pk}/desk"
    client.get(desk)
    for value, words in (("", "Choose or enter"), ("7", "above 5"), ("much", "is not a number"), ("nan", "finite")):
        answer = client.post(desk, {"item": item, f"value.{config.pk}": "1", f"value.{number.pk}": value})
        text = answer.content.decode()
        assert (answer.status_code, words in text, text.count("checked")) == (422, True, 1), value
    answer = client.post(desk, {"item": item, "do": "sav", f"value.{config.pk}": "1", f"value.{number.pk}": "3"})
    assert (answer.status_code, "must be save, draft, skip or reopen" in answer.content.decode()) == (422, True)
    assert scores_of(project) == []
    for odd in ("\0", "a" * 900, ""):
        assert client.post(desk, {"item": odd}).status_code == 404
    answer = client.post(desk, {"item": item, "do": "draft", f"value.{number.pk}": "\0" * 20_000, "seconds": "1e999"})
    assert answer.status_code == 204


def test_what_is_deleted_while_it_is_judged_is_closed_without_scores_and_what_is_not_there_is_not_judged(
    project: Keys, alice: User, bob: User, make: Make, config: ScoreConfig, page_client
) -> None:
    queue = make(2, [alice, bob], annotators=2)
    put(project.id, queue.pk, [Named("TRACE", "nowhere"), Named("SESSION", "none"), Named("OBSERVATION", "no")], NOBODY)
    desk = f"/project/{project.id}/annotation/{queue.pk}/desk"
    client, items = page_client(bob), list(queue.items.order_by("place"))
    page = client.get(desk).content.decode()
    assert 'name="shown"' in page and "Save, next" in page
    assert claim(queue, alice).item_id == items[0].pk
    delete(Deletion(project_id=project.id, kind="traces", ids=("t000",)))
    sent = {"item": items[0].pk, "shown": "1", "seconds": "0", f"value.{config.pk}": "1"}
    told = client.post(desk, sent, follow=True).content.decode()
    assert "was deleted meanwhile" in told and "question 1" in told, "and on to the next one"
    assert scores_of(project) == []
    items[0].refresh_from_db()
    turn = AnnotationTurn.objects.get(item=items[0], user=bob)
    assert (items[0].status, turn.state, turn.reason) == (ItemStatus.COMPLETED, TurnState.SKIPPED, "It was deleted.")
    assert claim(queue, alice).item_id == items[1].pk, "it is nobody's any more"
    assert [person.open for person in progress_of([queue])[0].people] == [1, 1]
    client.post(desk, sent | {"item": items[1].pk})
    for item in items[2:]:
        page = client.get(desk).content.decode()
        assert item.pk in page and "is not there" in page and "Save, next" not in page
        answer = client.post(desk, {"item": item.pk, "do": "save", f"value.{config.pk}": "1"})
        assert (answer.status_code, "has not arrived yet" in answer.content.decode()) == (422, True)
        client.post(desk, {"item": item.pk, "do": "skip", "reason": "nothing to see"})
        answer = client.post(f"/project/{project.id}/annotation/{queue.pk}/items/{item.pk}", {"do": "adjudicate"})
        assert (answer.status_code, "is not there" in answer.content.decode()) == (422, True)
    assert [score.trace_id for score in scores_of(project)] == ["t001"]


def test_only_the_assigned_work_at_a_desk_and_annotators_see_no_more(
    project: Keys, anna: User, vera: User, make: Make, page_client, other_project: Keys, mallory: User
) -> None:
    queue = make(1, [])
    root = f"/project/{project.id}/annotation"
    annas = page_client(anna)
    assert annas.get(f"{root}/{queue.pk}/desk").status_code == 404
    assert queue.name not in annas.get(root).content.decode()
    queues.assign(project.id, queue.pk, str(anna.pk), NOBODY)
    assert "question 0" in annas.get(f"{root}/{queue.pk}/desk").content.decode()
    assert queue.name in annas.get(root).content.decode()
    item = queue.items.get().pk
    for path in ("", "/edit", "/agreement", "/export", f"/items/{item}"):
        assert annas.get(f"{root}/{queue.pk}{path}").status_code == 403, path
    assert annas.get(f"{root}/-/new").status_code == 403
    veras = page_client(vera)
    assert veras.get(f"{root}/{queue.pk}").status_code == 200
    assert veras.get(f"{root}/{queue.pk}/desk").status_code == 403
    elsewhere = f"/project/{other_project.id}/annotation/{queue.pk}"
    for path in ("", "/desk", "/agreement", "/export", f"/items/{item}"):
        assert page_client(mallory).get(elsewhere + path).status_code == 404, path


def test_the_overlap_is_exact_and_a_change_of_it_holds_for_what_waits(
    project: Keys, alice: User, bob: User, make: Make, config: ScoreConfig
) -> None:
    queue = make(100, [alice, bob], annotators=2, overlap=0.2)
    counted = Counter(queue.items.values_list("wanted", flat=True))
    assert counted == {1: 80, 2: 20}
    early = queue.items.filter(place__lt=50, wanted=2).count()
    assert early == 10, "any stretch holds its share"
    turn = claim(queue, alice)
    finish(project.id, queue, turn, said(config, "1"), 3)
    is_done = turn.item.wanted == 1
    queues.change(project.id, queue.pk, {"overlap": 0.9}, NOBODY)
    assert queue.items.filter(wanted=2).count() in (89, 90)
    queues.change(project.id, queue.pk, {"annotators": 1}, NOBODY)
    assert set(queue.items.filter(status="PENDING").values_list("wanted", flat=True)) == {1}
    assert queue.items.get(pk=turn.item_id).status == ItemStatus.COMPLETED, is_done


def test_the_queue_of_the_api_is_the_same_queue(
    project: Keys, api: Api, bob: User, make: Make, config: ScoreConfig
) -> None:
    queue = make(2, [bob])
    path = f"annotation-queues/{queue.pk}/items"
    turn = claim(queue, bob)
    finish(project.id, queue, turn, said(config, "1"), 1)
    done = api.get(path, status="COMPLETED").json()["data"]
    assert [row["id"] for row in done] == [turn.item_id] and done[0]["completedAt"]
    other = queue.items.exclude(pk=turn.item_id).get()
    api.patch(f"{path}/{other.pk}", {"status": "COMPLETED"})
    assert claim(queue, bob) is None, "what a program has marked as done is not asked for"
    added = api.post(path, {"objectId": "later", "objectType": "TRACE"}).json()
    assert claim(queue, bob).item_id == added["id"]
    assert QueueItem.objects.get(pk=added["id"]).place == 2
