"""Who: users, organizations, their projects, members, keys, invitations and the audit log."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.roles import ROLE_CHOICES, Role
from common.ids import new_id


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address, compared without case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. `is_superuser` is an instance admin, who may enter every project."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    theme = models.CharField(max_length=8, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(default=False)
    # Counted up to end every session that the person has (`accounts.activation`).
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    last_project = models.ForeignKey(
        "accounts.Project", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must carry to be this person's: besides the password, the epoch."""
        usual: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if not self.session_epoch:
            return usual
        known = f"{usual}:{self.session_epoch}"
        return salted_hmac("accounts.User.session", known, secret=secret, algorithm="sha256").hexdigest()

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]


class Organization(models.Model):
    """A team: it owns projects and members."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id)
    name = models.CharField(_("name"), max_length=200)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")

    def __str__(self) -> str:
        return self.name


class ProjectManager(models.Manager["Project"]):
    """Projects that are not being deleted."""

    def get_queryset(self) -> models.QuerySet["Project"]:
        return super().get_queryset().filter(deleted_at__isnull=True)


class Project(models.Model):
    """The tenant: everything measured or configured belongs to exactly one project.

    A deleted project (`deleted_at`) is found by nobody; it goes for good when all its rows are gone.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(_("name"), max_length=200)
    metadata = models.JSONField(default=dict, blank=True)
    retention_days = models.PositiveIntegerField(_("retention in days"), null=True, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[ProjectManager] = ProjectManager()
    everything: ClassVar[models.Manager["Project"]] = models.Manager()

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"], name="project_name_once", condition=models.Q(deleted_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user's role in an organization, which holds in all its projects unless a project says otherwise."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    # None: no role of its own in the organization, only in the projects named by ProjectMembership.
    role = models.CharField(_("role"), max_length=16, choices=ROLE_CHOICES, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.organization} · {self.role}"


class ProjectMembership(models.Model):
    """A user's role in one project; it overrides the organization's."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="project_memberships")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=ROLE_CHOICES, default=Role.MEMBER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "project"], name="project_membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.project} · {self.role}"


class ApiKey(models.Model):
    """A key pair of one project, or of an organization (its management routes only).

    The secret is shown once and kept as a keyed hash (see `accounts.keys`).
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.CASCADE, related_name="api_keys")
    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="api_keys"
    )
    public_key = models.CharField(_("public key"), max_length=200, unique=True)
    secret_hash = models.CharField(max_length=64, editable=False)
    secret_display = models.CharField(_("secret key"), max_length=32, editable=False)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(
                name="api_key_of_project_or_organization",
                condition=models.Q(project__isnull=False, organization__isnull=True)
                | models.Q(project__isnull=True, organization__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.public_key


class Invitation(models.Model):
    """An e-mailed offer to join an organization or one of its projects; the token is kept as a hash."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    # None: the role holds in the whole organization.
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=16, choices=ROLE_CHOICES, default=Role.MEMBER)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)
    # The link was shown on a page, so having it does not prove that the address is the person's.
    shown = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["organization", "email"]), models.Index(fields=["email"])]

    def __str__(self) -> str:
        return f"{self.email} → {self.project or self.organization}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class SavedView(models.Model):
    """A list as somebody wants to see it again: a name for the query of its address (`accounts.saved_views`)."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    # Which list, by the name that its page gives it.
    table = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=100)
    query = models.TextField()
    # A shared view outlives its author.
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    shared = models.BooleanField(_("shared"), default=False)
    # Opens with the list: a private one for its owner, a shared one for everybody who has none of their own.
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "table", "name"], condition=models.Q(shared=True), name="shared_view_once"
            ),
            models.UniqueConstraint(
                fields=["project", "table", "owner", "name"],
                condition=models.Q(shared=False),
                name="private_view_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """Who did what, when: written by `accounts.audit.record`, never changed."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    # Without a constraint: the entries of a deleted project stay, and still say which project it was.
    project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    # The acting person, or the key when a program acted.
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    api_key = models.CharField(max_length=200, blank=True)
    # The person's e-mail or the public key, as it was then: it outlives both.
    actor = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=800)
    before = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes = [models.Index(fields=["project", "-id"]), models.Index(fields=["organization", "-id"])]

    def __str__(self) -> str:
        return f"{self.created_at:%F %T} {self.action} {self.subject_type} {self.subject_id}"
