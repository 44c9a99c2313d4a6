"""What changes at a queue while somebody sits at its desk: nothing typed is lost in silence, and there is a way on."""

import pytest
from django.test import Client

from accounts.models import User
from evaluation import queues
from evaluation.models import AnnotationTurn, ItemStatus, TurnState
from tests.conftest import Keys
from tests.evaluation.test_desks import NOBODY, Make, make, scores_of
from tests.evaluation.test_desks import config as config
from tracing.models.configured import ScoreConfig

__all__ = ["make"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("how", ["archived", "removed"])
def test_a_judgement_that_is_asked_no_more_is_refused_kept_and_counts_when_it_is_asked_again(
    project: Keys, bob: User, make: Make, config: ScoreConfig, page_client, how: str
) -> None:
    other = ScoreConfig.objects.create(project=project.project, name="tone", data_type="BOOLEAN")
    queue = make(1, [bob])
    client, desk = page_client(bob), f"/project/{project.id}/annotation/{queue.pk}/desk"
    client.get(desk)
    item = queue.items.get()
    if how == "archived":
        ScoreConfig.objects.filter(pk=config.pk).update(is_archived=True)
    else:
        queues.change(project.id, queue.pk, {"config_ids": [other.pk]}, NOBODY)
    typed = {"item": item.pk, "shown": "1", "seconds": "1", f"value.{config.pk}": "1", f"comment.{config.pk}": "sure"}
    answer = client.post(desk, typed)
    page = answer.content.decode()
    assert (answer.status_code, "No longer asked" in page, "correct" in page) == (422, True, True)
    turn = AnnotationTurn.objects.get()
    assert (turn.state, turn.draft[config.pk]) == (TurnState.DRAFT, {"value": "1", "comment": "sure"})
    # What was typed survives the drafts of the form without it, which is refused as long as it asks for nothing.
    left = {"item": item.pk, "shown": "1", "seconds": "1"} | ({f"value.{other.pk}": "0"} if how == "removed" else {})
    client.post(desk, left | {"do": "draft"})
    if how == "archived":
        answer = client.post(desk, left)
        page = answer.content.decode()
        assert (answer.status_code, "asks for nothing" in page, "Save, next" in page) == (422, True, False)
        ScoreConfig.objects.filter(pk=config.pk).update(is_archived=False)
    else:
        queues.change(project.id, queue.pk, {"config_ids": [config.pk]}, NOBODY)
    assert 'value="1" data-key="1" checked' in client.get(desk).content.decode()
    assert scores_of(project) == [] and queue.items.get().status == ItemStatus.PENDING
    assert client.post(desk, typed).status_code == 303
    assert [(score.name, score.value, score.comment) for score in scores_of(project)] == [("correct", 1, "sure")]


def test_an_item_that_was_taken_out_is_told_in_words_and_the_next_one_comes(
    project: Keys, bob: User, make: Make, config: ScoreConfig, page_client
) -> None:
    queue = make(2, [bob])
    client: Client = page_client(bob)
    desk, htmx = f"/project/{project.id}/annotation/{queue.pk}/desk", {"HX-Request": "true"}
    client.get(desk)
    item = queue.items.order_by("place").first()
    queues.remove_item(project.id, queue.pk, item.pk, NOBODY)
    sent = {"item": item.pk, "shown": "1", "seconds": "1", f"value.{config.pk}": "1"}
    assert client.post(desk, {**sent, "do": "draft"}).status_code == 410
    for do in ("save", "skip", "reopen"):
        answer = client.post(desk, {**sent, "do": do, "reason": "gone"}, headers=htmx)
        page = answer.content.decode()
        assert (answer.status_code, "taken out of the queue;" in page, "question 1" in page) == (200, True, True), do
    assert "taken out of the queue;" in client.post(desk, sent, follow=True).content.decode(), "without scripts, too"
    assert "question 1" in client.get(desk, {"item": item.pk}, follow=True).content.decode()
    assert scores_of(project) == []


def test_saving_and_showing_the_next_item_takes_few_queries(
    project: Keys, alice: User, bob: User, make: Make, config: ScoreConfig, page_client, django_assert_max_num_queries
) -> None:
    queue = make(3, [alice, bob], annotators=2)
    client, desk = page_client(bob), f"/project/{project.id}/annotation/{queue.pk}/desk"
    items = list(queue.items.order_by("place").values_list("pk", flat=True))
    sent = {"seconds": "1", "shown": "1", f"value.{config.pk}": "1"}
    client.get(desk)
    client.post(desk, {**sent, "item": items[0]}, headers={"HX-Request": "true"})
    with django_assert_max_num_queries(29):
        client.post(desk, {**sent, "item": items[1]}, headers={"HX-Request": "true"})
