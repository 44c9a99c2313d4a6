"""The editor's form: a text or messages, config, labels, tags and what to say about it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ParseError

from common.api.parsing import decode_json
from common.errors import Invalid
from prompts import rules, templates
from prompts.authors import Author
from prompts.models import LATEST, MESSAGE_LENGTH, NAME_LENGTH, Kind, PromptVersion
from prompts.publishing import Draft, create_version

T = TypeVar("T")

# Where a verb's refusal is shown: field of the verb -> field of the form (None: above the form).
FIELDS: Mapping[str, str] = {
    "name": "name",
    "type": "type",
    "labels": "labels",
    "tags": "tags",
    "commitMessage": "commit_message",
    "prompt": "text",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A message in the editor. `content` of a placeholder is its name; `more` is JSON of what else a message holds."""

    kind: str = "message"
    role: str = "user"
    content: str = ""
    more: str = ""

    def message(self) -> dict[str, Any]:
        """The message as it is stored; raises Invalid when `more` is no JSON object."""
        try:
            more = decode_json((self.more or "{}").encode())
        except ParseError:
            more = None
        if not isinstance(more, dict):
            raise Invalid(_("What a message holds beside role and content must be a JSON object."), "prompt")
        if self.kind == "placeholder":
            return {**more, "type": "placeholder", "name": self.content.strip()}
        return {"role": self.role.strip(), "content": self.content, **more}


class PromptForm(forms.Form):
    """A new version; of a new prompt when `name` is not given. The messages come as lists of fields of one name."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=NAME_LENGTH,
        help_text=gettext_lazy("Slashes make folders: support/mail/reply."),
    )
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=Kind.choices, widget=forms.RadioSelect)
    text = forms.CharField(label=gettext_lazy("Text"), required=False, strip=False, widget=forms.Textarea)
    config = forms.CharField(
        label=gettext_lazy("Config"),
        required=False,
        widget=forms.Textarea(attrs={"class": "code", "rows": 5, "spellcheck": "false"}),
        help_text=gettext_lazy("JSON that goes with the prompt, e.g. model and temperature."),
    )
    labels = forms.CharField(
        label=gettext_lazy("Labels"),
        required=False,
        help_text=gettext_lazy(
            "They move to this version. “production” is what programs get when they ask for nothing."
        ),
    )
    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        required=False,
        help_text=gettext_lazy("Shared by all versions; separated by commas."),
    )
    commit_message = forms.CharField(
        label=gettext_lazy("What changed"),
        required=False,
        max_length=MESSAGE_LENGTH,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Why this version?")}),
    )

    def __init__(self, *args: Any, name: str | None = None, kind: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fixed_name, self.fixed_kind = name, kind
        if name is not None:
            del self.fields["name"], self.fields["type"]
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    @property
    def rows(self) -> list[Row]:
        """The messages to show: what was typed, else what the form began with."""
        if not self.is_bound:
            return list(self.initial.get("rows") or (Row(role="system"), Row(role="user")))
        lists: Sequence[Sequence[str]] = [
            self.data.getlist(key)  # type: ignore[attr-defined]
            for key in ("kind", "role", "content", "more")
        ]
        return [Row(kind, role, _newlines(content), more) for kind, role, content, more in zip(*lists, strict=False)]

    @property
    def chat(self) -> bool:
        """Whether the editor shows messages."""
        return (self.fixed_kind or self["type"].value()) == Kind.CHAT

    def clean_text(self) -> str:
        return _newlines(self.cleaned_data["text"])

    def clean_config(self) -> Any:
        text = self.cleaned_data["config"].strip()
        if not text:
            return {}
        try:
            msgspec.json.decode(text)
            return decode_json(text.encode())
        except (msgspec.DecodeError, RecursionError) as error:
            raise forms.ValidationError(_("This is not JSON: %(error)s.") % {"error": error}) from error
        except ParseError as error:
            raise forms.ValidationError(_("This is nested too deeply.")) from error

    # The verb checks all this again; here everything that is wrong is said at once.

    def clean_name(self) -> str:
        return _checked(rules.check_name, self.cleaned_data["name"])

    def clean_labels(self) -> list[str]:
        typed = self.cleaned_data["labels"].replace(",", " ").split()
        return _checked(rules.check_labels, [label for label in typed if label != LATEST])

    def clean_tags(self) -> list[str]:
        return _checked(rules.check_tags, split_tags(self.cleaned_data["tags"]))

    def publish(self, project_id: str, author: Author) -> PromptVersion | None:
        """Make the version; None, with the reason beside its field, when the form or the verb refuses."""
        if not self.is_valid():
            return None
        data = self.cleaned_data
        kind = self.fixed_kind or data["type"]
        try:
            content = [row.message() for row in self.rows] if kind == Kind.CHAT else data["text"]
            draft = Draft(
                name=self.fixed_name or data["name"],
                content=content,
                type=kind,
                labels=data["labels"],
                config=data["config"],
                tags=data["tags"],
                commit_message=data["commit_message"],
            )
            return create_version(project_id, draft, author)
        except Invalid as error:
            self.add_error(self._field_of(error), error.message)
            return None

    def _field_of(self, error: Invalid) -> str | None:
        field = FIELDS.get((error.field or "").partition("[")[0])
        return field if field in self.fields else None


def initial_of(version: PromptVersion, labels: Sequence[str] = ()) -> dict[str, Any]:
    """What the editor shows for a new version made from this one."""
    body = version.body
    return {
        "text": body if isinstance(body, str) else "",
        "rows": [] if isinstance(body, str) else [_row(message) for message in body],
        "config": json.dumps(version.settings, ensure_ascii=False, indent=2),
        "labels": ", ".join(labels),
        "tags": ", ".join(version.prompt.tags),
    }


def split_tags(text: str) -> list[str]:
    """Tags as people type them: separated by commas."""
    return [tag for tag in (part.strip() for part in text.split(",")) if tag]


def _row(message: dict[str, Any]) -> Row:
    if templates.is_placeholder(message):
        more = {key: value for key, value in message.items() if key not in ("type", "name")}
        return Row("placeholder", "", message["name"], json.dumps(more, ensure_ascii=False) if more else "")
    more = {key: value for key, value in message.items() if key not in ("role", "content")}
    return Row("message", message["role"], message["content"], json.dumps(more, ensure_ascii=False) if more else "")


def _checked(check: Callable[[Any], T], value: Any) -> T:
    try:
        return check(value)
    except Invalid as error:
        raise forms.ValidationError(error.message) from error


def _newlines(text: str) -> str:
    # Browsers send every line break of a textarea as CR LF.
    return text.replace("\r\n", "\n")
