"""The story in the idiom of Python SDK 2.x: stateful clients, decorators, `item.observe`, the LangChain callback."""

import json
import os
from pathlib import Path
from typing import Any

import story
from langchain_core.messages import HumanMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from langfuse import Langfuse
from langfuse.decorators import langfuse_context, observe
from langfuse.media import LangfuseMedia
from langfuse.openai import OpenAI

NAMES = story.names("py2")
langfuse = Langfuse(release=story.RELEASE, environment=story.ENVIRONMENT)
openai = OpenAI(api_key="sk-test", base_url=os.environ["OPENAI_BASE_URL"])


def prompts() -> dict[str, Any]:
    langfuse.create_prompt(
        name=NAMES["text"],
        prompt=story.TEXT_PROMPT,
        labels=["production"],
        tags=story.PROMPT_TAGS,
        config=story.CONFIG,
        commit_message="first",
    )
    second = langfuse.create_prompt(name=NAMES["text"], prompt=story.TEXT_PROMPT_2, labels=["staging"])
    langfuse.create_prompt(name=NAMES["chat"], type="chat", prompt=story.CHAT_PROMPT, labels=["production"])
    fetched = {
        "default": langfuse.get_prompt(NAMES["text"]),
        "latest": langfuse.get_prompt(NAMES["text"], label="latest"),
        "version 2": langfuse.get_prompt(NAMES["text"], version=2),
    }
    langfuse.update_prompt(name=NAMES["text"], version=2, new_labels=["reviewed"])
    chat = langfuse.get_prompt(NAMES["chat"], type="chat")
    missing = langfuse.get_prompt("py2/no such prompt", fallback="Запасная {{country}}")
    return {
        "second": second.version,
        "versions": {name: prompt.version for name, prompt in fetched.items()},
        "labels": {name: prompt.labels for name, prompt in fetched.items()},
        "compiled": {name: prompt.compile(country="Италия") for name, prompt in fetched.items()},
        "config": fetched["default"].config,
        "tags": fetched["default"].tags,
        "chat": chat.compile(country="Испания"),
        "chat_raw": chat.compile(),
        "fallback": missing.compile(country="Италия"),
        "is_fallback": missing.is_fallback,
    }


def trace() -> dict[str, Any]:
    prompt = langfuse.get_prompt(NAMES["chat"], type="chat")
    trace = langfuse.trace(
        name=story.TRACE_NAME,
        user_id=story.USER,
        session_id=NAMES["session"],
        tags=story.TAGS,
        version=story.VERSION,
        metadata=story.TRACE_METADATA,
        input=story.QUESTION,
        public=True,
    )
    span = trace.span(name="retrieve", input=story.QUESTION, metadata=story.SPAN_METADATA, version=story.VERSION)
    span.event(name=story.EVENT_NAME, level="DEBUG", metadata={"key": "Испания"})
    span.end(output=story.RETRIEVED)
    outer = trace.span(name="think", input="thinking")
    generation = outer.generation(
        name="call the model",
        model=story.MODEL,
        model_parameters=story.MODEL_PARAMETERS,
        input=story.MESSAGES,
        prompt=prompt,
    )
    generation.end(output="Мадрид", usage=story.USAGE)
    outer.end(output="thought")
    trace.span(name=story.BROKEN_NAME).end(level="ERROR", status_message=story.BROKEN_MESSAGE)
    trace.update(output=story.ANSWER)
    trace.score(name="numeric", value=story.NUMERIC, comment=story.COMMENT)
    langfuse.score(trace_id=trace.id, name="boolean", value=1, data_type="BOOLEAN")
    langfuse.score(trace_id=trace.id, name="untyped boolean", value=story.BOOLEAN)
    langfuse.score(trace_id=trace.id, name="category", value=story.CATEGORY, data_type="CATEGORICAL")
    generation.score(name="of the generation", value=1)
    return {
        "trace": trace.id,
        "generation": generation.id,
        "url": trace.get_trace_url(),
        "chat_version": prompt.version,
    }


@observe()
def ask(country: str) -> str:
    """Told by decorators: nested spans, and the OpenAI integration plain and streamed."""
    langfuse_context.update_current_trace(name="decorated", user_id=story.USER, session_id=NAMES["session"])
    plain = complete(country)
    streamed = "".join(stream(country))
    langfuse_context.score_current_trace(name="agreed", value=plain == streamed)
    return plain


@observe()
def complete(country: str) -> str:
    messages = [{"role": "user", "content": f"Напиши столицу: {country}"}]
    reply = openai.chat.completions.create(
        model=story.MODEL, messages=messages, temperature=0.2, name="plain call", metadata={"kind": "plain"}
    )
    return reply.choices[0].message.content


def stream(country: str) -> list[str]:
    messages = [{"role": "user", "content": f"Напиши столицу: {country}"}]
    chunks = openai.chat.completions.create(
        model=story.MODEL,
        messages=messages,
        stream=True,
        stream_options={"include_usage": True},
        name="streamed call",
    )
    return [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]


@observe(as_type="generation")
def counted_by_the_server() -> str:
    """A generation of a known model without usage: the server counts."""
    langfuse_context.update_current_observation(model=story.MODEL, input=story.MESSAGES)
    return "Мадрид"


@observe()
def fail() -> None:
    raise ValueError(story.BROKEN_MESSAGE)


def decorated() -> dict[str, Any]:
    ids: dict[str, Any] = {"answer": ask("Италия", langfuse_observation_id="py2-decorated")}
    ids["trace"] = "py2-decorated"
    counted_by_the_server(langfuse_observation_id="py2-counted")
    ids["counted"] = "py2-counted"
    try:
        fail(langfuse_observation_id="py2-failed")
    except ValueError:
        ids["failed"] = "py2-failed"
    langfuse_context.flush()
    return ids


def dataset() -> dict[str, Any]:
    langfuse.create_dataset(name=NAMES["dataset"], description="Столицы", metadata=story.DATASET_METADATA)
    items = [langfuse.create_dataset_item(dataset_name=NAMES["dataset"], **item).id for item in story.ITEMS]
    traces = {}
    for item in langfuse.get_dataset(NAMES["dataset"]).items:
        with item.observe(
            run_name=NAMES["run"], run_description="наблюдается", run_metadata=story.RUN_METADATA
        ) as trace_id:
            messages = [{"role": "user", "content": f"Только столица: {item.input['country']}"}]
            reply = openai.chat.completions.create(model=story.WRONG_MODEL, messages=messages, trace_id=trace_id)
            output = reply.choices[0].message.content
            langfuse.score(trace_id=trace_id, name="exact_match", value=output == item.expected_output)
        traces[item.id] = {"trace": trace_id, "output": output}
    run = langfuse.get_dataset_run(NAMES["dataset"], NAMES["run"])
    return {
        "items": items,
        "traces": traces,
        "run": run.id,
        "run_items": [[item.dataset_item_id, item.trace_id] for item in run.dataset_run_items],
        "run_metadata": run.metadata,
    }


def langchain() -> dict[str, Any]:
    prompt = ChatPromptTemplate.from_messages(
        [("system", "Ты географ. Ответь только столицей."), ("user", "{country}")]
    )
    chain = prompt | ChatOpenAI(api_key="sk-test", base_url=os.environ["OPENAI_BASE_URL"], model=story.MODEL)
    item = langfuse.get_dataset(NAMES["dataset"]).items[0]
    handler = item.get_langchain_handler(run_name="py2 langchain")
    reply = chain.invoke({"country": item.input["country"]}, config={"callbacks": [handler]})
    handler.trace.score(name="exact_match", value=reply.content == item.expected_output)
    handler.flush()
    return {"trace": handler.trace.id, "output": reply.content, "item": item.id, "message": HumanMessage("x").type}


def read(trace_id: str) -> dict[str, Any]:
    """What the SDK itself reads of the trace."""
    trace = langfuse.fetch_trace(trace_id).data
    (generation,) = langfuse.fetch_observations(trace_id=trace_id, type="GENERATION").data
    return {
        "name": trace.name,
        "observations": sorted(one.name for one in trace.observations),
        "scores": {one.name: one.value for one in trace.scores if one.name == "numeric"},
        "usage": generation.usage.total,
        "cost": generation.calculated_total_cost,
        "session": [one.id for one in langfuse.fetch_traces(session_id=NAMES["session"]).data],
        "sessions": [one.id for one in langfuse.fetch_sessions().data],
    }


def media() -> dict[str, Any]:
    picture = LangfuseMedia(content_bytes=bytes.fromhex(story.PIXEL), content_type="image/png")
    trace = langfuse.trace(name="picture", input={"picture": picture})
    langfuse.flush()
    obj = langfuse.fetch_trace(trace.id).data.input
    resolved = langfuse.resolve_media_references(obj=obj, resolve_with="base64_data_uri")
    return {"trace": trace.id, "resolved": resolved["picture"]}


if __name__ == "__main__":
    told = {"auth": langfuse.auth_check()}
    told |= {"prompts": prompts(), "trace": trace(), "decorated": decorated(), "dataset": dataset()}
    told |= {"langchain": langchain(), "media": media()}
    langfuse.flush()
    told["read"] = read(told["trace"]["trace"])
    Path(os.environ["STORY_OUTPUT"]).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
