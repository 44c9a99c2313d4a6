"""The story in the idiom of Python SDK 5.x: everything is an observation, and the trace is what its root says."""

from typing import Any

import otel_story
import story
from langfuse import propagate_attributes

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
    otel_story.told(langfuse, tale)
