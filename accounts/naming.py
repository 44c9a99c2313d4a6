"""Names that people give."""

from django.utils.translation import gettext as _

from common.errors import Invalid

LONGEST = 200


def needs_name(name: str) -> str:
    """The name without spaces around it. Raises Invalid (field `name`) when it is empty, too long or unprintable."""
    name = name.strip()
    if not name:
        raise Invalid(_("Give it a name."), "name")
    if len(name) > LONGEST:
        raise Invalid(_("The name is longer than %(longest)s characters.") % {"longest": LONGEST}, "name")
    if not name.isprintable():
        raise Invalid(_("The name holds characters that cannot be shown."), "name")
    return name
