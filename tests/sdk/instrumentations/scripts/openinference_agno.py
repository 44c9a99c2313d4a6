from agno.agent import Agent
from agno.models.openai import OpenAIChat
from openinference.instrumentation.agno import AgnoInstrumentor
from play import MODEL, QUESTION, SESSION, STREAMED_QUESTION, SYSTEM, TOOL_QUESTION, USER, capital_of, provider

made = provider()
AgnoInstrumentor().instrument(tracer_provider=made)
told = {"user_id": USER, "session_id": SESSION}
agent = Agent(name="geographer", model=OpenAIChat(id=MODEL, temperature=0.2), system_message=SYSTEM, telemetry=False)
agent.run(QUESTION, **told)
for _ in agent.run(STREAMED_QUESTION, stream=True, **told):
    pass
Agent(name="clerk", model=OpenAIChat(id=MODEL), tools=[capital_of], telemetry=False).run(TOOL_QUESTION, **told)
made.shutdown()
