"""What may be a name, a label, a tag, a text, a list of messages (api.md, section 2): checks that raise Invalid."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid
from prompts import templates
from prompts.models import LABEL_LENGTH, MESSAGE_LENGTH, NAME_LENGTH, Kind

# Addresses of the reference server's own pages; a prompt of that name could not be opened there.
RESERVED_NAMES = frozenset({"new", "metrics", "prompt-detail"})
_HTML = re.compile(r"<[^>]*>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LABEL = re.compile(r"[a-z0-9_\-.]+")

Content = str | list[dict[str, Any]]


def check_name(name: str) -> str:
    """The name, trimmed."""
    name = name.strip()
    if not name:
        raise Invalid(_("The name must not be empty."), "name")
    if len(name) > NAME_LENGTH:
        raise Invalid(_("The name must not be longer than %(limit)s characters.") % {"limit": NAME_LENGTH}, "name")
    if _CONTROL.search(name):
        raise Invalid(_("The name must not contain line breaks or control characters."), "name")
    if _HTML.search(name):
        raise Invalid(_("The name must not contain HTML tags."), "name")
    if "|" in name:
        raise Invalid(_("The name must not contain '|'."), "name")
    if name.startswith("/") or name.endswith("/") or "//" in name:
        raise Invalid(_("The name must not start or end with a slash, nor contain two in a row."), "name")
    if name in RESERVED_NAMES:
        raise Invalid(_("The name '%(name)s' is reserved. Choose another one.") % {"name": name}, "name")
    return name


def check_labels(labels: Iterable[str], field: str = "labels") -> list[str]:
    """The labels without repetitions, in their order."""
    checked = list(dict.fromkeys(labels))
    for label in checked:
        if len(label) > LABEL_LENGTH:
            raise Invalid(
                _("The label '%(label)s' is longer than %(limit)s characters.")
                % {"label": label, "limit": LABEL_LENGTH},
                field,
            )
        if not _LABEL.fullmatch(label):
            raise Invalid(
                _("The label '%(label)s' is not allowed: use lower-case letters, digits, hyphens, underscores, dots.")
                % {"label": label},
                field,
            )
    return checked


def check_tags(tags: Iterable[str]) -> list[str]:
    """The tags without repetitions, in their order."""
    checked = list(dict.fromkeys(tags))
    for tag in checked:
        if not tag.strip() or _CONTROL.search(tag):
            raise Invalid(_("A tag must not be empty nor contain line breaks or control characters."), "tags")
    return checked


def check_commit_message(message: str | None) -> str | None:
    if message is None or not message.strip():
        return None
    if len(message) > MESSAGE_LENGTH:
        raise Invalid(
            _("The commit message must not be longer than %(limit)s characters.") % {"limit": MESSAGE_LENGTH},
            "commitMessage",
        )
    if "\0" in message:
        raise Invalid(_("The commit message must not contain NUL characters."), "commitMessage")
    return message


def check_content(kind: str, content: Any) -> Content:
    """A text, or messages `{role, content}` and placeholders `{type: "placeholder", name}`; other keys are kept."""
    if kind == Kind.TEXT:
        if not isinstance(content, str):
            raise Invalid(
                _('A prompt of type "text" must be a text. Send type "chat" for a list of messages.'), "prompt"
            )
        return content
    if kind != Kind.CHAT:
        raise Invalid(_('The type must be "text" or "chat".'), "type")
    if not isinstance(content, list):
        raise Invalid(_('A prompt of type "chat" must be a list of messages.'), "prompt")
    for position, message in enumerate(content):
        _check_message(message, f"prompt[{position}]")
    _check_names_of_placeholders(content)
    return content


def _check_message(message: Any, field: str) -> None:
    if not isinstance(message, dict):
        raise Invalid(_("A message must be an object with role and content, or a placeholder."), field)
    if templates.is_placeholder(message):
        if not isinstance(message.get("name"), str) or not message["name"].strip():
            raise Invalid(_("A placeholder needs a name."), f"{field}.name")
        return
    for key in ("role", "content"):
        if not isinstance(message.get(key), str):
            raise Invalid(_("A message needs %(key)s, a text.") % {"key": key}, f"{field}.{key}")


def _check_names_of_placeholders(messages: Sequence[dict[str, Any]]) -> None:
    both = set(templates.variables(messages)) & set(templates.placeholders(messages))
    if both:
        names = ", ".join(f"'{name}'" for name in sorted(both))
        raise Invalid(
            _("Variables and placeholders must have different names; these are both: %(names)s.") % {"names": names}
        )
