"""When asking on is no use: after so many failures in a row."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

from evaluation.models import EvaluatorVersion
from llm.calls import CallFailed, FailureKind
from llm.client import NoConnection
from llm.clients import Clients
from tracing.recorder import RecordedCall

# By the kind of the last one; a kind that is not here says nothing about the next call.
CALLS: Mapping[FailureKind, int] = {
    FailureKind.AUTH: 5,
    FailureKind.NO_CREDIT: 5,
    FailureKind.NOT_FOUND: 5,
    FailureKind.FORBIDDEN_HOST: 1,
    FailureKind.UNREADABLE_KEY: 1,
    FailureKind.BAD_REQUEST: 20,
    FailureKind.RATE_LIMITED: 20,
    FailureKind.TIMEOUT: 20,
    FailureKind.SERVER: 20,
    FailureKind.CONNECTION: 20,
    FailureKind.INVALID_ANSWER: 20,
}
# Of programs, and of judges' answers that cannot be read.
OTHERS = 20


class Strikes:
    """Counts failures in a row, of a model or an evaluator by whatever name the caller gives it."""

    def __init__(self) -> None:
        self._counts: Counter[Hashable] = Counter()

    def out(self, whose: Hashable, kind: FailureKind | None) -> bool:
        """Note a failure (`kind` None: of no call); whether it was one too many."""
        most = OTHERS if kind is None else CALLS.get(kind)
        if most is None:
            return False
        self._counts[whose] += 1
        return self._counts[whose] >= most

    def clear(self, whose: Hashable) -> None:
        """Note a success."""
        self._counts.pop(whose, None)


def is_out(strikes: Strikes, version: EvaluatorVersion, calls: Sequence[RecordedCall], clients: Clients) -> bool:
    """Note that an evaluator failed, after these calls; whether it is to be asked no more.

    Metrics are asked always: they cost nothing. A judge that failed without a call lacks something in this item, unless
    its connection is gone.
    """
    if version.metric is not None:
        return False
    if version.output is not None and not calls:
        try:
            clients.named(version.provider)
        except NoConnection:
            return True
        return False
    failed = next((call.result for call in calls if isinstance(call.result, CallFailed)), None)
    return strikes.out(version.pk, failed.kind if failed else None)
