import litellm
from ask_litellm import ask
from litellm.integrations.opentelemetry import OpenTelemetry
from play import SESSION, TAGS, USER, provider

made = provider()
litellm.callbacks = [OpenTelemetry()]
ask(user=USER, metadata={"session_id": SESSION, "tags": TAGS})
made.shutdown()
