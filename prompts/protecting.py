"""Protected labels of a project: which labels only owners and admins may move."""

from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid, NotFound
from prompts import rules
from prompts.authors import Author
from prompts.models import LATEST, ProtectedLabel


def protected_labels(project_id: str) -> set[str]:
    """The protected labels of the project."""
    return set(ProtectedLabel.objects.filter(project_id=project_id).values_list("label", flat=True))


def protect(project_id: str, label: str, author: Author) -> None:
    """Protect a label; raises Invalid for one that cannot be, Conflict when it is protected already."""
    rules.check_labels([label], "label")
    if label == LATEST:
        raise Invalid(_("The label 'latest' moves by itself and cannot be protected."), "label")
    _row, made = ProtectedLabel.objects.get_or_create(
        project_id=project_id, label=label, defaults={"created_by": author.user}
    )
    if not made:
        raise Conflict(_("The label '%(label)s' is protected already.") % {"label": label}, "label")
    author.record("create", "protected_label", label, project=project_id)


def unprotect(project_id: str, label: str, author: Author) -> None:
    """Lift the protection; raises NotFound when there is none."""
    gone, _rows = ProtectedLabel.objects.filter(project_id=project_id, label=label).delete()
    if not gone:
        raise NotFound(_("The label '%(label)s' is not protected.") % {"label": label})
    author.record("delete", "protected_label", label, project=project_id)
