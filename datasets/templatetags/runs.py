"""What only the pages of runs show: `{% load runs %}`."""

from django import template
from django.utils.safestring import SafeString

from common.templatetags.promptlab import NOTHING, money
from datasets.costs import cost_text
from datasets.verdicts import INTERVALS

register = template.Library()


@register.simple_tag
def spent(cost: float | None, unpriced: int) -> SafeString | str:
    """What answers cost in US dollars, or that nobody knows."""
    return cost_text(cost, unpriced, lambda amount: str(money(amount))) or NOTHING


@register.filter
def interval_name(method: str) -> str:
    """Where an interval comes from (`Estimate.method`), after a colon; empty without one."""
    return f": {INTERVALS[method]}" if method in INTERVALS else ""
