"""What clients of a former time fail on. Typed ones refuse a whole answer for one value that they do not know."""

from rest_framework.request import Request


def knows_texts(request: Request) -> bool:
    """Whether the client knows scores and configs of the type TEXT: SDK 2 of Python, which says who it is, does not."""
    version = request.headers.get("x-langfuse-sdk-version", "")
    return request.headers.get("x-langfuse-sdk-name") != "python" or not version.startswith(("1.", "2."))
