"""What clients of a former time fail on. Typed ones refuse a whole answer for one value that they do not know."""

from rest_framework.request import Request


def knows_texts(request: Request, *, unnamed: bool = True) -> bool:
    """Whether the client knows scores and configs of the type TEXT, which Python's SDK 2 does not.

    SDKs say who they are; their generated API client used by itself only says which language it speaks. `unnamed` is
    what to believe of that one.
    """
    name = request.headers.get("x-langfuse-sdk-name")
    if name is None and request.headers.get("x-fern-language") == "Python":
        return unnamed
    return name != "python" or not request.headers.get("x-langfuse-sdk-version", "").startswith(("1.", "2."))
