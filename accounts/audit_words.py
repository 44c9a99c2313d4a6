"""The audit log in people's words. What is not in these tables is shown by its code."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

ACTIONS: Mapping[str, Any] = {
    "accept": _("accepted"),
    "adjudicate": _("decided about"),
    "assign": _("assigned"),
    "cancel": _("cancelled"),
    "create": _("made"),
    "deactivate": _("deactivated"),
    "delete": _("deleted"),
    "disable": _("switched off"),
    "feedback": _("gave feedback"),
    "fill": _("put items into"),
    "gold": _("said what is right for"),
    "import": _("imported into"),
    "invite": _("invited"),
    "label": _("moved labels"),
    "link": _("renewed the link"),
    "pause": _("paused"),
    "reactivate": _("let in again"),
    "remove": _("removed"),
    "replay": _("replayed"),
    "rescore": _("scored anew"),
    "resend": _("sent again"),
    "resume": _("resumed"),
    "retry": _("retried"),
    "revoke": _("revoked"),
    "role": _("changed the role"),
    "start": _("started"),
    "unassign": _("took the assignment from"),
    "update": _("changed"),
    "withdraw": _("took back the decision about"),
}
SUBJECTS: Mapping[str, Any] = {
    "annotation_queue": _("annotation queue"),
    "annotation_queue_item": _("item of an annotation queue"),
    "api_key": _("API key"),
    "blob_storage": _("export to a storage"),
    "dashboard": _("dashboard"),
    "dataset": _("dataset"),
    "dataset_run": _("dataset run"),
    "default_model": _("default model"),
    "evaluation_rule": _("evaluation rule"),
    "evaluator": _("evaluator"),
    "execution": _("executions of evaluators"),
    "experiment": _("experiment"),
    "feedback": _("feedback"),
    "invitation": _("invitation"),
    "llm_connection": _("LLM connection"),
    "member": _("member"),
    "model": _("model"),
    "organization": _("organization"),
    "project": _("project"),
    "prompt": _("prompt"),
    "protected_label": _("protected label"),
    "rejected_event": _("rejected event"),
    "saved_view": _("saved view"),
    "score_config": _("score config"),
    "skill": _("skill"),
    "skill_version": _("version of a skill"),
    "user": _("user"),
    "widget": _("widget"),
}


def action_words(code: str) -> str:
    """What was done: "made"."""
    return str(ACTIONS.get(code, code))


def subject_words(code: str) -> str:
    """What it was done to: "API key"."""
    return str(SUBJECTS.get(code, code))
