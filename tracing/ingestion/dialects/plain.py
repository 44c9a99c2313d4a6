"""Names so plain that several tools use them (Pipecat, Pydantic, hand-made spans)."""

from tracing.ingestion.dialects.shape import Fields, named

FIELDS: Fields = {"model": ("model",), "model_parameters": ("model_config",)}
READER = named(("input",), ("output",))
