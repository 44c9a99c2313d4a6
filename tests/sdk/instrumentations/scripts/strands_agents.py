from play import BASE_URL, MODEL, QUESTION, SESSION, SYSTEM, TAGS, TOOL_QUESTION, USER, provider
from strands import Agent, tool
from strands.models.openai import OpenAIModel

made = provider()


@tool
def capital_of(country: str) -> str:
    """The capital of a country.

    Args:
        country: The name of the country.
    """
    return "Tokyo"


def agent(**options: object) -> Agent:
    model = OpenAIModel(client_args={"base_url": BASE_URL}, model_id=MODEL, params={"temperature": 0.2})
    told = {"user.id": USER, "session.id": SESSION, "langfuse.tags": TAGS}
    return Agent(model=model, trace_attributes=told, callback_handler=None, **options)


agent(system_prompt=SYSTEM)(QUESTION)
agent(tools=[capital_of])(TOOL_QUESTION)
made.shutdown()
