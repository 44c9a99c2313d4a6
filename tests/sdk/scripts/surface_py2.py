"""Everything that Python SDK 2 offers, called once; `watching` tells what was forgotten."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import watching
from langfuse import Langfuse
from langfuse.client import (
    DatasetItemClient,
    StatefulClient,
    StatefulGenerationClient,
    StatefulSpanClient,
    StatefulTraceClient,
)
from langfuse.decorators import langfuse_context, observe
from langfuse.decorators.langfuse_decorator import LangfuseDecorator
from langfuse.media import LangfuseMedia
from langfuse.model import ChatPromptClient, TextPromptClient

NAME = os.environ["SURFACE"]
PIXEL = bytes.fromhex(json.loads(os.environ["STORY"])["PIXEL"])
watching.watch(
    Langfuse, StatefulClient, StatefulTraceClient, StatefulSpanClient, StatefulGenerationClient, DatasetItemClient,
    LangfuseDecorator, TextPromptClient, ChatPromptClient, LangfuseMedia,
)


def mask(data: Any) -> Any:
    """Hides what must not leave."""
    if isinstance(data, dict):
        return {key: mask(value) for key, value in data.items()}
    return data.replace("secret", "******") if isinstance(data, str) else data


langfuse = Langfuse(environment="surface", mask=mask)


def prompts() -> list[Any]:
    text = langfuse.create_prompt(name=f"{NAME}/text", prompt="Hi {{name}}", labels=["production"])
    chat = langfuse.create_prompt(name=f"{NAME}/chat", type="chat", prompt=[{"role": "user", "content": "Hi {{name}}"}])
    langfuse.update_prompt(name=f"{NAME}/text", version=1, new_labels=["old"])
    fetched = langfuse.get_prompt(f"{NAME}/text", cache_ttl_seconds=0)
    fallback = langfuse.get_prompt(f"{NAME}/none", fallback="Bye {{name}}")
    compiled = [one.compile(name="A") for one in (text, fetched, chat, fallback)]
    return [*compiled, text.get_langchain_prompt(), chat.get_langchain_prompt()]


def tracing() -> dict[str, Any]:
    trace = langfuse.trace(name="root", input="my secret", session_id=f"{NAME}-session", user_id="u", tags=["a"])
    span = trace.span(name="span")
    span.event(name="event")
    span.span(name="inner span").update(output="changed").end()
    generation = span.generation(name="generation", model="gpt-4o-mini", usage={"input": 3, "output": 1})
    generation.update(output="secret answer").end()
    generation.span(name="below a generation").end()
    generation.event(name="event of a generation")
    generation.generation(name="generation of a generation").end()
    trace.event(name="event of the trace")
    trace.generation(name="generation of the trace").end()
    span.end()
    handlers = [span.get_langchain_handler(), trace.get_langchain_handler(), trace.getNewHandler()]
    for one in (trace, span, generation):
        one.score(name="of each", value=0.5)
    trace.update(output="done")
    langfuse.span(name="loose", trace_id=trace.id).end()
    langfuse.generation(name="loose", trace_id=trace.id).end()
    langfuse.event(name="loose", trace_id=trace.id)
    langfuse.score(trace_id=trace.id, name="number", value=0.75, comment="why")
    langfuse.score(trace_id=trace.id, name="flag", value=1, data_type="BOOLEAN")
    langfuse.score(trace_id=trace.id, name="word", value="good", data_type="CATEGORICAL")
    urls = [trace.get_trace_url(), langfuse.get_trace_url(), langfuse.get_trace_id()]
    langfuse.flush()
    return {"trace": trace.id, "generation": generation.id, "handlers": len(handlers), "urls": len(urls)}


def reading(ids: dict[str, Any]) -> dict[str, Any]:
    langfuse.flush()
    traces = [langfuse.fetch_traces(session_id=f"{NAME}-session").data, langfuse.get_traces(limit=1).data]
    one = [langfuse.fetch_trace(ids["trace"]).data.id, langfuse.get_trace(ids["trace"]).id]
    generations = langfuse.get_generations(trace_id=ids["trace"]).data
    seen = [langfuse.fetch_observations(trace_id=ids["trace"]).data, langfuse.get_observations(limit=1).data]
    single = [langfuse.fetch_observation(ids["generation"]).data, langfuse.get_observation(ids["generation"])]
    return {
        "traces": [len(rows) for rows in traces],
        "one": one,
        "generations": sorted(row.name for row in generations),
        "observations": [len(rows) for rows in seen],
        "models": [row.model for row in single],
        "sessions": [row.id for row in langfuse.fetch_sessions().data],
    }


@observe()
def inner(word: str) -> str:
    langfuse_context.update_current_observation(metadata={"k": "v"})
    langfuse_context.score_current_observation(name="of the current", value=1)
    return word.upper()


@observe()
async def outer(word: str) -> str:
    langfuse_context.update_current_trace(name="decorated", session_id=f"{NAME}-session")
    langfuse_context.score_current_trace(name="of the current trace", value=1)
    assert langfuse_context.get_current_observation_id() and langfuse_context.get_current_trace_url()
    assert langfuse_context.get_current_langchain_handler() is not None
    return inner(word) + (langfuse_context.get_current_trace_id() or "")


def evaluations() -> dict[str, Any]:
    dataset = f"{NAME}/set"
    langfuse.create_dataset(name=dataset)
    made = langfuse.create_dataset_item(dataset_name=dataset, input=1, expected_output=2)
    (item,) = langfuse.get_dataset(dataset).items
    with item.observe(run_name="run 1") as trace_id:
        langfuse.score(trace_id=trace_id, name="right", value=True)
    item.link(langfuse.trace(name="linked"), "run 2")
    item.flush(langfuse.generation(name="flushed"), "run 2")
    assert item.get_langchain_handler(run_name="run 3") is not None
    langfuse.flush()
    return {
        "same": langfuse.get_dataset_item(made.id).id == made.id,
        "runs": sorted(run.name for run in langfuse.get_dataset_runs(dataset).data),
        "items": len(langfuse.get_dataset_run(dataset, "run 1").dataset_run_items),
    }


def media() -> dict[str, Any]:
    picture = LangfuseMedia(content_bytes=PIXEL, content_type="image/png")
    langfuse.trace(name="picture", input={"picture": picture})
    langfuse.flush()
    reference = picture._reference_string
    parsed = LangfuseMedia.parse_reference_string(reference)
    found = langfuse.resolve_media_references(obj=[reference], resolve_with="base64_data_uri")
    again = LangfuseMedia.resolve_media_references(
        obj=[reference], langfuse_client=langfuse, resolve_with="base64_data_uri"
    )
    kind = langfuse.fetch_media(parsed["media_id"]).data.content_type
    return {"type": kind, "resolved": found[0][:22], "same": found == again}


if __name__ == "__main__":
    langfuse_context.configure(environment="surface", mask=mask)
    tale = {"auth": [langfuse.auth_check(), langfuse_context.auth_check()], "prompts": prompts(), "tracing": tracing()}
    tale["decorated"] = asyncio.run(outer("abc", langfuse_observation_id=f"{NAME}-decorated"))
    langfuse_context.flush()
    tale |= {"reading": reading(tale["tracing"]), "evaluations": evaluations(), "media": media()}
    langfuse.join()
    langfuse.shutdown()
    tale["never"] = watching.never_called()
    Path(os.environ["STORY_OUTPUT"]).write_text(json.dumps(tale, default=str), encoding="utf-8")
