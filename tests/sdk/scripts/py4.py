"""The story in the idiom of Python SDK 4.x: attributes propagate from a context, the trace's own input is set apart."""

from typing import Any

import otel_story
import story
from langfuse import propagate_attributes

NAMES = story.names("py4")
langfuse = otel_story.client()


def trace() -> dict[str, Any]:
    with (
        langfuse.start_as_current_observation(name="root", as_type="agent", input="root input") as root,
        propagate_attributes(
            trace_name=story.TRACE_NAME,
            user_id=story.USER,
            session_id=NAMES["session"],
            tags=story.TAGS,
            version=story.VERSION,
            metadata=story.TRACE_METADATA,
        ),
    ):
        langfuse.set_current_trace_as_public()
        ids = otel_story.steps(langfuse, NAMES)
        langfuse.set_current_trace_io(input=story.QUESTION, output=story.ANSWER)
        root.update(output="root output")
    otel_story.scores(langfuse, root.trace_id, NAMES["session"])
    return {"trace": root.trace_id, "root": root.id, "url": langfuse.get_trace_url(trace_id=root.trace_id), **ids}


def read(trace_id: str) -> dict[str, Any]:
    """What the SDK itself reads of the trace, by the old routes and the new ones."""
    langfuse.flush()
    trace = langfuse.api.trace.get(trace_id)
    (old,) = langfuse.api.legacy.observations_v1.get_many(trace_id=trace_id, type="GENERATION").data
    (new,) = langfuse.api.observations.get_many(trace_id=trace_id, type="GENERATION", fields="core,basic,usage").data
    return {
        "name": trace.name,
        "observations": sorted(one.name for one in trace.observations),
        "scores": {one.name: one.value for one in langfuse.api.scores.get_many(trace_id=trace_id, name="numeric").data},
        "usage": new.usage_details["total"],
        "cost": old.calculated_total_cost,
        "session": [one.id for one in langfuse.api.sessions.get(NAMES["session"]).traces],
        "listed": [one.id for one in langfuse.api.trace.list(tags=story.TAGS, name=story.TRACE_NAME).data],
    }


if __name__ == "__main__":
    tale = {
        "auth": langfuse.auth_check(),
        "prompts": otel_story.prompts(langfuse, NAMES),
        "trace": trace(),
        "decorated": otel_story.decorated(langfuse, NAMES),
        "dataset": {"items": otel_story.make_dataset(langfuse, NAMES)},
    }
    tale["dataset"] |= otel_story.experiment(langfuse, NAMES, story.WRONG_MODEL, NAMES["run"])
    tale["experiment"] = otel_story.experiment(langfuse, NAMES, story.MODEL, NAMES["experiment"])
    tale["langchain"] = otel_story.langchain(NAMES)
    tale["media"] = otel_story.media(langfuse)
    tale["media"] |= {"item": otel_story.media_in_items(langfuse, NAMES)}
    tale["read"] = read(tale["trace"]["trace"])
    otel_story.told(langfuse, tale)
