"""Has an SDK tell its story to the stage: runs its script in its environment and reads what it reports."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from tests.sdk import environments
from tests.sdk.scripts import story
from tests.sdk.stage import Stage

HERE = Path(__file__).parent
PATIENCE = 200  # seconds for a script; 10 do on an idle machine
PATIENT = pytest.mark.timeout(PATIENCE + 100)  # the first test of an SDK waits for its story
PYTHONS = ("py2", "py3", "py4", "py5")
SDKS = (*PYTHONS, "js3", "js5")

Test = TypeVar("Test", bound=Callable[..., None])


def told_by(*sdks: str) -> Callable[[Test], Test]:
    """Run a test only for the SDKs that tell this part of the story."""

    def chosen(test: Test) -> Test:
        test.sdks = sdks  # type: ignore[attr-defined]
        return test

    return chosen


@dataclass(frozen=True)
class Told:
    """A story that was told, and the API to read it back."""

    sdk: str
    tale: dict[str, Any]
    stage: Stage
    api: httpx.Client

    @property
    def names(self) -> dict[str, str]:
        return story.names(self.sdk)

    @property
    def project_id(self) -> str:
        return self.stage.projects[self.sdk].id

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET, which must succeed."""
        answer = self.api.get(path, params=query)
        assert answer.status_code == 200, f"GET {path} {query}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def trace(self, part: str) -> dict[str, Any]:
        """The trace that a part of the tale names."""
        return self.get(f"/traces/{self.tale[part]['trace']}")

    def observations(self, part: str) -> dict[str, dict[str, Any]]:
        """The observations of that trace by name; of those with the same name, any."""
        return {one["name"]: one for one in self.trace(part)["observations"]}


def tell(name: str, environment: str, script: Path, stage: Stage, base_url: str, plan: Any = None) -> Any:
    """Run a script and give back the JSON it wrote. Skips where the environment cannot be had on this machine.

    The script finds `plan` as JSON in the file that STORY_PLAN names.
    """
    if reason := environments.why_impossible(environment):
        pytest.skip(reason)
    if not environments.is_ready(environment):
        pytest.fail(f"The environment {environment} is not made: run `python -m tests.sdk.environments`.")
    project = stage.projects[name]
    with tempfile.TemporaryDirectory(prefix="promptlab-story-") as folder:
        output, planned = Path(folder) / "tale.json", Path(folder) / "plan.json"
        planned.write_text(json.dumps(plan), encoding="utf-8")
        variables = {
            "LANGFUSE_PUBLIC_KEY": project.public_key,
            "LANGFUSE_SECRET_KEY": project.secret_key,
            # The generations differ in how they name the server's address.
            **dict.fromkeys(("LANGFUSE_HOST", "LANGFUSE_BASE_URL", "LANGFUSE_BASEURL"), stage.url),
            "OPENAI_BASE_URL": base_url,
            "STORY": story.as_json(name),
            "STORY_OUTPUT": str(output),
            "STORY_PLAN": str(planned),
            "SURFACE": f"surface-{environment}",
            "PYTHONWARNINGS": "ignore",
            "NO_PROXY": "127.0.0.1",
        }
        done = subprocess.run(
            [*environments.command(environment), str(script)],
            cwd=folder,
            env={**_clean(dict(os.environ)), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{script.name} ended with {done.returncode}:\n{done.stderr[-6000:]}"
        return json.loads(output.read_text(encoding="utf-8"))


def script_of(sdk: str, name: str = "") -> Path:
    """Where an SDK's script runs from: its story, or the one named. Node finds packages beside the script, so there it
    is copied to them."""
    if sdk in environments.PYTHONS:
        return HERE / "scripts" / f"{name or sdk}.py"
    script = environments.folder(sdk) / f"{name or sdk}.mjs"
    if script.parent.is_dir():
        script.write_bytes((HERE / "scripts" / script.name).read_bytes())
    return script


def _clean(environment: dict[str, str]) -> dict[str, str]:
    """Without what belongs to our own process: an SDK's environment must see only its own packages and settings."""
    ours = ("LANGFUSE_", "OTEL_", "OPENAI_", "PYTHONPATH", "PYTHONHOME", "DJANGO_", "PROMPTLAB_", "PYTEST_")
    return {name: value for name, value in environment.items() if not name.startswith(ours)}
