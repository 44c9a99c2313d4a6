"""What the benchmark's programs do: traces of five observations, two of them generations with 1 kB in and out.

A few hundred stories are told again and again with other ids and at other times. Weights are uneven, as in life: some
users are busy, some models are rare, few steps fail.
"""

import random
from dataclasses import dataclass

from benchmarks.prose import prose

TEXT = 1024
STEPS = 5
NAMES = (
    "answer question", "summarize document", "route ticket", "draft reply", "translate", "extract invoice",
    "ответ на вопрос", "разбор обращения", "plan trip", "review code", "classify intent", "write report",
)  # fmt: skip
TAGS = ("web", "mobile", "beta", "ru", "en", "vip", "batch", "eval", "rare")
MODELS = {  # name: (weight, prompt)
    "gpt-4o-mini": 40, "gpt-4o": 20, "claude-sonnet-4-20250514": 15, "gemini-2.5-flash": 12, "mistral-large-latest": 6,
    "text-embedding-3-small": 5, "house-llm-7b": 2,
}  # fmt: skip
PROMPTS = ("support/answer", "support/route", "summary", "translate/ru", "extract", "review")
TEAMS = ("search", "support", "growth", "billing", "platform")
TENANTS = 30
USERS = 40
LEVELS = {"DEFAULT": 90, "DEBUG": 5, "WARNING": 3, "ERROR": 2}
ENVIRONMENTS = {"production": 80, "staging": 15, "development": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One observation; times are milliseconds after the story's beginning."""

    name: str
    type: str
    parent: int | None
    start: int
    end: int
    level: str
    metadata: dict[str, str]
    input: object = None
    output: object = None
    model: str = ""
    first_token: int = 0
    usage: dict[str, int] | None = None
    prompt: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One trace."""

    name: str
    user: str
    session: str  # within the request
    environment: str
    release: str
    version: str
    tags: list[str]
    metadata: dict[str, str]
    steps: tuple[Step, ...]


def story(chance: random.Random, steps: int = STEPS) -> Story:
    """A trace of so many observations, two in five of them generations."""
    user = min(int(chance.expovariate(1 / 9)), USERS - 1)
    start = chance.randrange(4000)
    length = min(int(chance.lognormvariate(7.5, 0.8)), 60_000)
    return Story(
        name=chance.choices(NAMES, range(len(NAMES), 0, -1))[0],
        user=f"user-{user}",
        session=f"{user}",
        environment=_weighted(chance, ENVIRONMENTS),
        release=f"v1.{chance.randrange(5)}.0",
        version=str(chance.randrange(1, 4)),
        tags=sorted({tag for tag in TAGS if chance.random() < (0.002 if tag == "rare" else 0.2)}),
        metadata={
            "team": chance.choice(TEAMS),
            "tenant": f"tenant-{chance.randrange(TENANTS)}",
            "plan": chance.choice(("free", "pro", "enterprise")),
        },
        steps=tuple(_step(chance, position, steps, start, length) for position in range(steps)),
    )


def _step(chance: random.Random, position: int, steps: int, begin: int, length: int) -> Step:
    start = begin + length * position // (steps + 1)
    kind = ("span", "retriever", "tool", "generation", "generation")[position % STEPS] if position else "agent"
    usual = {
        "parent": None if not position else position - position % STEPS if position % STEPS else position - STEPS,
        "start": start,
        "end": begin + length if not position else start + chance.randrange(1, length // steps + 10),
        "level": _weighted(chance, LEVELS),
        "metadata": {"step": f"step {position}", "attempt": str(1 + (chance.random() < 0.05))},
        "name": f"{kind} {position % STEPS}",
        "type": kind,
    }
    if kind != "generation":
        if position:
            return Step(**usual)
        return Step(input={"question": prose(chance, 60)}, output=prose(chance, 80), **usual)
    system = {"role": "system", "content": "You are a helpful assistant. Answer in the language of the question."}
    spent = chance.randrange(120, 400), chance.randrange(80, 400)
    return Step(
        input=[system, {"role": "user", "content": prose(chance, TEXT - 140)}],
        output={"role": "assistant", "content": prose(chance, TEXT - 40)},
        model=_weighted(chance, MODELS),
        first_token=min(start + chance.randrange(1, 900), 9_999),
        usage={"input": spent[0], "output": spent[1], "total": sum(spent)},
        prompt=(chance.choice(PROMPTS), chance.randrange(1, 6)) if chance.random() < 0.5 else None,
        **usual,
    )


def _weighted(chance: random.Random, weights: dict[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]
