"""The typed clients of the Python SDKs, unmodified, parse every answer of the reading routes."""

import json
import subprocess
from pathlib import Path

import pytest

from accounts.authors import Author
from tests.sdk import environments
from tests.tracing.api.conftest import generation, observation, score, trace
from tracing.score_configs import Draft, create

SCRIPT = Path(__file__).with_name("sdk_calls.py")
QUERY = json.dumps(
    {
        "view": "observations",
        "metrics": [{"measure": "totalCost", "aggregation": "sum"}],
        "fromTimestamp": "2026-01-01T00:00:00Z",
        "toTimestamp": "2027-01-01T00:00:00Z",
    }
)
TRACES = [
    ("trace.get", {"trace_id": "t1"}),
    ("trace.list", {}),
    ("trace.list", {"tags": ["x", "y"], "order_by": "timestamp.asc", "environment": ["default"]}),
    ("sessions.get", {"session_id": "s1"}),
    ("sessions.list", {}),
]
CONFIGURED = [
    ("score_configs.get", {}),
    ("score_configs.get_by_id", {"config_id": "{config}"}),
    ("models.list", {"limit": 3}),
    ("models.get", {"id": "openai:gpt-4o"}),
    ("models.get", {"id": "openrouter:qwen/qwen-2.5-72b-instruct"}),
]
DELETING = [("trace.delete", {"trace_id": "t2"}), ("trace.delete_multiple", {"trace_ids": ["t2"]})]
V2_FIELDS = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"
SCORE_IDS = ("numeric", "boolean", "category", "text")
CALLS: dict[str, list[tuple[str, dict]]] = {
    "py2": [
        *TRACES,
        ("observations.get", {"observation_id": "g"}),
        ("observations.get_many", {}),
        ("score.get", {}),
        *(("score.get_by_id", {"score_id": id}) for id in SCORE_IDS[:3]),
        ("metrics.daily", {}),
        *CONFIGURED,
    ],
    "py3": [
        *TRACES,
        ("observations.get", {"observation_id": "g"}),
        ("observations.get_many", {}),
        ("observations_v_2.get_many", {"fields": V2_FIELDS}),
        ("score_v_2.get", {}),
        *(("score_v_2.get_by_id", {"score_id": id}) for id in SCORE_IDS[:3]),
        ("metrics.metrics", {"query": QUERY}),
        ("metrics_v_2.metrics", {"query": QUERY}),
        *CONFIGURED,
        *DELETING,
    ],
    "py4": [
        *TRACES,
        ("legacy.observations_v1.get", {"observation_id": "g"}),
        ("legacy.observations_v1.get_many", {}),
        ("observations.get_many", {"fields": V2_FIELDS, "expand_metadata": "plan"}),
        ("scores.get_many", {}),
        *(("scores.get_by_id", {"score_id": id}) for id in SCORE_IDS),
        ("scores_v3.get_many_v3", {"fields": "details,subject,annotation"}),
        ("legacy.metrics_v1.metrics", {"query": QUERY}),
        ("metrics.metrics", {"query": QUERY}),
        *CONFIGURED,
        *DELETING,
    ],
    "py5": [
        ("observations.get_many", {"fields": V2_FIELDS, "expand_metadata": "plan"}),
        ("scores.get_many", {"fields": "details,subject,annotation"}),
        ("scores.get_many", {"data_type": "NUMERIC", "value_min": 0.1, "trace_id": "t1"}),
        ("metrics.metrics", {"query": QUERY}),
        *CONFIGURED,
        ("score_configs.create", {"name": "New", "data_type": "NUMERIC", "max_value": 5}),
        ("score_configs.update", {"config_id": "{config}", "is_archived": True}),
        ("models.create", {"model_name": "m", "match_pattern": "^m$", "unit": "TOKENS", "input_price": 0.1}),
        ("models.upsert", {"id": "mine", "model_name": "n", "match_pattern": "^n$", "unit": "TOKENS"}),
        ("models.delete", {"id": "mine"}),
        ("scores.create", {"request": [{"name": "a", "value": 1, "traceId": "t1"}, {"name": "b", "value": 1}]}),
        ("scores.delete", {"score_id": "numeric"}),
        *DELETING,
    ],
}


@pytest.mark.sdk
@pytest.mark.parametrize("sdk", CALLS)
def test_every_answer_is_understood(server, write, sdk: str) -> None:
    if reason := environments.why_impossible(sdk):
        pytest.skip(reason)
    write(
        trace("t1", name="qa", session_id="s1", tags=("x", "y"), input='{"q":1}', metadata={"k": '"v"'}),
        trace("t2"),
        observation("root", "t1", type="SPAN"),
        generation("g", "t1", parent_observation_id="root"),
        observation("tool", "t1", type="TOOL", level="ERROR", status_message="no"),
        score("numeric", trace_id="t1", metadata='{"a":1}'),
        score("boolean", trace_id="t1", data_type="BOOLEAN", value=1.0, string_value="True", observation_id="g"),
        score("category", trace_id="t1", data_type="CATEGORICAL", value=0.0, string_value="good"),
    )
    if sdk in ("py4", "py5"):  # the older ones know no texts
        write(score("text", trace_id="t1", data_type="TEXT", value=None, string_value="fine"))
        write(score("session", session_id="s1"), score("run", dataset_run_id="r"))
    config = create(server.keys.id, Draft(name="Correct", data_type="BOOLEAN"), Author()).pk
    calls = json.dumps(CALLS[sdk]).replace("{config}", config)
    python = environments.ROOT / sdk / "bin" / "python"
    told = subprocess.run(
        [str(python), str(SCRIPT), sdk, server.url, server.public_key, server.secret_key],
        input=calls,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    outcomes = json.loads(told.stdout)
    assert len(outcomes) == len(CALLS[sdk])
    assert [outcome for outcome in outcomes if "error" in outcome] == []
    answers = {outcome["call"]: outcome["answer"] for outcome in outcomes}
    if sdk == "py5":
        assert "accepted=1" in answers["scores.create"]
        assert "rejected=1" in answers["scores.create"]
    else:
        assert "Париж" in answers["trace.get"]
