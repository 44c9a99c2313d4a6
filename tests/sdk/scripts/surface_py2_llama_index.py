"""What Python SDK 2 offers to LlamaIndex: the callback handler, the instrumentor, and what hands them out; each asked
the same of the same index, on the endpoint of OPENAI_BASE_URL."""

import asyncio
import contextlib
import json
import os
from pathlib import Path
from typing import Any

import watching
from langfuse import Langfuse
from langfuse.client import DatasetItemClient
from langfuse.decorators import langfuse_context, observe
from langfuse.decorators.langfuse_decorator import LangfuseDecorator
from langfuse.llama_index import LlamaIndexCallbackHandler, LlamaIndexInstrumentor
from langfuse.utils.base_callback_handler import LangfuseBaseCallbackHandler
from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.callbacks import CallbackManager
from llama_index.core.llms import ChatMessage
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI

NAME = os.environ["SURFACE"] + "-llama-index"
BASE_URL = os.environ["OPENAI_BASE_URL"]
QUESTION, STREAMED_QUESTION = "What is the capital of Italy?", "What is the capital of Spain?"
watching.watch(LlamaIndexCallbackHandler, LangfuseBaseCallbackHandler, LlamaIndexInstrumentor)
# Of these only what is about LlamaIndex; the rest is called elsewhere.
watching.watch(DatasetItemClient, LangfuseDecorator)

langfuse = Langfuse(environment="surface")
Settings.llm = OpenAI(model="gpt-4o-mini", temperature=0.2, api_base=BASE_URL, api_key="sk-test", max_retries=0)
Settings.embed_model = OpenAIEmbedding(
    model="text-embedding-3-small", dimensions=8, api_base=BASE_URL, api_key="sk-test", embed_batch_size=2
)
index = VectorStoreIndex.from_documents([Document(text="A map of Italy."), Document(text="A map of Spain.")])


def ask(question: str = QUESTION) -> str:
    """Retrieval and an answer."""
    return str(index.as_query_engine(similarity_top_k=1).query(question))


def chat() -> str:
    """A streamed answer, whose end comes after its trace has ended."""
    return "".join(index.as_chat_engine(chat_mode="simple").stream_chat(STREAMED_QUESTION).response_gen)


@contextlib.contextmanager
def handled(handler: LlamaIndexCallbackHandler) -> Any:
    before = Settings.callback_manager
    Settings.callback_manager = CallbackManager([handler])
    try:
        yield handler
    finally:
        Settings.callback_manager = before
        handler.flush()


def by_handler() -> dict[str, Any]:
    told: dict[str, Any] = {}
    with handled(LlamaIndexCallbackHandler(user_id="u", session_id=f"{NAME}-session", tags=["a"])) as handler:
        told["auth"] = handler.auth_check()
        told["answer"], told["query"] = ask(), handler.get_trace_id()
        handler.set_trace_params(name="named", user_id="v", session_id=f"{NAME}-session", metadata={"k": "v"})
        told["url"] = ask() and handler.get_trace_url()
        told["named"] = handler.get_trace_id()
        told["streamed"], told["chat"] = chat(), handler.get_trace_id()
        trace = langfuse.trace(name="root")
        handler.set_root(trace.span(name="step"))
        ask()
        handler.set_root(None)
        told["root"] = trace.id
    return told


def by_instrumentor() -> dict[str, Any]:
    told: dict[str, Any] = {"observed": f"{NAME}-observed"}
    instrumentor = LlamaIndexInstrumentor()
    with instrumentor.observe(
        trace_id=told["observed"], trace_name="observed", user_id="u", session_id=f"{NAME}-session", tags=["a"],
        metadata={"k": "v"}, update_parent=True,
    ) as trace:
        told["answer"] = ask()
        trace.score(name="right", value=1)
    told["failed"] = f"{NAME}-failed"
    with instrumentor.observe(trace_id=told["failed"], trace_name="failed", update_parent=True):
        broken = OpenAI(model="gpt-4o-mini", api_base="http://127.0.0.1:9", api_key="sk-test", max_retries=0)
        with contextlib.suppress(Exception):
            broken.chat([ChatMessage(role="user", content=QUESTION)])
    instrumentor.start()
    asyncio.run(index.as_query_engine().aquery(QUESTION))
    told["streamed"] = chat()
    instrumentor.stop()
    ask("Nobody hears this.")
    instrumentor.flush()
    return told


@observe()
def decorated() -> str:
    with handled(langfuse_context.get_current_llama_index_handler()):
        ask()
    return langfuse_context.get_current_trace_id() or ""


def by_items() -> dict[str, Any]:
    dataset = f"{NAME}/set"
    langfuse.create_dataset(name=dataset)
    langfuse.create_dataset_item(dataset_name=dataset, input=QUESTION)
    (item,) = langfuse.get_dataset(dataset).items
    with item.observe_llama_index(run_name="run 1") as handler:
        ask(item.input)
    with handled(item.get_llama_index_handler(run_name="run 2")):
        ask(item.input)
    handler.flush()
    langfuse.flush()
    runs = [langfuse.get_dataset_run(dataset, f"run {number}") for number in (1, 2)]
    return {"traces": [one.trace_id for run in runs for one in run.dataset_run_items]}


if __name__ == "__main__":
    langfuse_context.configure(environment="surface")
    tale = {"handler": by_handler(), "instrumentor": by_instrumentor(), "decorated": decorated(), "items": by_items()}
    langfuse_context.flush()
    langfuse.flush()
    ours = (LlamaIndexCallbackHandler, LangfuseBaseCallbackHandler, LlamaIndexInstrumentor)
    names = tuple(f"{kind.__name__}." for kind in ours)
    tale["never"] = [name for name in watching.never_called() if name.startswith(names) or "llama_index" in name]
    Path(os.environ["STORY_OUTPUT"]).write_text(json.dumps(tale, default=str), encoding="utf-8")
