from openinference.instrumentation import using_attributes
from openinference.instrumentation.smolagents import SmolagentsInstrumentor
from play import BASE_URL, MESSAGES, MODEL, SESSION, STREAMED, TAGS, TOOL_QUESTION, USER, provider
from smolagents import OpenAIServerModel, ToolCallingAgent, tool

made = provider()
SmolagentsInstrumentor().instrument(tracer_provider=made)


@tool
def capital_of(country: str) -> str:
    """The capital of a country.

    Args:
        country: The name of the country.
    """
    return "Tokyo"


model = OpenAIServerModel(MODEL, api_base=BASE_URL, temperature=0.2)
with using_attributes(user_id=USER, session_id=SESSION, tags=TAGS):
    model.generate(MESSAGES)
    for _ in model.generate_stream(STREAMED):
        pass
    ToolCallingAgent(tools=[capital_of], model=model, max_steps=2, verbosity_level=0).run(TOOL_QUESTION)
made.shutdown()
