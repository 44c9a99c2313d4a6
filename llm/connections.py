"""How a project reaches providers of models: the rules, and the verbs that API and page share (api.md, section 8).

A connection is known by its provider's name and replaced as a whole. Secrets go in and never come out: they are sealed
(`common.crypto`), and only who calls a model opens them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.authors import Author
from accounts.storable import storable
from common import crypto
from common.errors import Invalid
from common.finding import find
from common.outbound import check_url
from llm import connection_terms
from llm.connection_terms import BOUNDS, Terms
from llm.models import ADAPTERS, LlmConnection

LONGEST_NAME = 200
LONGEST_SECRET = 20_000  # service accounts of Google are JSON of some 2,500 characters
LONGEST_HEADER = 4_000
MOST_HEADERS = 50
MOST_MODELS = 1_000
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")  # RFC 9110, section 5.1
# What a request says of itself and of its way (RFC 9110, sections 7.6.1 and 8.6) is not for people to say.
_OURS = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "te", "trailer", "expect", "accept-encoding"),
        *("connection", "keep-alive", "upgrade", "proxy-connection", "proxy-authorization"),
    }
)

# Their secrets are JSON documents: a pair of keys, a service account.
JSON_SECRETS = frozenset({"bedrock", "google-vertex-ai"})
# adapter -> (what its config may hold, and the type of the value; whether it must be there). Others take none.
CONFIGS: Mapping[str, tuple[str, type, bool]] = {
    "bedrock": ("region", str, True),
    "openai": ("useResponsesApi", bool, False),
    "google-vertex-ai": ("location", str, False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A connection as given. `secret_key` None keeps the present one, and so does a header whose value is None.

    `terms` None keeps the present ones: the API, which replaces all else, does not know them.
    """

    provider: str
    adapter: str
    secret_key: str | None = None
    base_url: str = ""
    custom_models: Sequence[str] = ()
    with_default_models: bool = True
    extra_headers: Mapping[str, str | None] | None = None
    config: Any = None
    terms: Terms | None = None


def put(project_id: str, draft: Draft, author: Author) -> tuple[LlmConnection, bool]:
    """Make the project's connection to that provider, or replace it: the connection, and whether it is new.

    Raises Invalid, which names the wire's field.
    """
    checked = _check(draft)
    try:
        with transaction.atomic():
            return _put(project_id, draft, checked, author)
    except IntegrityError:  # another one made it in this very moment
        with transaction.atomic():
            return _put(project_id, draft, checked, author)


def remove(project_id: str, connection_id: str, author: Author) -> None:
    """Delete the project's connection. Raises NotFound."""
    with transaction.atomic():
        connection = own(project_id, connection_id)
        author.record("delete", "llm_connection", connection.provider, project=project_id, before=as_told(connection))
        connection.delete()


def add_models(project_id: str, connection_id: str, names: Sequence[str], author: Author) -> int:
    """Offer these models too: how many of them are new. Raises NotFound, Invalid."""
    with transaction.atomic():
        own(project_id, connection_id)
        connection = LlmConnection.objects.select_for_update().get(project_id=project_id, pk=connection_id)
        before, count = as_told(connection), len(connection.custom_models)
        connection.custom_models = _models([*connection.custom_models, *names])
        added = len(connection.custom_models) - count
        if added:
            connection.save(update_fields=["custom_models", "updated_at"])
            after = as_told(connection)
            author.record(
                "update", "llm_connection", connection.provider, project=project_id, before=before, after=after
            )
    return added


def of_project(project_id: str) -> QuerySet[LlmConnection]:
    """The project's connections, oldest first."""
    return LlmConnection.objects.filter(project_id=project_id).order_by("created_at", "id")


def own(project_id: str, connection_id: str) -> LlmConnection:
    """The project's connection of that id. Raises NotFound."""
    return find(LlmConnection.objects.filter(project_id=project_id), connection_id, "LLM connection not found")


def as_told(connection: LlmConnection) -> dict[str, Any]:
    """What the audit log keeps of a connection: no secret."""
    terms = {name: getattr(connection, name) for name in (*BOUNDS, "prices")}
    return {
        "adapter": connection.adapter,
        "baseURL": connection.base_url or None,
        "secretKey": connection.secret_display,
        "extraHeaderKeys": connection.header_names,
        "customModels": connection.custom_models,
        "withDefaultModels": connection.with_default_models,
        "config": connection.config,
        **connection_terms.as_told({**terms, "defaultModel": connection.default_model or None}),
    }


def _put(project_id: str, draft: Draft, checked: Mapping[str, Any], author: Author) -> tuple[LlmConnection, bool]:
    provider = checked["provider"]
    mine = LlmConnection.objects.select_for_update().filter(project_id=project_id, provider=provider)
    connection = mine.first()
    before = as_told(connection) if connection else None
    if connection is None:
        connection = LlmConnection(project_id=project_id)
        if draft.secret_key is None:
            raise Invalid(_("Give the secret key of the provider."), "secretKey")
    else:
        _keep_to_its_address(connection, draft, checked)
    for name, value in checked.items():
        setattr(connection, name, value)
    headers = _headers(draft.extra_headers or {}, connection)
    connection.header_names = list(headers)
    connection.sealed_headers = crypto.seal(orjson.dumps(headers).decode()) if headers else ""
    connection.save()
    action = "update" if before else "create"
    author.record(action, "llm_connection", provider, project=project_id, before=before, after=as_told(connection))
    return connection, before is None


def _keep_to_its_address(connection: LlmConnection, draft: Draft, checked: Mapping[str, Any]) -> None:
    """What is sealed was given for one address: who may change that may not thereby send it elsewhere."""
    if (connection.adapter, connection.base_url) == (checked["adapter"], checked["base_url"]):
        return
    if draft.secret_key is None:
        raise Invalid(_("The address is another one: give the secret key again."), "secretKey")
    if None in (draft.extra_headers or {}).values():
        raise Invalid(_("The address is another one: give the values of the headers again."), "extraHeaders")


# --- Rules --------------------------------------------------------------------------------------------


def _check(draft: Draft) -> dict[str, Any]:
    """What would be stored, by field of `LlmConnection`, all but the headers."""
    if draft.adapter not in dict(ADAPTERS):
        raise Invalid(f"adapter must be one of {', '.join(dict(ADAPTERS))}.", "adapter")
    checked = {
        "provider": checked_name(draft.provider, "provider"),
        "adapter": draft.adapter,
        "base_url": check_url(draft.base_url, "baseURL") if draft.base_url.strip() else "",
        "custom_models": _models(draft.custom_models),
        "with_default_models": draft.with_default_models,
        "config": _config(draft.adapter, draft.config),
    }
    if draft.terms is not None:
        checked |= connection_terms.checked(draft.terms)
    if draft.secret_key is not None:
        secret = _secret(draft.adapter, draft.secret_key)
        checked |= {"sealed_secret": crypto.seal(secret), "secret_display": _shown(secret)}
    return checked


def checked_name(text: str, field: str) -> str:
    """The name of a provider or a model without spaces around it. Raises Invalid, which names the field."""
    text = text.strip()
    if not 1 <= len(text) <= LONGEST_NAME or not text.isprintable():
        raise Invalid(
            _("It must have 1 to %(longest)s printable characters.") % {"longest": LONGEST_NAME},
            field,
        )
    return text


def _models(names: Sequence[str]) -> list[str]:
    if len(names) > MOST_MODELS:
        raise Invalid(_("Give up to %(most)s models.") % {"most": MOST_MODELS}, "customModels")
    return list(dict.fromkeys(checked_name(name, f"customModels[{place}]") for place, name in enumerate(names)))


def _secret(adapter: str, text: str) -> str:
    """A key as it goes into a header; for the adapters that want JSON instead, any text that can be stored."""
    text = text.strip()
    if not 1 <= len(text) <= LONGEST_SECRET:
        raise Invalid(
            _("The secret key must have 1 to %(longest)s characters.") % {"longest": LONGEST_SECRET}, "secretKey"
        )
    fits = storable(text) == text if adapter in JSON_SECRETS else text.isascii() and text.isprintable()
    if not fits:
        raise Invalid(_("The secret key holds characters that no key can have. Copy it again."), "secretKey")
    return text


def _shown(secret: str) -> str:
    """The end of a secret, by which people tell one from another; of a short one nothing."""
    return f"...{secret[-4:]}" if len(secret) >= 12 else "..."


def _config(adapter: str, config: Any) -> dict[str, Any] | None:
    name, kind, needed = CONFIGS.get(adapter, ("", object, False))
    if not config and not needed:
        return None
    if not name:
        raise Invalid(f"config is not used by the adapter {adapter}. Leave it out.", "config")
    value = config.get(name) if isinstance(config, dict) and len(config) == 1 else None
    if type(value) is not kind or (isinstance(value, str) and not (value.isprintable() and 1 <= len(value) <= 100)):
        example = "true" if kind is bool else '"us-east-1"' if adapter == "bedrock" else '"us-central1"'
        raise Invalid(f'config of the adapter {adapter} must be {{"{name}": {example}}}.', "config")
    return {name: value}


def _headers(given: Mapping[str, str | None], connection: LlmConnection) -> dict[str, str]:
    """The headers by name; a value of None is the one that the connection has."""
    if len(given) > MOST_HEADERS:
        raise Invalid(_("Give up to %(most)s headers.") % {"most": MOST_HEADERS}, "extraHeaders")
    kept = _opened_headers(connection) if None in given.values() else {}
    headers = {}
    for name, text in given.items():
        value = kept.get(name) if text is None else text.strip()
        if not _HEADER_NAME.fullmatch(name):
            raise Invalid(_("%(name)s is no name of a header.") % {"name": repr(name[:100])}, "extraHeaders")
        if name.lower() in _OURS:
            words = _("PromptLab sets the header %(name)s itself. Leave it out.")
            raise Invalid(words % {"name": name}, "extraHeaders")
        if not value or len(value) > LONGEST_HEADER or not (value.isascii() and value.isprintable()):
            raise Invalid(
                _("Give the header %(name)s a value of 1 to %(longest)s printable ASCII characters.")
                % {"name": name, "longest": LONGEST_HEADER},
                "extraHeaders",
            )
        headers[name] = value
    return headers


def _opened_headers(connection: LlmConnection) -> dict[str, str]:
    if not connection.sealed_headers:
        return {}
    try:
        opened: dict[str, str] = orjson.loads(crypto.unseal(connection.sealed_headers))
    except crypto.Unreadable:
        return {}
    return opened
