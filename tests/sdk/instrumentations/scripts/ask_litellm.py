"""LiteLLM's part, for either of its callbacks."""

import time
from typing import Any

import litellm
from play import EMBEDDING_MODEL, MESSAGES, MODEL, STREAMED, TOOL, TOOL_QUESTION


def ask(**told: Any) -> None:
    """A chat, a stream, a call of a tool, an embedding, each with arguments of its own: LiteLLM writes in them."""
    litellm.completion(model=f"openai/{MODEL}", messages=MESSAGES, temperature=0.2, max_tokens=50, **_fresh(told))
    usage = {"include_usage": True}
    for _ in litellm.completion(
        model=f"openai/{MODEL}", messages=STREAMED, stream=True, stream_options=usage, **_fresh(told)
    ):
        pass
    asked = [{"role": "user", "content": TOOL_QUESTION}]
    litellm.completion(model=f"openai/{MODEL}", messages=asked, tools=[TOOL], **_fresh(told))
    litellm.embedding(model=f"openai/{EMBEDDING_MODEL}", input=["Rome"], dimensions=8, **_fresh(told))
    time.sleep(7)  # it tells of its calls in threads of its own


def _fresh(told: dict[str, Any]) -> dict[str, Any]:
    return {name: dict(value) if isinstance(value, dict) else value for name, value in told.items()}
