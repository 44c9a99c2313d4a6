"""Contents are in spans only where somebody asks for them."""

import os

os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "SPAN_AND_EVENT"

import asyncio

from google.adk.agents import Agent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import InMemoryRunner
from google.genai import types
from play import MODEL, QUESTION, SESSION, STREAMED_QUESTION, SYSTEM, TOOL_QUESTION, USER, capital_of, provider

made = provider()
model = LiteLlm(model=f"openai/{MODEL}")
agent = Agent(
    name="geographer", model=model, instruction=SYSTEM, tools=[capital_of],
    generate_content_config=types.GenerateContentConfig(temperature=0.2),
)  # fmt: skip
plain = Agent(name="plain", model=model, instruction=SYSTEM)


async def ask(agent: Agent, question: str, streaming: StreamingMode) -> None:
    runner = InMemoryRunner(agent=agent, app_name="school")
    await runner.session_service.create_session(app_name="school", user_id=USER, session_id=SESSION)
    message = types.Content(role="user", parts=[types.Part(text=question)])
    config = RunConfig(streaming_mode=streaming)
    async for _ in runner.run_async(user_id=USER, session_id=SESSION, new_message=message, run_config=config):
        pass


asyncio.run(ask(plain, QUESTION, StreamingMode.NONE))
asyncio.run(ask(plain, STREAMED_QUESTION, StreamingMode.SSE))
asyncio.run(ask(agent, TOOL_QUESTION, StreamingMode.NONE))
made.shutdown()
