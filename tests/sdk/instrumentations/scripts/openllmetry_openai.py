from opentelemetry.instrumentation.openai import OpenAIInstrumentor
from play import ask_openai, provider, told_by_root

made = provider()
OpenAIInstrumentor(enrich_assistant=False).instrument(tracer_provider=made)
with told_by_root("lesson", made):
    ask_openai()
made.shutdown()
