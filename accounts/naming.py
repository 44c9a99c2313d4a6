"""Names that people give."""

from common.errors import Invalid

LONGEST = 200


def needs_name(name: str) -> str:
    """The name without spaces around it. Raises Invalid (field `name`) when it is empty, too long or unprintable."""
    name = name.strip()
    if not name:
        raise Invalid("Give it a name.", "name")
    if len(name) > LONGEST:
        raise Invalid(f"The name is longer than {LONGEST} characters.", "name")
    if not name.isprintable():
        raise Invalid("The name holds characters that cannot be shown.", "name")
    return name
