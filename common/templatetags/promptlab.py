"""Filters and tags that every page may use (builtins: no `{% load %}` needed). docs/pages.md shows them at work."""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.template.context import Context
from django.utils import dateformat, timezone
from django.utils.formats import get_format, number_format
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common import content as contents
from common.markup import filled
from common.media import with_media

register = template.Library()
register.filter(with_media)
NOTHING = mark_safe('<span class="faint">–</span>')
FOLD_AFTER = 2500  # characters of a text that are shown before "show all"
OPEN_CHILDREN = 12  # nodes of a JSON tree with more children start closed below the first level


@register.simple_tag
@lru_cache(maxsize=500)
def icon(name: str) -> SafeString:
    """A Material Symbol, hidden from screen readers: the control beside it carries the words."""
    return format_html('<span class="icon" aria-hidden="true">{}</span>', name)


@register.filter
def money(value: float | None) -> SafeString | str:
    """US dollars: cents from a dollar on, three digits that say something below: $12.30, $0.0042, $0.00000123."""
    if value is None:
        return NOTHING
    amount = float(value)
    if amount == 0:
        return "$0"
    digits = 2 if abs(amount) >= 1 else min(12, 2 - math.floor(math.log10(abs(amount))))
    while digits > 2 and round(amount, digits) == round(amount, digits - 1):
        digits -= 1
    return f"${number_format(round(amount, digits), digits)}"


@register.filter
def duration(seconds: float | None) -> SafeString | str:
    """Seconds as ms, s, min or h."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return _("%(ms)s ms") % {"ms": f"{seconds * 1000:.0f}"}
    if seconds < 60:
        return _("%(s)s s") % {"s": number_format(round(seconds, 2), 2)}
    if seconds < 3600:
        return _("%(min)s min %(s)s s") % {"min": int(seconds // 60), "s": int(seconds % 60)}
    return _("%(h)s h %(min)s min") % {"h": int(seconds // 3600), "min": int(seconds % 3600 // 60)}


@register.filter
def roughly(seconds: float | None) -> SafeString | str:
    """An estimate of seconds as people say it, no more exact than it is: 4 s, 25 s, 3 min, 40 min, 1.5 h, 3 d."""
    if seconds is None:
        return NOTHING
    if seconds < 57.5:
        return _("%(s)s s") % {"s": max(1, round(seconds)) if seconds < 10 else 5 * round(seconds / 5)}
    minutes = seconds / 60
    if minutes < 57.5:
        return _("%(min)s min") % {"min": round(minutes) if minutes < 10 else 5 * round(minutes / 5)}
    hours = minutes / 60
    if hours < 47.5:
        return _("%(h)s h") % {"h": figure(round(2 * hours) / 2 if hours < 10 else round(hours), 1)}
    return _("%(d)s d") % {"d": round(hours / 24)}


@register.filter
def count(value: float | None) -> SafeString | str:
    """A whole number with its thousands apart."""
    return NOTHING if value is None else number_format(round(value), 0, use_l10n=True, force_grouping=True)


@register.filter
def short_count(value: float | None) -> SafeString | str:
    """A large number in a few characters: 980, 12.3K, 4.1M."""
    if value is None:
        return NOTHING
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= size * 10 or (abs(value) >= size and size > 1e3):
            return f"{number_format(round(value / size, 1), 1)}{letter}"
    return number_format(round(value), 0, use_l10n=True, force_grouping=True)


@register.filter
def figure(value: float | None, digits: int = 3) -> SafeString | str:
    """A measured number: at most `digits` decimals, no trailing zeros, a minus as wide as a digit and none at zero."""
    if value is None:
        return NOTHING
    text = number_format(round(float(value), digits) + 0.0, digits).replace("-", "−")  # -0.0 + 0.0 is 0.0
    return text.rstrip("0").rstrip(".,") if any(mark in text for mark in ".,") else text


@register.filter
def coefficient(value: float) -> str:
    """A coefficient between -1 and 1, or a shift: three decimals and a minus as wide as a digit."""
    return number_format(round(value, 3), 3).replace("-", "−")


@register.filter
def percent(share: float | None, digits: int = 0) -> SafeString | str:
    """A share of 1 as per cent."""
    return NOTHING if share is None else f"{number_format(round(share * 100, digits), digits)} %"


@register.filter
def shortened(text: str, length: int) -> str:
    """At most `length` characters, the last an ellipsis. Lists do it often, and `truncatechars` does far more."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


@register.simple_tag
def score_badge(score: Any) -> SafeString:
    """A score as lists show it: name and value, with source and comment on hover."""
    look = "" if score.data_type != "BOOLEAN" else "good" if score.value else "bad"
    said = f"{score.name} · {score.source}" + (f" · {score.comment}" if score.comment else "")
    if score.data_type == "NUMERIC":
        value = figure(score.value)
    elif score.data_type == "BOOLEAN":
        value = _("yes") if score.value else _("no")
    else:
        value = shortened(score.string_value or "", 24)
    return filled('<span class="badge {}" title="{}">{}: {}</span>', look, said, shortened(score.name, 24), value)


@register.filter
def judge_trace(score: Any) -> str:
    """The id of the trace in which a model judged so, which evaluators write into a score's metadata; empty: none."""
    if score.source != "EVAL" or '"judge_trace_id"' not in (score.metadata or ""):
        return ""
    told = json.loads(score.metadata)
    return str(told.get("judge_trace_id") or "") if isinstance(told, dict) else ""


@register.simple_tag
def moment(value: datetime | None) -> SafeString:
    """A short relative time, kept true by the page's script, with the exact one on hover."""
    if value is None:
        return NOTHING
    local, language = timezone.localtime(value), get_language()
    day = _day(local.date(), "DATE_FORMAT", language)
    exact = f"{day} {local:%H:%M:%S}.{local.microsecond // 1000:03d} {local.tzname()}"
    age = (timezone.now() - value).total_seconds()
    words = _day(local.date(), "SHORT_DATE_FORMAT", language) if age > 7 * 86400 else _ago(age)
    return filled(
        '<time datetime="{}" title="{}" data-relative class="nowrap">{}</time>', value.isoformat(), exact, words
    )


@lru_cache(maxsize=500)
def _day(day: date, form: str, language: str | None) -> str:
    """The day as this language, the present one, writes it; remembered, because a list has many moments of few days."""
    return dateformat.format(day, get_format(form, language))


def _ago(seconds: float) -> str:
    # Only what is said is translated. Not inside an f-string: makemessages does not look into those.
    if seconds >= 86400:
        size, name = 86400, _("d ago")
    elif seconds >= 3600:
        size, name = 3600, _("h ago")
    elif seconds >= 60:
        size, name = 60, _("min ago")
    else:
        return _("just now")
    return f"{int(seconds // size)} {name}"


@register.simple_tag
def json_tree(value: Any, depth: int = 0) -> SafeString:
    """A collapsible tree of a JSON value."""
    if not isinstance(value, (Mapping, list)):
        return _leaf(value)
    children = list(contents.walk(value))
    brackets = "{}" if isinstance(value, Mapping) else "[]"
    if not children:
        return format_html('<span class="meta">{}</span>', brackets)
    rows = format_html_join("", "{}", ((_node(label, child, depth),) for label, child in children[:500]))
    if len(children) > 500:
        more = _("… %(count)s more; see Raw") % {"count": len(children) - 500}
        rows += format_html('<div class="leaf meta">{}</div>', more)
    return rows


def _node(label: str, child: Any, depth: int) -> SafeString:
    key = format_html('<span class="key">{}</span>: ', label)
    if isinstance(child, (Mapping, list)) and child and depth < 60:
        size = f"{{{len(child)}}}" if isinstance(child, Mapping) else f"[{len(child)}]"
        is_open = " open" if depth == 0 or (depth < 3 and len(child) <= OPEN_CHILDREN) else ""
        return format_html(
            '<details{}><summary>{}<span class="meta">{}</span></summary>{}</details>',
            is_open,
            key,
            size,
            json_tree(child, depth + 1),
        )
    return format_html(
        '<div class="leaf">{}{}</div>', key, json_tree(child, depth + 1) if depth < 60 else _leaf(str(child))
    )


def _leaf(value: Any) -> SafeString:
    if isinstance(value, str):
        return format_html('<span class="string">{}</span>', with_media(value))
    return format_html('<span class="other">{}</span>', json.dumps(value))


@register.inclusion_tag("components/content.html")
def content(json_text: str | None, title: str = "", uid: str = "", news_only: bool = False) -> dict[str, Any]:
    """A stored JSON text as a person wants it: messages, text or tree, with the raw form one click away.

    `news_only` folds what was said before the last answer: a turn of a chat repeats the whole history in its input.
    """
    return _content(contents.read_content(json_text), title, uid, news_only)


@register.inclusion_tag("components/content.html")
def content_value(value: Any, title: str = "", uid: str = "") -> dict[str, Any]:
    """The same for a Python value."""
    return _content(contents.value_content(value), title, uid)


def _content(read: contents.Content, title: str, uid: str, news_only: bool = False) -> dict[str, Any]:
    answers = [position for position, message in enumerate(read.messages) if message.role == "assistant"]
    earlier = answers[-1] + 1 if news_only and answers and answers[-1] + 1 < len(read.messages) else 0
    return {
        "content": read,
        "messages": read.messages[earlier:],
        "earlier": read.messages[:earlier],
        "title": title,
        "uid": uid or f"c{id(read):x}",
        "fold_after": FOLD_AFTER,
        "pretty": _pretty(read),
    }


def _pretty(read: contents.Content) -> str:
    if read.value is None or isinstance(read.value, str):
        return read.raw
    return json.dumps(read.value, ensure_ascii=False, indent=2)


@register.inclusion_tag("components/snippet.html")
def snippet(code: str, language: str = "") -> dict[str, str]:
    """Code to paste, with a copy button."""
    return {"code": code.strip("\n"), "language": language}


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(context: Context, column: str, label: str, kind: str = "") -> dict[str, Any]:
    """A `<th>` that sorts by `column` through `?order=column.asc|desc`; `kind="number"` aligns right."""
    request = context["request"]
    now, _dot, direction = str(context.get("order") or "").partition(".")
    active = now == column
    params = request.GET.copy()
    for name in ("cursor", "page"):
        params.pop(name, None)
    params["order"] = f"{column}.{'asc' if active and direction == 'desc' else 'desc'}"
    return {
        "label": label,
        "kind": kind,
        "active": active,
        "direction": direction,
        "url": f"?{params.urlencode()}",
        "column": column,
    }


@register.simple_tag(takes_context=True)
def without(context: Context, *names: str, **values: Any) -> str:
    """This page's query string without some parameters (and without its page), others set: for filter chips."""
    params = context["request"].GET.copy()
    for name in (*names, "cursor", "back", "page"):
        params.pop(name, None)
    for name, value in values.items():
        params[name] = value
    return f"?{params.urlencode()}"


TYPE_ICONS = {
    "GENERATION": "auto_awesome",
    "SPAN": "segment",
    "EVENT": "bolt",
    "AGENT": "smart_toy",
    "TOOL": "build",
    "CHAIN": "link",
    "RETRIEVER": "search",
    "EVALUATOR": "fact_check",
    "EMBEDDING": "grain",
    "GUARDRAIL": "shield",
}


@register.filter
def type_icon(observation_type: str) -> str:
    """The icon of an observation type."""
    return TYPE_ICONS.get(observation_type, "segment")


@register.filter
def get(mapping: Mapping[str, Any], key: str) -> Any:
    """`mapping[key]`, or None."""
    return mapping.get(key)


@register.filter
def unlocalize(value: Any) -> str:
    """A number as programs write it, whatever the language: for addresses, attributes and SVG."""
    return str(value)


@register.filter
def json_items(json_text: str | None) -> list[tuple[str, Any]]:
    """The members of a stored JSON object."""
    value = json.loads(json_text) if json_text else None
    return list(value.items()) if isinstance(value, dict) else []


@register.filter
def divided_by(value: float | None, divisor: float | None) -> float | None:
    """A quotient, or None."""
    return None if value is None or not divisor else value / divisor


@register.filter
def chart_data(spec: Mapping[str, Any]) -> SafeString:
    """The JSON that `charts.js` reads, as a script that is data and is not executed."""
    return json_script(spec)


@register.filter
def usage_items(usage: Mapping[str, int]) -> list[tuple[str, int]]:
    """Usage in the order of reading: inputs, outputs, others, the total last."""
    order = {"i": 0, "o": 1, "t": 3}
    return sorted(usage.items(), key=lambda item: (order.get(item[0][:1], 2), item[0]))
