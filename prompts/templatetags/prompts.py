"""What only the pages of prompts show: `{% load prompts %}`."""

from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from prompts import composition, templates, usage
from prompts.models import LATEST, PRODUCTION

register = template.Library()


@register.simple_tag
def label_badge(label: str, version: int | None = None, protected: bool = False) -> SafeString:
    """A label as a badge, with the version that has it and a lock where it is protected."""
    kind = label if label in (PRODUCTION, LATEST) else "violet"
    lock = (
        format_html('<span class="icon" aria-hidden="true" title="{}">lock</span>', _("protected")) if protected else ""
    )
    number = format_html(' <span class="version">v{}</span>', str(version)) if version is not None else ""
    return format_html('<span class="badge {}">{}{}{}</span>', kind, lock, label, number)


@register.filter
def marked(text: str) -> SafeString:
    """A prompt's text with its variables marked and its references to other prompts as links."""
    return format_html_join("", "{}", ((_marked_piece(piece),) for piece in templates.pieces(text)))


def _marked_piece(piece: templates.Piece) -> SafeString:
    if piece.variable:
        return format_html('<span class="variable">{}</span>', piece.text)
    return format_html_join("", "{}", ((_linked(cut, reference),) for cut, reference in composition.cut(piece.text)))


def _linked(text: str, reference: composition.Reference | None) -> SafeString | str:
    if reference is None:
        return text
    query = {"label": reference.label} if reference.label else {"version": str(reference.version)}
    address = f"{reverse('prompt', args=[reference.name])}?{urlencode(query)}"
    what = reference.label or f"v{reference.version}"
    return format_html('<a class="reference" href="{}" title="{}">{} · {}</a>', address, text, reference.name, what)


@register.inclusion_tag("components/snippet.html", takes_context=True)
def create_snippet(context: Context) -> dict[str, Any]:
    """How a program makes its first prompt in this project."""
    return {"code": usage.create_snippet(context["public_url"], str(context["public_key"]))}
