"""The story in the idiom of Python SDK 3.x: spans that update their trace, `item.run`, and `run_experiment`."""

from typing import Any

import otel_story
import story

NAMES = story.names("py3")
langfuse = otel_story.client()


def trace() -> dict[str, Any]:
    with langfuse.start_as_current_span(name=story.TRACE_NAME, input=story.QUESTION) as root:
        root.update_trace(
            user_id=story.USER,
            session_id=NAMES["session"],
            tags=story.TAGS,
            version=story.VERSION,
            metadata=story.TRACE_METADATA,
            input=story.QUESTION,
            output=story.ANSWER,
            public=True,
        )
        ids = otel_story.steps(langfuse, NAMES)
        root.update(output=story.ANSWER)
    otel_story.scores(langfuse, root.trace_id, NAMES["session"])
    return {"trace": root.trace_id, "root": root.id, "url": langfuse.get_trace_url(trace_id=root.trace_id), **ids}


def dataset() -> dict[str, Any]:
    items = otel_story.make_dataset(langfuse, NAMES)
    traces = {}
    for item in langfuse.get_dataset(NAMES["dataset"]).items:
        with item.run(run_name=NAMES["run"], run_description="наблюдается", run_metadata=story.RUN_METADATA) as root:
            output = otel_story.answer(story.WRONG_MODEL, item.input["country"])
            root.update(input=item.input, output=output)
            root.score_trace(name="exact_match", value=output == item.expected_output)
        traces[item.id] = {"trace": root.trace_id, "output": output}
    langfuse.flush()
    run = langfuse.get_dataset_run(dataset_name=NAMES["dataset"], run_name=NAMES["run"])
    return {
        "items": items,
        "traces": traces,
        "run": run.id,
        "run_items": [[item.dataset_item_id, item.trace_id] for item in run.dataset_run_items],
        "run_metadata": run.metadata,
    }


def read(trace_id: str) -> dict[str, Any]:
    """What the SDK itself reads of the trace."""
    langfuse.flush()
    trace = langfuse.api.trace.get(trace_id)
    (generation,) = langfuse.api.observations.get_many(trace_id=trace_id, type="GENERATION").data
    return {
        "name": trace.name,
        "observations": sorted(one.name for one in trace.observations),
        "scores": {one.name: one.value for one in langfuse.api.score_v_2.get(trace_id=trace_id, name="numeric").data},
        "usage": generation.usage.total,
        "cost": generation.calculated_total_cost,
        "session": [one.id for one in langfuse.api.sessions.get(NAMES["session"]).traces],
        "listed": [one.id for one in langfuse.api.trace.list(tags=story.TAGS, name=story.TRACE_NAME).data],
    }


if __name__ == "__main__":
    tale = {
        "auth": langfuse.auth_check(),
        "prompts": otel_story.prompts(langfuse, NAMES),
        "trace": trace(),
        "decorated": otel_story.decorated(langfuse, NAMES),
        "dataset": dataset(),
        "experiment": otel_story.experiment(langfuse, NAMES, story.MODEL, NAMES["experiment"]),
        "langchain": otel_story.langchain(NAMES),
        "media": otel_story.media(langfuse),
    }
    tale["read"] = read(tale["trace"]["trace"])
    otel_story.told(langfuse, tale)
