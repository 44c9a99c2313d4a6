"""The official SDKs with names that are hard to spell in an address; what they do otherwise is told in tests/sdk."""

import json
import os
import subprocess
from typing import Any

import pytest

from prompts.models import Prompt
from tests.sdk import environments

NAMES = [
    "dir/sub/x",
    "with space",
    "100% sure",
    "a%2Fb",
    "столицы/Франция",
    "what?#&+=",
    "a/versions/1",
    "x:y;z@!$'()*,",
]

# Python SDK 2.x leaves slashes raw, and its update_prompt encodes nothing at all; later ones encode everything.
UPDATED = {"py2": ["dir/sub/x", "with space", "a/versions/1"]}
SCRIPT = """
import json, sys
from langfuse import Langfuse
names, updated, found = json.loads(sys.argv[1]), json.loads(sys.argv[2]), {}
client = Langfuse()
for name in names:
    client.create_prompt(name=name, prompt=f"I am {name} for {{{{who}}}}", labels=["production"])
    if name in updated:
        client.update_prompt(name=name, version=1, new_labels=["seen"])
    prompt = client.get_prompt(name, label="latest", cache_ttl_seconds=0, max_retries=0)
    found[name] = [prompt.name, prompt.compile(who="you"), prompt.labels]
print(json.dumps(found))
"""


def run(environment: str, server: Any, script: str, *arguments: str) -> Any:
    if not environments.is_ready(environment):
        pytest.fail(f"The environment {environment} is not made: run `python -m tests.sdk.environments`.")
    keys = {"LANGFUSE_PUBLIC_KEY": server.public_key, "LANGFUSE_SECRET_KEY": server.secret_key}
    hosts = dict.fromkeys(("LANGFUSE_HOST", "LANGFUSE_BASE_URL"), server.url)
    done = subprocess.run(
        [*environments.command(environment), "-c", script, *arguments],
        env={"PATH": os.environ["PATH"], "NO_PROXY": "*", **keys, **hosts},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.sdk
@pytest.mark.parametrize("environment", environments.PYTHONS)
def test_any_name_goes_there_and_back(server, environment) -> None:
    updated = UPDATED.get(environment, NAMES)
    found = run(environment, server, SCRIPT, json.dumps(NAMES), json.dumps(updated))
    labels = {name: ["seen"] if name in updated else [] for name in NAMES}
    assert found == {name: [name, f"I am {name} for you", [*labels[name], "production", "latest"]] for name in NAMES}
    assert set(Prompt.objects.values_list("name", flat=True)) == set(NAMES)


@pytest.mark.sdk
def test_the_rest_client_of_sdk_5_lists_and_deletes(server) -> None:
    script = """
import json
from langfuse import Langfuse
api = Langfuse().api
from langfuse.api import CreateTextPromptRequest
api.prompts.create(request=CreateTextPromptRequest(name="dir/x", prompt="one", labels=["production"], tags=["t"]))
api.prompts.create(request=CreateTextPromptRequest(name="dir/x", prompt="two"))
before = api.prompts.list(name="dir/x", tag="t").data[0]
api.prompts.delete("dir/x", version=2)
after = api.prompts.list().data[0]
print(json.dumps([before.versions, before.labels, after.versions, after.labels, api.prompts.get("dir/x").prompt]))
"""
    assert run("py5", server, script) == [[1, 2], ["latest", "production"], [1], ["latest", "production"], "one"]
