"""What an empty instance is given before anybody can sign in, and what PROMPTLAB_INIT_* asks for (headless set-up).

On the first start: an organization, its owner and a project with keys, generated where the environment names none.
On every start: what the environment names is made when it is missing. Ids, keys and secrets are taken as given; what
exists is never renamed, promoted or given another password, because people may have changed it since.
"""

import re
import secrets
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from accounts.hashing import hash_secret
from accounts.keys import create_key
from accounts.models import ApiKey, Membership, Organization, Project, User
from accounts.purging import purge
from accounts.roles import Role

# The server's own number for "somebody sets up"; any would do, as long as all processes use the same.
_LOCK = 0x50524F4D
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

FIRST_EMAIL = "admin@promptlab.local"
FIRST_ORGANIZATION = "My organization"
FIRST_PROJECT = "My project"
DEMO = "Demo"
DEMO_KEY_NOTE = "Demo run"


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What was made now, for the person who started the server; empty texts for what was there or was given.

    `password` and `secret_key` are only filled in when they were generated: who gave them knows them.
    """

    email: str
    password: str
    project_id: str
    project_name: str
    public_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """PROMPTLAB_INIT_*, one field per variable; empty when unset."""

    org_id: str = ""
    org_name: str = ""
    org_public_key: str = ""
    org_secret_key: str = ""
    project_id: str = ""
    project_name: str = ""
    project_public_key: str = ""
    project_secret_key: str = ""
    user_email: str = ""
    user_name: str = ""
    user_password: str = ""

    @property
    def organization(self) -> bool:
        return bool(self.org_id or self.org_name or self.org_public_key)

    @property
    def project(self) -> bool:
        return bool(self.project_id or self.project_name or self.project_public_key)


def ensure_first_start() -> FirstStart | None:
    """Make what an empty instance or the environment needs; None when nothing had to be made.

    Safe to call at every start and from several processes at once. Raises ImproperlyConfigured, with a sentence, when
    PROMPTLAB_INIT_* contradicts itself or what is stored; nothing is changed then.
    """
    wishes = Wishes(**settings.INIT)
    _check(wishes)
    with transaction.atomic():
        _take_turns()
        return _make(wishes)


def ensure_demo_project() -> tuple[str, str, str]:
    """The project that the demo run fills: its id and a key pair made for this run (the last run's is revoked)."""
    with transaction.atomic():
        _take_turns()
        project = Project.objects.filter(is_demo=True).first()
        if project is None:
            organization = Organization.objects.order_by("created_at").first()
            organization = organization or Organization.objects.create(name=FIRST_ORGANIZATION)
            taken = set(organization.projects.values_list("name", flat=True))
            name = next(
                name for name in (DEMO, *(f"{DEMO} {n}" for n in range(2, len(taken) + 3))) if name not in taken
            )
            project = Project.objects.create(organization=organization, name=name, is_demo=True)
        project.api_keys.filter(note=DEMO_KEY_NOTE).delete()
        made = create_key(project, note=DEMO_KEY_NOTE)
        return project.pk, made.key.public_key, made.secret


def _take_turns() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


# --- What the environment says ---------------------------------------------------------------------


def _check(wishes: Wishes) -> None:
    """Refuse what can be refused without looking at the database."""
    for kind in ("ORG", "PROJECT"):
        public, secret = (getattr(wishes, f"{kind.lower()}_{half}_key") for half in ("public", "secret"))
        if bool(public) != bool(secret):
            there, missing = ("PUBLIC", "SECRET") if public else ("SECRET", "PUBLIC")
            raise ImproperlyConfigured(
                f"PROMPTLAB_INIT_{kind}_{there}_KEY is set without PROMPTLAB_INIT_{kind}_{missing}_KEY: "
                "set both or neither."
            )
        if ":" in public:  # Basic authentication separates the two by a colon
            raise ImproperlyConfigured(f"PROMPTLAB_INIT_{kind}_PUBLIC_KEY must not hold a colon.")
        given = getattr(wishes, f"{kind.lower()}_id")
        if given and not _ID.fullmatch(given):
            raise ImproperlyConfigured(
                f"PROMPTLAB_INIT_{kind}_ID is {given!r}: use up to 100 letters, digits, dots, dashes and underscores."
            )
    if wishes.org_public_key and wishes.org_public_key == wishes.project_public_key:
        raise ImproperlyConfigured(
            "PROMPTLAB_INIT_ORG_PUBLIC_KEY and PROMPTLAB_INIT_PROJECT_PUBLIC_KEY are the same: "
            "each key opens one of them."
        )
    if (wishes.user_name or wishes.user_password) and not wishes.user_email:
        raise ImproperlyConfigured(
            "PROMPTLAB_INIT_USER_EMAIL is not set, but a name or password for that user is: set it."
        )
    if wishes.user_email:
        try:
            validate_email(wishes.user_email)
        except ValidationError:
            raise ImproperlyConfigured(
                f"PROMPTLAB_INIT_USER_EMAIL is {wishes.user_email!r}, which is no e-mail address."
            ) from None


# --- Making it -------------------------------------------------------------------------------------


def _make(wishes: Wishes) -> FirstStart | None:
    nobody_yet = not User.objects.exists()
    nothing_yet = not Project.objects.exists()
    email = password = public_key = secret_key = ""
    project: Project | None = None

    if not (nobody_yet or nothing_yet or wishes.organization or wishes.project or wishes.user_email):
        return None
    organization = _organization(wishes)
    if wishes.org_public_key:
        _given_key(organization, wishes.org_public_key, wishes.org_secret_key, "ORG")
    if nothing_yet or wishes.project:
        purge(wishes.project_id)  # one of that id may still be on its way out
        found = _find_project(wishes, organization)
        project = found or Project.objects.create(
            organization=organization,
            name=wishes.project_name or FIRST_PROJECT,
            **({"id": wishes.project_id} if wishes.project_id else {}),
        )
        if wishes.project_public_key:
            made = _given_key(project, wishes.project_public_key, wishes.project_secret_key, "PROJECT")
            public_key = wishes.project_public_key if made else ""
        elif found is None:
            new = create_key(project, note="First start")
            public_key, secret_key = new.key.public_key, new.secret
    if nobody_yet or wishes.user_email:
        email, password = _user(wishes, organization, project, first=nobody_yet)
    if not (email or public_key):
        return None
    return FirstStart(
        email, password, project.pk if project else "", project.name if project else "", public_key, secret_key
    )


def _organization(wishes: Wishes) -> Organization:
    """The organization meant: by its id, by its project's id, else the oldest; made when there is none."""
    if wishes.org_id:
        found = Organization.objects.filter(pk=wishes.org_id).first()
    else:
        by_project = Organization.objects.filter(projects=wishes.project_id) if wishes.project_id else None
        found = (by_project.first() if by_project else None) or Organization.objects.order_by("created_at").first()
    if found:
        return found
    given = {"id": wishes.org_id} if wishes.org_id else {}
    return Organization.objects.create(name=wishes.org_name or FIRST_ORGANIZATION, **given)


def _find_project(wishes: Wishes, organization: Organization) -> Project | None:
    """The project meant: by its id, by its key, by its name; None when it has to be made."""
    if wishes.project_id:
        found = Project.objects.select_related("organization").filter(pk=wishes.project_id).first()
        if found and found.organization_id != organization.pk:
            raise ImproperlyConfigured(
                f"PROMPTLAB_INIT_PROJECT_ID is {wishes.project_id!r}, a project of the organization "
                f"{found.organization.pk!r}, but PROMPTLAB_INIT_ORG_ID is {organization.pk!r}: "
                "name the one it belongs to."
            )
        if found is None and organization.projects.filter(name=wishes.project_name or FIRST_PROJECT).exists():
            raise ImproperlyConfigured(
                f"The organization {organization.pk!r} already has a project named "
                f"{wishes.project_name or FIRST_PROJECT!r} with another id than PROMPTLAB_INIT_PROJECT_ID "
                f"({wishes.project_id!r}): choose another PROMPTLAB_INIT_PROJECT_NAME."
            )
        return found
    projects = organization.projects.filter(is_demo=False)
    by_key = wishes.project_public_key and projects.filter(api_keys__public_key=wishes.project_public_key).first()
    return by_key or projects.filter(name=wishes.project_name or FIRST_PROJECT).first()


def _given_key(owner: Project | Organization, public_key: str, secret: str, kind: str) -> bool:
    """Make the given pair for `owner` unless it is there; whether it was made."""
    key = ApiKey.objects.filter(public_key=public_key).first()
    if key is None:
        create_key(owner, public_key=public_key, secret=secret, note=f"PROMPTLAB_INIT_{kind}_PUBLIC_KEY")
        return True
    if (key.project_id if isinstance(owner, Project) else key.organization_id) != owner.pk:
        raise ImproperlyConfigured(
            f"PROMPTLAB_INIT_{kind}_PUBLIC_KEY is {public_key!r}, which is the key of another project or organization: "
            "choose another one."
        )
    if key.secret_hash != hash_secret(secret):
        raise ImproperlyConfigured(
            f"PROMPTLAB_INIT_{kind}_SECRET_KEY is not the secret of the existing key {public_key!r}: set that secret, "
            "choose another public key, or revoke the key in the settings."
        )
    return False


def _user(wishes: Wishes, organization: Organization, project: Project | None, *, first: bool) -> tuple[str, str]:
    """Make the owner when missing: the e-mail, and the password if it was generated; empty texts when nothing was made.

    The first user of an instance is its admin, who may enter every project.
    """
    email = (wishes.user_email or FIRST_EMAIL).lower()
    user = User.objects.filter(email__iexact=email).first()
    made = user is None
    generated = "" if wishes.user_password else secrets.token_urlsafe(12)
    if user is None:
        user = User.objects.create_user(
            email,
            wishes.user_password or generated,
            name=wishes.user_name,
            is_staff=first,
            is_superuser=first,
            last_project=project,
        )
        # Known to the person who starts the server: no mail has to prove it.
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    Membership.objects.get_or_create(user=user, organization=organization, defaults={"role": Role.OWNER})
    return (email, generated) if made else ("", "")
