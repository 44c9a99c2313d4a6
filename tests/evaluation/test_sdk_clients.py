"""The typed clients of the Python SDKs that know evaluators, unmodified, against the running server."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from tests.conftest import Api, Server
from tests.sdk import environments

SCRIPT = Path(__file__).with_name("sdk_story.py")


@pytest.mark.sdk
@pytest.mark.parametrize("sdk", ["py4", "py5"])
@pytest.mark.timeout(200)
def test_the_sdk_defines_evaluators_rules_and_queues(server: Server, sdk: str, anna: User) -> None:
    if reason := environments.why_impossible(sdk):
        pytest.skip(reason)
    api = Api(server.keys)
    config = api.post("score-configs", {"name": "tone", "dataType": "TEXT"}).json()["id"]
    made = {"provider": "house", "adapter": "openai", "secretKey": "sk", "customModels": ["tiny-judge"]}
    assert api.put("llm-connections", made).status_code == 201
    told = _told(sdk, server, config, anna.pk)

    assert told["judge"] == [1, ["answer"], "tiny-judge", "$.text"]
    assert told["output"] == ["NUMERIC", 1.0]
    assert told["code"] == ["Evaluator_Code", "PYTHON"]
    assert (told["renamed"], told["cleared"]) == (["Right", "d", 1], None)
    assert told["changed"] == [2, "user", None, None]
    assert told["versions"] == [2, 1]
    assert told["categories"] == ["a", "b"]
    assert told["pages"] == [["Third", "Length"], ["Right"]]
    assert (told["last page"], told["deleted"]) == (None, True)
    assert [refusal[:2] for refusal in told["refused"]] == [
        [404, "resource_not_found"],
        [400, "invalid_body"],
        [400, "invalid_query"],
        [412, "invalid_request"],
        [401, "authentication_failed"],
    ]

    assert told["rule"] == [0.5, ["type", "metadata"], "k"]
    assert (told["assigned"], told["override"], told["everything"]) == (True, "expected_output", 1)
    assert (told["rules"], told["rule changed"], told["disabled"]) == (["b", "All"], [], False)
    assert [refusal[:2] for refusal in told["rule refused"]] == [[409, "conflict"], [400, "invalid_body"]]
    assert (told["rule read"], told["rule deleted"]) == ("All", True)

    assert told["queue"] == ["Queue", "COMPLETED", True]
    assert (told["items"], told["queues"]) == ([True, 1], 1)
    assert (told["member"], told["unassigned"], told["item deleted"]) == (True, True, True)

    assert (told["async"], told["async refused"]) == (["Async", "Async"], 404)
    assert (told["async deleted"], told["async rule"]) == (True, False)


def _told(sdk: str, server: Server, *more: str) -> dict[str, Any]:
    done = subprocess.run(
        [*environments.command(sdk), str(SCRIPT), server.url, server.keys.public_key, server.keys.secret_key, *more],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        env={"PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])
