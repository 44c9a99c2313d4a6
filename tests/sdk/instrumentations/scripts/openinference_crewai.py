from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool
from openinference.instrumentation import using_attributes
from openinference.instrumentation.crewai import CrewAIInstrumentor
from play import BASE_URL, MODEL, SESSION, SYSTEM, TAGS, TOOL_QUESTION, USER, provider

made = provider()
CrewAIInstrumentor().instrument(tracer_provider=made, use_event_listener=True)


@tool("capital_of")
def capital_of(country: str) -> str:
    """The capital of a country."""
    return "Tokyo"


model = LLM(model=f"openai/{MODEL}", temperature=0.2, base_url=BASE_URL, api_key="sk-test")
agent = Agent(role="geographer", goal="know capitals", backstory=SYSTEM, llm=model, tools=[capital_of], max_iter=3)
task = Task(description=TOOL_QUESTION, expected_output="one word", agent=agent)
with using_attributes(user_id=USER, session_id=SESSION, tags=TAGS):
    Crew(agents=[agent], tasks=[task]).kickoff()
made.shutdown()
