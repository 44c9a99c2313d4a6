"""What is said to models: prompts by name, their immutable versions, and the labels that move over them."""

from typing import Any

import msgspec
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.ids import new_id

# The label that a fetch without version and label means.
PRODUCTION = "production"
# The label of the newest version; it is given by us and cannot be moved by hand.
LATEST = "latest"

NAME_LENGTH = 500
LABEL_LENGTH = 36
MESSAGE_LENGTH = 500


class Kind(models.TextChoices):
    """What a prompt is made of; fixed by its first version."""

    TEXT = "text", _("Text")
    CHAT = "chat", _("Chat")


class Prompt(models.Model):
    """A name in a project. Slashes in the name are folders, which exist only as long as a name has them."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="prompts")
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    type = models.CharField(_("type"), max_length=8, choices=Kind.choices, default=Kind.TEXT, editable=False)
    # Tags belong to the name, not to a version.
    tags = ArrayField(models.TextField(), verbose_name=_("tags"), default=list, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("last change"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="prompt_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> str:
        """`support/mail/reply` stands in `support/mail`; "" for a prompt in no folder."""
        return self.name.rpartition("/")[0]

    @property
    def own_name(self) -> str:
        """The name without its folders."""
        return self.name.rpartition("/")[2]


class Authored(models.Model):
    """Done by a person, or by a program with an API key (its public key is kept, so that it outlives the key)."""

    created_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    api_key = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        abstract = True

    @property
    def author_name(self) -> str:
        """Who did it, for people: a name, or the beginning of a key."""
        if self.created_by is not None:
            return str(self.created_by)
        return f"API · {self.api_key[:12]}…" if self.api_key else ""


class PromptVersion(Authored):
    """One immutable state of a prompt.

    `content` and `config` are JSON text, so that key order and big numbers are kept as they were sent; `content` is a
    JSON string (type text) or a list of messages (type chat).
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    content = models.TextField()
    config = models.TextField(default="{}")
    commit_message = models.TextField(null=True, blank=True)
    # Moves with labels and tags; the text never changes.
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        constraints = [models.UniqueConstraint(fields=["prompt", "version"], name="prompt_version_once")]

    def __str__(self) -> str:
        return f"{self.prompt} v{self.version}"

    @property
    def body(self) -> Any:
        """The text (str) or the messages (list of dicts)."""
        return msgspec.json.decode(self.content)

    @property
    def settings(self) -> Any:
        """The config as a JSON value."""
        return msgspec.json.decode(self.config)


class PromptLabel(models.Model):
    """A label stands on exactly one version of a prompt; `position` keeps the order of a version's labels."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="labels")
    version = models.ForeignKey(PromptVersion, on_delete=models.CASCADE, related_name="labels")
    label = models.CharField(_("label"), max_length=LABEL_LENGTH)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["prompt", "label"], name="prompt_label_once")]

    def __str__(self) -> str:
        return self.label


class LabelMove(Authored):
    """A label went from one version to another; None where it stood or stands nowhere.

    Numbers, not keys: the log outlives a version that was deleted.
    """

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="moves")
    label = models.CharField(_("label"), max_length=LABEL_LENGTH)
    from_version = models.PositiveIntegerField(_("from"), null=True)
    to_version = models.PositiveIntegerField(_("to"), null=True)

    class Meta:
        verbose_name = _("label move")
        verbose_name_plural = _("label moves")
        indexes = [models.Index(fields=["prompt", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.label}: {self.from_version} → {self.to_version}"


class PromptDependency(models.Model):
    """A version names another prompt in a composition tag, by version or by label (see `prompts.composition`)."""

    version = models.ForeignKey(PromptVersion, on_delete=models.CASCADE, related_name="dependencies")
    child_name = models.CharField(max_length=NAME_LENGTH)
    child_version = models.PositiveIntegerField(null=True)
    child_label = models.CharField(max_length=LABEL_LENGTH, null=True)

    class Meta:
        verbose_name = _("dependency")
        verbose_name_plural = _("dependencies")
        indexes = [models.Index(fields=["child_name"])]
        constraints = [
            models.CheckConstraint(
                name="dependency_by_version_or_label",
                condition=Q(child_version__isnull=False, child_label__isnull=True)
                | Q(child_version__isnull=True, child_label__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.child_name} {self.child_label or self.child_version}"


class ProtectedLabel(models.Model):
    """A label that only members with `prompts:protect` may put on a version or take away; API keys never may."""

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="protected_labels")
    label = models.CharField(_("label"), max_length=LABEL_LENGTH)
    created_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("protected label")
        verbose_name_plural = _("protected labels")
        constraints = [models.UniqueConstraint(fields=["project", "label"], name="protected_label_once")]

    def __str__(self) -> str:
        return self.label


SKILL_NAME_LENGTH = 64
SKILL_PATH_LENGTH = 500


class Skill(models.Model):
    """A name in a project under which files for agents are kept; its tags belong to all its versions."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=SKILL_NAME_LENGTH)
    tags = ArrayField(models.TextField(), default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="skill_name_once")]

    def __str__(self) -> str:
        return self.name


class SkillVersion(Authored):
    """Immutable files, of which `SKILL.md` says in its front matter what the skill is called and for."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    description = models.TextField()
    frontmatter = models.JSONField()
    commit_message = models.CharField(max_length=MESSAGE_LENGTH, null=True)
    labels = ArrayField(models.CharField(max_length=LABEL_LENGTH), default=list)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["skill", "version"], name="skill_version_once")]

    def __str__(self) -> str:
        return f"{self.skill_id} · {self.version}"


class SkillBlob(models.Model):
    """A text of a project, kept once and known by the base64 of its SHA-256."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(max_length=44)
    content = models.TextField()
    length = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "sha256"], name="skill_blob_once")]

    def __str__(self) -> str:
        return self.sha256


class SkillFile(models.Model):
    """A text under a path in a version."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    version = models.ForeignKey(SkillVersion, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=SKILL_PATH_LENGTH)
    blob = models.ForeignKey(SkillBlob, on_delete=models.CASCADE, related_name="files")

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="skill_path_once")]

    def __str__(self) -> str:
        return self.path
