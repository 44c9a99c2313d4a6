"""Blocks of code in a text, as models fence them."""

from collections.abc import Iterator

FENCE = "```"


def json_blocks(text: str) -> Iterator[str]:
    """What stands between ```` ```json ```` (or a bare fence) and the next fence, in order.

    The text is read once: a model that falls into writing line breaks for ever must not hold up who reads it.
    """
    parts = text.split(FENCE)
    for inside in parts[1:-1:2]:
        told, line_break, block = inside.partition("\n")
        if line_break and told.strip().casefold() in ("", "json"):
            yield block
