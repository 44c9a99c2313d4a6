from openinference.instrumentation import using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor
from play import SESSION, TAGS, USER, ask_openai, provider

made = provider()
OpenAIInstrumentor().instrument(tracer_provider=made)
with using_attributes(user_id=USER, session_id=SESSION, tags=TAGS, metadata={"class": "7B"}):
    ask_openai()
made.shutdown()
