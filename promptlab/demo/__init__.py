"""The demo project: the tutorial, played once through the public API, so that every page has something real to show.

`model` answers offline, `wire` speaks HTTP as an SDK would, `contents` is what is told, `playing` tells it.
"""

from accounts import audit, bootstrap
from accounts.models import AuditEntry, Project
from promptlab.demo.playing import play
from promptlab.demo.wire import Wire

ACTION, SUBJECT = "play", "demo"


def is_wanted() -> bool:
    """Whether the demo has never been played to its end here. The audit log remembers, whoever deletes the project."""
    return not AuditEntry.objects.filter(action=ACTION, subject_type=SUBJECT).exists()


def run(base_url: str) -> str:
    """Play the demo against the server at `base_url` and give back the project's id. May be repeated.

    Raises `wire.Refused` when the server does not answer or does not take what it is sent.
    """
    project_id, public_key, secret_key = bootstrap.ensure_demo_project()
    play(Wire(base_url, public_key, secret_key), project_id)
    project = Project.objects.get(pk=project_id)
    audit.record(action=ACTION, subject_type=SUBJECT, subject_id=project_id, project=project)
    return project_id
