"""Everything that Python SDK 3, 4 and 5 offer, called once; `watching` tells what was forgotten."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import httpx
import langfuse as package
import watching
from langfuse import Evaluation, EvaluatorInputs, Langfuse, get_client, observe, propagate_attributes
from langfuse._client import datasets, span
from langfuse.experiment import ExperimentResult, create_evaluator_from_autoevals
from langfuse.media import LangfuseMedia
from langfuse.model import ChatPromptClient, TextPromptClient

NAME = os.environ["SURFACE"]
PIXEL = bytes.fromhex(json.loads(os.environ["STORY"])["PIXEL"])
KINDS = ("span", "generation", "agent", "tool", "chain", "embedding", "evaluator", "retriever", "guardrail")

spans = [kind for name, kind in vars(span).items() if name.startswith("Langfuse") and isinstance(kind, type)]
spans = [kind for kind in spans if kind.__module__ == span.__name__]
optional = [getattr(package, name) for name in ("LangfuseMediaReference", "RunnerContext") if hasattr(package, name)]
watching.watch(
    Langfuse, *spans, *optional, TextPromptClient, ChatPromptClient, LangfuseMedia, ExperimentResult,
    *(kind for name, kind in vars(datasets).items() if name.startswith("Dataset") and name.endswith("Client")
      and isinstance(kind, type) and kind.__module__ == datasets.__name__),
)


def mask(data: Any, **_: Any) -> Any:
    """Hides what must not leave."""
    return json.loads(json.dumps(data, default=str, ensure_ascii=False).replace("secret", "******"))


langfuse = Langfuse(environment="surface", mask=mask)


def elsewhere(prompt: dict[str, Any]) -> None:
    """A new version that this process does not know of."""
    keys = os.environ["LANGFUSE_PUBLIC_KEY"], os.environ["LANGFUSE_SECRET_KEY"]
    httpx.post(f"{os.environ['LANGFUSE_HOST']}/api/public/v2/prompts", json=prompt, auth=keys).raise_for_status()


def prompts() -> dict[str, Any]:
    text = f"{NAME}/text"
    langfuse.create_prompt(name=text, prompt="Hi {{name}}", labels=["production"])
    first = langfuse.get_prompt(text, cache_ttl_seconds=300)
    elsewhere({"name": text, "prompt": "Hello {{name}}", "labels": ["production"]})
    cached = langfuse.get_prompt(text, cache_ttl_seconds=300)
    langfuse.clear_prompt_cache()
    fresh = langfuse.get_prompt(text, cache_ttl_seconds=0)
    langfuse.update_prompt(name=text, version=1, new_labels=["old"])
    chat = langfuse.create_prompt(name=f"{NAME}/chat", type="chat", prompt=[{"role": "user", "content": "Hi {{name}}"}])
    fallback = langfuse.get_prompt(f"{NAME}/none", fallback="Bye {{name}}", max_retries=0)
    return {
        "first": first.compile(name="A"),
        "cached": cached.compile(name="A"),
        "fresh": fresh.compile(name="A"),
        "langchain": [first.get_langchain_prompt(), chat.get_langchain_prompt()],
        "chat": chat.compile(name="A"),
        "fallback": [fallback.compile(name="A"), fallback.is_fallback],
    }


def tracing() -> dict[str, Any]:
    trace_id = Langfuse.create_trace_id(seed=NAME)
    with propagate_attributes(user_id="u", session_id=f"{NAME}-session", tags=["a"], metadata={"k": "v"}, version="1"):
        with langfuse.start_as_current_observation(
            name="root", input="my secret", trace_context={"trace_id": trace_id}
        ) as root:
            for kind in KINDS:
                root.start_observation(name=kind, as_type=kind, input={"kind": kind}).end()
            with root.start_as_current_observation(name="inner", as_type="generation", model="gpt-4o-mini") as inner:
                langfuse.update_current_generation(usage_details={"input": 3, "output": 1}, output="secret answer")
                inner.score(name="of inner", value=0.25)
            root.create_event(name="event", level="WARNING")
            langfuse.create_event(name="another event")
            langfuse.start_observation(name="loose").end()
            langfuse.update_current_span(metadata={"more": 1})
            langfuse.score_current_span(name="current span", value=1, data_type="BOOLEAN")
            langfuse.score_current_trace(name="current trace", value="good", data_type="CATEGORICAL")
            root.score_trace(name="of trace", value=0.5)
            root.update(output="done").update(status_message="fine")
            ids = {"trace": langfuse.get_current_trace_id(), "observation": langfuse.get_current_observation_id()}
            generation_of_its_own(root)
        url = langfuse.get_trace_url(trace_id=trace_id)
    scores(trace_id)
    return {**ids, "wanted": trace_id, "url": url}


def generation_of_its_own(root: Any) -> None:
    """What only some generations have."""
    if hasattr(root, "start_span"):  # 3
        root.start_span(name="old span").end()
        root.start_generation(name="old generation").end()
        with root.start_as_current_span(name="old current span"):
            langfuse.update_current_trace(name="renamed")
        with root.start_as_current_generation(name="old current generation"):
            pass
        langfuse.start_span(name="old span").end()
        langfuse.start_generation(name="old generation").end()
        with langfuse.start_as_current_span(name="old current span"):
            pass
        with langfuse.start_as_current_generation(name="old current generation"):
            pass
        root.update_trace(public=True)
    if hasattr(root, "set_trace_as_public"):  # 4 and 5
        root.set_trace_as_public()
        langfuse.set_current_trace_as_public()
    if hasattr(root, "set_trace_io"):  # 4
        root.set_trace_io(input="my secret", output="done")
        langfuse.set_current_trace_io(input="my secret", output="done")


def scores(trace_id: str) -> None:
    def give(**score: Any) -> None:
        langfuse.create_score(trace_id=trace_id, **score)

    give(name="number", value=0.75, comment="why", metadata={"by": "hand"})
    give(name="flag", value=1, data_type="BOOLEAN")
    give(name="word", value="good", data_type="CATEGORICAL")
    give(name="text", value="A sentence.", data_type="TEXT")
    give(name="again", value=1, score_id=f"{NAME}-score")
    give(name="again", value=2, score_id=f"{NAME}-score")
    langfuse.create_score(session_id=f"{NAME}-session", name="of session", value=1)


@observe()
def plain(word: str) -> str:
    return word.upper()


@observe(as_type="generation", capture_input=False)
async def asked(word: str) -> str:
    await asyncio.sleep(0)
    return plain(word)


@observe()
def streamed(word: str) -> Any:
    yield from word


@observe()
async def streamed_async(word: str) -> Any:
    for letter in word:
        yield letter


async def decorated() -> dict[str, Any]:
    trace_id = Langfuse.create_trace_id()
    answer = await asked("abc", langfuse_trace_id=trace_id)
    letters = [letter async for letter in streamed_async("xyz")]
    return {"trace": trace_id, "answer": answer, "letters": [*streamed("xyz"), *letters]}


def evaluations() -> dict[str, Any]:
    dataset_name = f"{NAME}/set"
    langfuse.create_dataset(name=dataset_name)
    for number in (1, 2):
        langfuse.create_dataset_item(dataset_name=dataset_name, input=number, expected_output=number * 2)

    async def double(*, item: Any, **_: Any) -> int:
        return (item["input"] if isinstance(item, dict) else item.input) * 2

    async def right(*, output: int, expected_output: int, **_: Any) -> list[Evaluation]:
        return [Evaluation(name="right", value=output == expected_output, data_type="BOOLEAN")]

    def both(*, evaluations: list[Evaluation], **_: Any) -> Evaluation:
        return Evaluation(name="composite", value=float(len(evaluations)))

    class Auto:
        def __call__(self, **_: Any) -> Any:
            return type("Score", (), {"name": "auto", "score": 0.5, "metadata": {"comment": "half"}})()

    told: dict[str, Any] = {"dataset": dataset_name}
    dataset = langfuse.get_dataset(dataset_name)
    run = dataset.run_experiment(
        name="on a dataset", run_name="run 1", task=double, evaluators=[right, create_evaluator_from_autoevals(Auto())],
        composite_evaluator=both, run_evaluators=[lambda **_: Evaluation(name="whole", value="fine")],
    )
    told["formatted"] = "right" in run.format(include_item_results=True)
    local = langfuse.run_experiment(
        name="on local data", data=[{"input": 3, "expected_output": 6}], task=double, evaluators=[right]
    )
    told["local"] = [result.output for result in local.item_results]
    if hasattr(package, "RunnerContext"):
        context = package.RunnerContext(client=langfuse, data=dataset.items, metadata={"ci": "yes"})
        told["ci"] = len(context.run_experiment(name="in ci", task=double).item_results)
    langfuse.flush()
    if hasattr(dataset.items[0], "run"):  # 3
        with dataset.items[0].run(run_name="run 2") as root:
            root.update(output=2)
        langfuse.flush()
    if hasattr(langfuse, "get_dataset_runs"):  # 3 and 4
        told["runs"] = sorted(one.name for one in langfuse.get_dataset_runs(dataset_name=dataset_name).data)
        told["run items"] = len(
            langfuse.get_dataset_run(dataset_name=dataset_name, run_name="run 1").dataset_run_items
        )
        langfuse.delete_dataset_run(dataset_name=dataset_name, run_name="run 1")
    return told


def batch(trace_id: str) -> dict[str, Any]:
    """Evaluates what is already traced."""
    scope = {"scope": "traces"} if hasattr(Langfuse, "get_dataset_runs") else {}
    column = "id" if scope else "traceId"
    conditions = json.dumps([{"type": "string", "column": column, "operator": "=", "value": trace_id}])
    result = langfuse.run_batched_evaluation(
        **scope,
        filter=conditions,
        mapper=lambda *, item, **_: EvaluatorInputs(input=item.input, output=item.output, expected_output=None),
        evaluators=[lambda **_: Evaluation(name="judged later", value=1.0)],
    )
    return {"processed": result.total_items_processed, "scores": result.total_scores_created}


def media() -> dict[str, Any]:
    picture = LangfuseMedia(content_bytes=PIXEL, content_type="image/png")
    with langfuse.start_as_current_observation(name="picture") as shown:
        shown.update(input={"picture": picture})
    langfuse.flush()
    reference = picture._reference_string
    told = {"parsed": LangfuseMedia.parse_reference_string(reference)["content_type"]}
    for resolve in (langfuse.resolve_media_references, LangfuseMedia.resolve_media_references):
        client = {} if resolve == langfuse.resolve_media_references else {"langfuse_client": langfuse}
        found = resolve(obj={"deep": [reference]}, resolve_with="base64_data_uri", **client)
        told["resolved"] = found["deep"][0][:22]
    if hasattr(package, "LangfuseMediaReference"):
        told["fetched"] = media_of_a_dataset(reference)
    return told


def media_of_a_dataset(reference: str) -> bool:
    """Items of datasets come with objects where they refer to files."""
    name = f"{NAME}/pictures"
    langfuse.create_dataset(name=name)
    langfuse.create_dataset_item(dataset_name=name, input={"picture": reference})
    (item,) = langfuse.get_dataset(name).items
    found = item.input["picture"]
    fetched = found.fetch_bytes() == PIXEL and found.fetch_data_uri().endswith(found.fetch_base64())
    return fetched and not found.is_url_expired()


if __name__ == "__main__":
    tale = {"auth": langfuse.auth_check(), "same": get_client() is not None, "prompts": prompts(), "tracing": tracing()}
    tale |= {"decorated": asyncio.run(decorated()), "evaluations": evaluations(), "media": media()}
    langfuse.flush()
    tale["batch"] = batch(tale["tracing"]["wanted"])
    langfuse.flush()
    langfuse.shutdown()
    tale["never"] = watching.never_called()
    Path(os.environ["STORY_OUTPUT"]).write_text(json.dumps(tale, ensure_ascii=False, default=str), encoding="utf-8")
