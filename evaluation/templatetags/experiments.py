"""What only the pages of experiments show: `{% load experiments %}`."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from common.errors import DomainError
from common.templatetags.promptlab import count, money

register = template.Library()


@register.simple_tag
def spent(cost: float | None, unpriced: int = 0) -> SafeString | str:
    """What was spent (US dollars), with the calls that are not in it because nobody knows their price."""
    if not unpriced:
        return money(cost)
    n = count(unpriced)
    if not cost:
        return ngettext("price unknown for %(n)s call", "price unknown for %(n)s calls", unpriced) % {"n": n}
    told = ngettext("%(cost)s and %(n)s call of unknown price", "%(cost)s and %(n)s calls of unknown price", unpriced)
    return told % {"cost": money(cost), "n": n}


@register.simple_tag
def field_error(error: DomainError | None, names: str) -> SafeString | str:
    """The refusal, where it is about one of these fields (blank between them); `mapping*` means its parts, too."""
    if error is None or not error.field:
        return ""
    whole = error.field.partition("[")[0]
    return _shown(error) if error.field in names.split() or f"{whole}*" in names.split() else ""


@register.simple_tag
def row_error(error: DomainError | None, name: str, place: int | str) -> SafeString | str:
    """The refusal, where it is about this row of a list (`models[0]`, `models[0].temperature`)."""
    if error is None or (error.field or "").partition(".")[0] != f"{name}[{place}]":
        return ""
    return _shown(error)


@register.simple_tag
def spent_shortly(cost: float | None, unpriced: int = 0) -> SafeString | str:
    """The same where there is little room: what is not in it stands in the title."""
    if not unpriced:
        return money(cost)
    shown = f"{money(cost)} + ?" if cost else "?"
    return format_html('<span class="nowrap" title="{}">{}</span>', spent(cost, unpriced), shown)


def _shown(error: DomainError | None) -> SafeString | str:
    return format_html('<ul class="errorlist"><li>{}</li></ul>', error.message) if error else ""
