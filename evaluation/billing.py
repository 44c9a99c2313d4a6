"""What a call costs, known the moment it is answered: the same figure that its trace will bear."""

from dataclasses import dataclass

from datasets.jsontext import to_text
from llm import pricing, tokens
from llm.calls import Answer, ChatRequest
from llm.pricing import PriceBook
from tracing.ingestion.usage import usage_details
from tracing.recorder import RecordedCall


@dataclass(frozen=True, slots=True)
class Bills:
    """By the prices of a project, read where the database may be asked."""

    book: PriceBook

    def of(self, request: ChatRequest, answer: Answer) -> float | None:
        """US dollars; None where nobody knows the price."""
        if answer.cost is not None:
            return answer.cost
        price = self.book.match(request.model, answer.started_at)
        if price is None:
            return None
        usage = usage_details(answer.usage)
        if not usage:
            asked = to_text(list(request.messages))
            said = to_text(answer.text)
            usage = {
                "input": tokens.count(request.model, asked, price.tokenizer) or 0,
                "output": tokens.count(request.model, said, price.tokenizer) or 0,
            }
        return self.book.cost(price, usage, answer.started_at).get("total")


def is_unpriced(call: RecordedCall, cost: float | None) -> bool:
    """Whether the call was answered, and nobody knows at what price (`cost`: what `tracing.recorder.record` says)."""
    return cost is None and isinstance(call.result, Answer)


def bills(project_id: str) -> Bills:
    """The prices of the project as they are now."""
    return Bills(pricing.book(project_id))
