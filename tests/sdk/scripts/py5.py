"""The story in the idiom of Python SDK 5.x: everything is an observation, and the trace is what its root says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import otel_story
import story
from langfuse import propagate_attributes
from langfuse.api import NotFoundError

NAMES = story.names("py5")
langfuse = otel_story.client()


def trace() -> dict[str, Any]:
    with (
        propagate_attributes(
            trace_name=story.TRACE_NAME,
            user_id=story.USER,
            session_id=NAMES["session"],
            tags=story.TAGS,
            version=story.VERSION,
            metadata=story.TRACE_METADATA,
        ),
        langfuse.start_as_current_observation(name="root", as_type="agent", input=story.QUESTION) as root,
    ):
        langfuse.set_current_trace_as_public()
        ids = otel_story.steps(langfuse, NAMES)
        root.update(output=story.ANSWER)
    otel_story.scores(langfuse, root.trace_id, NAMES["session"])
    return {"trace": root.trace_id, "root": root.id, "url": langfuse.get_trace_url(trace_id=root.trace_id), **ids}


def read(trace_id: str) -> dict[str, Any]:
    """What the SDK itself reads: observations, scores and experiments; it knows no traces any more."""
    langfuse.flush()
    fields = "core,basic,io,model,usage,metrics,trace_context"
    seen = langfuse.api.observations.get_many(trace_id=trace_id, fields=fields).data
    (generation,) = [one for one in seen if one.type == "GENERATION"]
    session = langfuse.api.observations.get_many(session_id=NAMES["session"]).data
    return {
        "name": next(one.trace_name for one in seen),
        "observations": sorted(one.name for one in seen),
        "scores": {one.name: one.value for one in langfuse.api.scores.get_many(trace_id=trace_id, name="numeric").data},
        "usage": generation.usage_details["total"],
        "cost": generation.total_cost,
        "session": sorted({one.trace_id for one in session}),
        "experiments": experiments(),
    }


def experiments() -> dict[str, str] | None:
    """Names by id; None where the server does not list experiments."""
    try:
        listed = langfuse.api.experiments.list(from_start_time=datetime.now(UTC) - timedelta(hours=1))
    except NotFoundError:
        return None
    return {one.id: one.name for one in listed.data}


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
