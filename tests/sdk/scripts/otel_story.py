"""What SDK 3, 4 and 5 tell in the same words: prompts, scores, decorators, OpenAI, LangChain, experiments.

Where a generation has words of its own (`update_trace`, `item.run`), its script says them.
"""

import json
import os
from pathlib import Path
from typing import Any

import story
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from langfuse import Evaluation, Langfuse, get_client, observe, propagate_attributes
from langfuse.langchain import CallbackHandler
from langfuse.media import LangfuseMedia
from langfuse.openai import OpenAI

openai = OpenAI(api_key="sk-test", base_url=os.environ["OPENAI_BASE_URL"])


def client() -> Langfuse:
    return Langfuse(release=story.RELEASE, environment=story.ENVIRONMENT)


def prompts(langfuse: Langfuse, names: dict[str, str]) -> dict[str, Any]:
    langfuse.create_prompt(
        name=names["text"],
        prompt=story.TEXT_PROMPT,
        labels=["production"],
        tags=story.PROMPT_TAGS,
        config=story.CONFIG,
        commit_message="first",
    )
    second = langfuse.create_prompt(name=names["text"], prompt=story.TEXT_PROMPT_2, labels=["staging"])
    langfuse.create_prompt(name=names["chat"], type="chat", prompt=story.CHAT_PROMPT, labels=["production"])
    fetched = {
        "default": langfuse.get_prompt(names["text"]),
        "latest": langfuse.get_prompt(names["text"], label="latest"),
        "version 2": langfuse.get_prompt(names["text"], version=2),
    }
    langfuse.update_prompt(name=names["text"], version=2, new_labels=["reviewed"])
    chat = langfuse.get_prompt(names["chat"], type="chat")
    history = langfuse.create_prompt(
        name=names["chat"] + "/history",
        type="chat",
        prompt=[{"role": "system", "content": "Ты географ"}, {"type": "placeholder", "name": "history"}],
        labels=["production"],
    )
    missing = langfuse.get_prompt(names["text"] + "?", fallback="Запасная {{country}}")
    return {
        "second": second.version,
        "versions": {name: prompt.version for name, prompt in fetched.items()},
        "labels": {name: prompt.labels for name, prompt in fetched.items()},
        "compiled": {name: prompt.compile(country="Италия") for name, prompt in fetched.items()},
        "config": fetched["default"].config,
        "tags": fetched["default"].tags,
        "chat": chat.compile(country="Испания"),
        "chat_raw": chat.compile(),
        "history": history.compile(history=[{"role": "user", "content": "Привет"}]),
        "fallback": missing.compile(country="Италия"),
        "is_fallback": missing.is_fallback,
    }


def steps(langfuse: Langfuse, names: dict[str, str]) -> dict[str, Any]:
    """The inside of the main trace: a span with an event, a generation below a span, a failed tool."""
    prompt = langfuse.get_prompt(names["chat"], type="chat")
    with langfuse.start_as_current_observation(
        name="retrieve", as_type="retriever", input=story.QUESTION, metadata=story.SPAN_METADATA, version=story.VERSION
    ) as retrieve:
        langfuse.create_event(name=story.EVENT_NAME, level="DEBUG", metadata={"key": "Испания"})
        retrieve.update(output=story.RETRIEVED)
    with langfuse.start_as_current_observation(name="think", input="thinking") as think:
        with langfuse.start_as_current_observation(
            name="call the model",
            as_type="generation",
            model=story.MODEL,
            model_parameters=story.MODEL_PARAMETERS,
            input=story.MESSAGES,
            prompt=prompt,
        ) as generation:
            generation.update(output="Мадрид", usage_details=story.USAGE)
            generation.score(name="of the generation", value=1)
        think.update(output="thought")
    broken = langfuse.start_observation(name=story.BROKEN_NAME, as_type="tool")
    broken.update(level="ERROR", status_message=story.BROKEN_MESSAGE).end()
    return {"generation": generation.id, "retrieve": retrieve.id, "think": think.id, "chat_version": prompt.version}


def scores(langfuse: Langfuse, trace_id: str, session_id: str) -> None:
    langfuse.create_score(trace_id=trace_id, name="numeric", value=story.NUMERIC, comment=story.COMMENT)
    langfuse.create_score(trace_id=trace_id, name="boolean", value=1, data_type="BOOLEAN")
    langfuse.create_score(trace_id=trace_id, name="untyped boolean", value=story.BOOLEAN)
    langfuse.create_score(trace_id=trace_id, name="category", value=story.CATEGORY, data_type="CATEGORICAL")
    langfuse.create_score(trace_id=trace_id, name="text", value=story.TEXT, data_type="TEXT")
    langfuse.create_score(session_id=session_id, name="lesson", value=5, metadata={"by": "teacher"})


@observe()
def ask(country: str) -> dict[str, Any]:
    """Told by decorators: nested spans, and the OpenAI integration plain and streamed."""
    plain = complete(country)
    streamed = "".join(stream(country))
    counted_by_the_server()
    get_client().score_current_trace(name="agreed", value=plain == streamed)
    return {"answer": plain}


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


@observe(as_type="generation", name="counted by the server")
def counted_by_the_server() -> str:
    """A generation of a known model without usage: the server counts."""
    get_client().update_current_generation(model=story.MODEL, input=story.MESSAGES)
    return "Мадрид"


@observe()
def fail() -> None:
    raise ValueError(story.BROKEN_MESSAGE)


def decorated(langfuse: Langfuse, names: dict[str, str]) -> dict[str, Any]:
    trace_id, failed_id = Langfuse.create_trace_id(), Langfuse.create_trace_id()
    with propagate_attributes(
        trace_name="decorated", user_id=story.USER, session_id=names["session"], metadata={"lesson": "12"}
    ):
        answer = ask("Италия", langfuse_trace_id=trace_id)
    try:
        fail(langfuse_trace_id=failed_id)
    except ValueError:
        pass
    return {"trace": trace_id, "failed": failed_id, "url": langfuse.get_trace_url(trace_id=trace_id), **answer}


def make_dataset(langfuse: Langfuse, names: dict[str, str]) -> list[str]:
    langfuse.create_dataset(name=names["dataset"], description="Столицы", metadata=story.DATASET_METADATA)
    return [langfuse.create_dataset_item(dataset_name=names["dataset"], **item).id for item in story.ITEMS]


def answer(model: str, country: str) -> str:
    messages = [{"role": "user", "content": f"Только столица: {country}"}]
    return openai.chat.completions.create(model=model, messages=messages).choices[0].message.content


def experiment(langfuse: Langfuse, names: dict[str, str], model: str, run_name: str) -> dict[str, Any]:
    """`run_experiment` with an evaluator of items and one of the run."""

    def task(*, item: Any, **_: Any) -> str:
        return answer(model, item.input["country"])

    def exact_match(*, output: str, expected_output: str, **_: Any) -> Evaluation:
        return Evaluation(name="exact_match", value=float(output == expected_output), comment=f"{output}?")

    def accuracy(*, item_results: list[Any], **_: Any) -> Evaluation:
        hits = [evaluation.value for result in item_results for evaluation in result.evaluations]
        return Evaluation(name="accuracy", value=sum(hits) / len(hits))

    result = langfuse.get_dataset(names["dataset"]).run_experiment(
        name=names["experiment"],
        run_name=run_name,
        description="по столицам",
        task=task,
        evaluators=[exact_match],
        run_evaluators=[accuracy],
        metadata=story.RUN_METADATA,
        max_concurrency=2,
    )
    langfuse.flush()
    return {
        "run": getattr(result, "dataset_run_id", None) or getattr(result, "experiment_id", None),
        "url": getattr(result, "dataset_run_url", None) or getattr(result, "experiment_url", None),
        "traces": {one.item.id: {"trace": one.trace_id, "output": one.output} for one in result.item_results},
        "accuracy": result.run_evaluations[0].value,
    }


def langchain(names: dict[str, str]) -> dict[str, Any]:
    prompt = ChatPromptTemplate.from_messages(
        [("system", "Ты географ. Ответь только столицей."), ("user", "{country}")]
    )
    chain = prompt | ChatOpenAI(api_key="sk-test", base_url=os.environ["OPENAI_BASE_URL"], model=story.MODEL)
    handler = CallbackHandler()
    reply = chain.invoke(
        {"country": "Италия"},
        config={"callbacks": [handler], "metadata": {"langfuse_session_id": names["session"]}, "run_name": "a chain"},
    )
    return {"trace": handler.last_trace_id, "output": reply.content}


def media(langfuse: Langfuse) -> dict[str, Any]:
    picture = LangfuseMedia(content_bytes=bytes.fromhex(story.PIXEL), content_type="image/png")
    with langfuse.start_as_current_observation(name="picture", input={"picture": picture}) as span:
        trace_id = span.trace_id
    langfuse.flush()
    obj = {"picture": picture._reference_string}
    resolved = langfuse.resolve_media_references(obj=obj, resolve_with="base64_data_uri")
    return {"trace": trace_id, "resolved": resolved["picture"]}


def media_in_items(langfuse: Langfuse, names: dict[str, str]) -> dict[str, Any]:
    """SDK 4 and 5: pictures in the items of a dataset, which come back as objects that fetch their bytes."""
    name = f"{names['dataset']} with pictures"
    langfuse.create_dataset(name=name)
    picture = LangfuseMedia(content_bytes=bytes.fromhex(story.PIXEL) + b"of an item", content_type="image/png")
    langfuse.create_dataset_item(dataset_name=name, input={"seen": ["pixel", picture]}, expected_output=picture)
    (item,) = langfuse.get_dataset(name).items
    return {"input": item.input["seen"][1].fetch_bytes().hex(), "expected": item.expected_output.fetch_bytes().hex()}


def told(langfuse: Langfuse, tale: dict[str, Any]) -> None:
    langfuse.flush()
    Path(os.environ["STORY_OUTPUT"]).write_text(json.dumps(tale, ensure_ascii=False), encoding="utf-8")
