import asyncio

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI
from openinference.instrumentation import using_attributes
from openinference.instrumentation.llama_index import LlamaIndexInstrumentor
from play import (
    BASE_URL,
    EMBEDDING_MODEL,
    MODEL,
    QUESTION,
    SESSION,
    STREAMED_QUESTION,
    SYSTEM,
    TAGS,
    TOOL_QUESTION,
    USER,
    capital_of,
    provider,
)  # fmt: skip

made = provider()
LlamaIndexInstrumentor().instrument(tracer_provider=made)
model = OpenAI(model=MODEL, temperature=0.2, api_base=BASE_URL)


def messages(question: str) -> list[ChatMessage]:
    return [ChatMessage(role="system", content=SYSTEM), ChatMessage(role="user", content=question)]


async def agent() -> None:
    await FunctionAgent(tools=[capital_of], llm=model, streaming=False).run(TOOL_QUESTION)


with using_attributes(user_id=USER, session_id=SESSION, tags=TAGS):
    model.chat(messages(QUESTION))
    for _ in model.stream_chat(messages(STREAMED_QUESTION)):
        pass
    asyncio.run(agent())
    OpenAIEmbedding(model=EMBEDDING_MODEL, dimensions=8, api_base=BASE_URL).get_text_embedding("Rome")
made.shutdown()
