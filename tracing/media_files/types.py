"""What kinds of content may do in a browser."""

import mimetypes
import re

# A browser may show these in place, besides sound and film: none of them can run a script. All else is handed over as
# a file: HTML, SVG, PDF, XML…
_PICTURES = ("png", "jpeg", "jpg", "webp", "gif", "bmp", "avif", "tiff", "heic")
_SHOWN = frozenset({"text/plain", *(f"image/{kind}" for kind in _PICTURES)})
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_ENDINGS = {"image/jpg": ".jpg", "audio/mp3": ".mp3", "audio/oga": ".oga", "text/x-typescript": ".ts"}


def is_type(text: str) -> bool:
    """Whether a text is a plain content type: two words and a slash, no parameters."""
    return _TYPE.fullmatch(text) is not None


def file_name(media_id: str, content_type: str) -> str:
    """What a person's download is called."""
    return media_id + (_ENDINGS.get(content_type) or mimetypes.guess_extension(content_type) or ".bin")


def disposition(name: str, content_type: str) -> str:
    """The Content-Disposition header; `name` is made by `file_name` and needs no escaping."""
    shown = content_type in _SHOWN or content_type.startswith(("audio/", "video/"))
    return f'{"inline" if shown else "attachment"}; filename="{name}"'
