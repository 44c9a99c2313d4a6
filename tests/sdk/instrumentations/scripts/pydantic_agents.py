import asyncio

from play import (
    EMBEDDING_MODEL,
    MODEL,
    QUESTION,
    SESSION,
    STREAMED_QUESTION,
    SYSTEM,
    TOOL_QUESTION,
    capital_of,
    provider,
    told_by_root,
)  # fmt: skip
from pydantic_ai import Agent, Embedder
from pydantic_ai.models.openai import OpenAIChatModel

made = provider()
Agent.instrument_all()
Embedder.instrument_all()
agent = Agent(
    OpenAIChatModel(MODEL), name="geographer", instructions=SYSTEM, model_settings={"temperature": 0.2}, retries=0
)
clerk = Agent(OpenAIChatModel(MODEL), name="clerk", tools=[capital_of])


async def stream() -> None:
    async with agent.run_stream(STREAMED_QUESTION) as answer:
        await answer.get_output()


with told_by_root("lesson", made):
    agent.run_sync(QUESTION, conversation_id=SESSION)
    asyncio.run(stream())
    clerk.run_sync(TOOL_QUESTION)
    Embedder(f"openai:{EMBEDDING_MODEL}").embed_documents_sync(["Rome"])
made.shutdown()
