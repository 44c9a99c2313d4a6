"""What answers cost, in words: a price that nobody knows is no zero, and a sum without it says so."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def cost_text(cost: float | None, unpriced: int, written: Callable[[float], str]) -> str:
    """`cost` in US dollars as `written` spells it, with the `unpriced` answers that are not in it; empty where nothing
    says that there was a cost."""
    if not unpriced:
        return "" if cost is None else written(cost)
    if not cost:
        return _("price unknown")
    told = ngettext(
        "%(cost)s without %(n)s answer of unknown price", "%(cost)s without %(n)s answers of unknown price", unpriced
    )
    return told % {"cost": written(cost), "n": unpriced}
