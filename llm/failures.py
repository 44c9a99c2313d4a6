"""What went wrong with a call, as the one failure that callers know; each sentence says what to do about it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from json import JSONDecodeError

import httpx2
import openai
from django.utils.translation import gettext as _

from common.errors import Invalid
from llm.calls import FailureKind
from llm.payloads import CutShort, NoAnswer, excerpt, words_of


@dataclass(frozen=True, slots=True)
class Fault:
    """One attempt that failed. `retry_after` is the provider's wish, in seconds."""

    kind: FailureKind
    message: str
    status: int | None = None
    retry_after: float | None = None


# Status -> what it means; any other 4xx is a BAD_REQUEST, any other 5xx a SERVER.
_KINDS = {
    401: FailureKind.AUTH,
    402: FailureKind.NO_CREDIT,
    403: FailureKind.AUTH,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    409: FailureKind.SERVER,
    425: FailureKind.SERVER,
    429: FailureKind.RATE_LIMITED,
}
# Some say by 400 or 429 what has a status of its own; their words tell. The first that is found counts.
_TELLING = (
    (FailureKind.AUTH, 400, re.compile(r"API_KEY_INVALID|API key not valid", re.IGNORECASE)),
    (FailureKind.NO_CREDIT, 429, re.compile(r"insufficient_quota|exceeded your current quota", re.IGNORECASE)),
    (FailureKind.NO_CREDIT, 400, re.compile(r"credit balance is too low", re.IGNORECASE)),
)


def fault_of(error: Exception, model: str, address: str) -> Fault:
    """What an exception means: one of the `openai` package, or one that says that there was no answer."""
    if isinstance(error, openai.APIStatusError):
        return _refused(error.response, model, address)
    if isinstance(error, openai.APITimeoutError):
        return Fault(FailureKind.TIMEOUT, _("%(address)s cannot be reached in time. Try later.") % {"address": address})
    if isinstance(error, JSONDecodeError):  # in a stream
        error = NoAnswer(f"no JSON: {excerpt(error.doc, 200)}")
    if isinstance(error, NoAnswer):
        told = _("What came is no answer: %(words)s. Check the base URL; if it is right, try again later.")
        return Fault(FailureKind.INVALID_ANSWER, told % {"words": _bare(str(error))})
    if isinstance(error, CutShort):
        return Fault(FailureKind.CONNECTION, _("The stream ended before the answer was whole. Try again."))
    cause = error.__cause__ or error
    if isinstance(cause, Invalid):
        return Fault(FailureKind.FORBIDDEN_HOST, cause.message)
    if isinstance(cause, httpx2.ConnectError):
        words = _("Nobody answers at %(address)s: %(words)s. Check the base URL of the connection.")
        return Fault(FailureKind.CONNECTION, words % {"address": address, "words": _detail(cause)})
    if isinstance(cause, httpx2.TransportError):
        words = _("The connection was cut before the answer was whole: %(words)s. Try again.")
        return Fault(FailureKind.CONNECTION, words % {"words": _detail(cause)})
    if isinstance(error, openai.APIError):  # an error in the middle of a stream
        words = _("The provider broke the answer off: %(words)s. Try again later.")
        return Fault(FailureKind.SERVER, words % {"words": _bare(words_of(error.body) or error.message)})
    words = _("The request cannot be sent: %(words)s. Change it or the connection.")
    return Fault(FailureKind.BAD_REQUEST, words % {"words": _detail(cause)})


def too_slow(seconds: float) -> Fault:
    """The answer took longer than the caller waits."""
    words = _("There was no whole answer within %(seconds)g s. Try later, or give the connection more time.")
    return Fault(FailureKind.TIMEOUT, words % {"seconds": seconds})


def _refused(response: httpx2.Response, model: str, address: str) -> Fault:
    status = response.status_code
    words = _bare(_words(response) or response.reason_phrase or "")
    if status < 400:
        told = _("%(address)s sends us on to %(words)s (%(status)s). Enter the right address as the base URL.")
        where = excerpt(response.headers.get("location", "?"))
        return Fault(FailureKind.NOT_FOUND, told % {"address": address, "status": status, "words": where}, status)
    kind = _KINDS.get(status, FailureKind.BAD_REQUEST if status < 500 else FailureKind.SERVER)
    body = response.text[:5000]
    kind = next((told for told, code, words_ in _TELLING if code == status and words_.search(body)), kind)
    sentence = _SENTENCES[kind]() % {"status": status, "words": words, "model": model, "address": address}
    return Fault(kind, sentence, status, _retry_after(response.headers))


_SENTENCES: dict[FailureKind, Callable[[], str]] = {
    FailureKind.AUTH: lambda: _(
        "The provider refuses the key (%(status)s): %(words)s. Enter a valid one in the connection."
    ),
    FailureKind.NO_CREDIT: lambda: _(
        "The account with the provider is empty (%(status)s): %(words)s. Top it up, then go on."
    ),
    FailureKind.NOT_FOUND: lambda: _(
        "There is no model %(model)s at %(address)s (%(status)s): %(words)s. Check the model's name and the base URL."
    ),
    FailureKind.RATE_LIMITED: lambda: _(
        "The provider takes no more calls now (%(status)s): %(words)s. Try later, or lower the connection's limits."
    ),
    FailureKind.TIMEOUT: lambda: _("The provider gave up waiting (%(status)s): %(words)s. Try later."),
    FailureKind.SERVER: lambda: _("The provider failed (%(status)s): %(words)s. Try again later."),
    FailureKind.BAD_REQUEST: lambda: _("The provider refuses the request (%(status)s): %(words)s. Change the request."),
}


def _words(response: httpx2.Response) -> str:
    try:
        return words_of(response.json())
    except ValueError:
        return "" if "html" in response.headers.get("content-type", "") else excerpt(response.text, 200)


def _retry_after(headers: httpx2.Headers) -> float | None:
    """RFC 9110, section 10.2.3: seconds or a date; `retry-after-ms` is OpenAI's and Azure's finer one."""
    for name, per_second in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / per_second
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        at = parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _detail(error: BaseException) -> str:
    return _bare(excerpt(str(error), 200) or type(error).__name__)


def _bare(words: str) -> str:
    """Without its full stop: it goes into a sentence."""
    return words.rstrip(". ")
