"""Playgrounds that are kept: one address each, written by its author, read by everybody in the project."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import Conflict, NotFound
from evaluation.models import PlaygroundDraft
from evaluation.playground.state import State, as_text, read

# A person's older ones go when new ones come.
MOST_OF_A_PERSON = 200


def keep(
    project_id: str, person: User, state: State, draft_id: str = "", version: int | None = None
) -> PlaygroundDraft:
    """Write the state into the person's draft of that id; into a new one where there is none or it is somebody else's.

    `version` is that of the draft which was changed. Raises Conflict when another window wrote it since, NotFound for
    a draft of another project.
    """
    if draft_id and draft_of(project_id, draft_id).author_id == person.pk:
        return _rewrite(draft_id, state, version)
    draft = PlaygroundDraft.objects.create(project_id=project_id, author=person, state=as_text(state))
    mine = PlaygroundDraft.objects.filter(project_id=project_id, author=person).order_by("-updated_at")
    PlaygroundDraft.objects.filter(pk__in=mine.values("pk")[MOST_OF_A_PERSON : 2 * MOST_OF_A_PERSON]).delete()
    return draft


def _rewrite(draft_id: str, state: State, version: int | None) -> PlaygroundDraft:
    with transaction.atomic():
        draft = PlaygroundDraft.objects.select_for_update().get(pk=draft_id)
        if draft.version != version:
            raise Conflict(_("This playground was changed in another window since you opened it here."))
        draft.state, draft.version = as_text(state), draft.version + 1
        draft.save(update_fields=["state", "version", "updated_at"])
    return draft


def draft_of(project_id: str, draft_id: str) -> PlaygroundDraft:
    """The project's draft of that id. Raises NotFound."""
    found = None
    if "\0" not in draft_id:
        found = PlaygroundDraft.objects.filter(project_id=project_id, pk=draft_id).select_related("author").first()
    if found is None:
        raise NotFound("There is no such playground.")
    return found


def newest_of(project_id: str, person: User) -> PlaygroundDraft | None:
    """What the person worked on last."""
    return PlaygroundDraft.objects.filter(project_id=project_id, author=person).order_by("-updated_at").first()


def state_of(draft: PlaygroundDraft) -> State:
    """What a draft holds."""
    return read(draft.state)
