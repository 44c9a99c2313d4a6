"""Who does something to a dataset: a person or a program."""

from dataclasses import dataclass

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Author:
    """The acting person, or the public key of the acting program; neither: the server itself."""

    user: User | None = None
    api_key: str = ""


SERVER = Author()
