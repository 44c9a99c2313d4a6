"""What somebody tries out in the playground, kept so that it survives a reload and can be shown to others."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.ids import new_id


class PlaygroundDraft(models.Model):
    """The columns and variables of one playground: JSON text of an `evaluation.playground.state.State`.

    Everybody in the project may open it; who changes somebody else's works on a copy.
    """

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.TextField()
    # Counts the writes; who writes says which one they saw.
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("playground")
        verbose_name_plural = _("playgrounds")
        indexes = [models.Index(fields=["project", "author", "-updated_at"], name="playground_of_person")]

    def __str__(self) -> str:
        return self.pk
