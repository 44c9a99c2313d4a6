"""Pictures, sounds and files that a text refers to, shown where it does."""

import re

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common.content import MEDIA_MARK

_REFERENCE = re.compile(r"@@@langfuseMedia:([^@]{1,300})@@@")
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_IMAGE = (
    '<a class="medium" href="{url}" target="_blank" rel="noopener"><img src="{url}" alt="{kind}" loading="lazy"></a>'
)
# The first word of the content type -> how it is shown.
_SHAPES = {
    "image": _IMAGE,
    "audio": '<audio class="medium" src="{url}" controls preload="none" aria-label="{kind}"></audio>',
    "video": '<video class="medium" src="{url}" controls preload="metadata" aria-label="{kind}"></video>',
}
_FILE = (
    '<a class="medium file" href="{url}" download><span class="icon" aria-hidden="true">attach_file</span>{kind}</a>'
)


def with_media(text: str) -> SafeString | str:
    """A template filter: the text with media in the place of references to them.

    Address and kind stand in the reference itself, so that none costs a query; one that leads nowhere shows as such.
    """
    if MEDIA_MARK not in text:
        return text
    parts = _REFERENCE.split(text)  # every second one is the inside of a reference
    return format_html_join("", "{}", ((_medium(part) if n % 2 else part,) for n, part in enumerate(parts)))


def _medium(fields: str) -> SafeString | str:
    given = dict(field.partition("=")[::2] for field in fields.split("|"))
    kind, media_id = given.get("type", ""), given.get("id", "")
    if not _ID.fullmatch(media_id):
        return f"{MEDIA_MARK}{fields}@@@"
    shape = _SHAPES.get(kind.partition("/")[0], _FILE)
    return format_html(shape, url=reverse("media_file", args=[media_id]), kind=kind or _("file"))
