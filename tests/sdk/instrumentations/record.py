"""Records anew what instrumentations of others send: `python -m tests.sdk.instrumentations.record [NAME …]`.

Each script of `scripts/` asks the OpenAI-compatible endpoint with the real packages, in an environment below
`.venvs/recorders` that is made when its pins (`requirements/*.txt`, `js/package-lock.json`) change, and exports to a
stub that keeps the bytes in `tests/recorded/<name>/`. `WRITE_GOLDEN=1 python -m pytest
tests/tracing/ingestion/test_recorded.py` then writes down what is stored of them; look at the difference.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.endpoint.server import Endpoint
from tests.sdk.instrumentations.receiver import Receiver

HERE = Path(__file__).parent
RECORDED = HERE.parent.parent / "recorded"
ENVIRONMENTS = HERE.parent.parent.parent / ".venvs" / "recorders"
PATIENCE = 180
# Name of the script and of its recording -> the environment it runs in.
SCRIPTS: Mapping[str, str] = {
    "openinference_openai": "openai",
    "openllmetry_openai": "openai",
    "genai_openai": "openai",
    "openinference_langchain": "langchain",
    "openllmetry_langchain": "langchain",
    "openinference_llama_index": "llama_index",
    "openinference_smolagents": "smolagents",
    "openinference_agno": "agno",
    "openinference_crewai": "crewai",
    "pydantic_agents": "pydantic_ai",
    "litellm_otel": "litellm",
    "litellm_langfuse": "litellm",
    "mlflow_tracing": "mlflow",
    "google_adk": "google_adk",
    "strands_agents": "strands",
    "vercel_ai": "js",
    "vercel_ai_langfuse": "js",
    "langfuse_openai": "js",
    "langfuse_langchain": "js",
    "genkit": "js",
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(SCRIPTS)
    if unknown:
        print(f"No such script: {', '.join(sorted(unknown))}. There are {', '.join(SCRIPTS)}.")
        return 2
    failures = 0
    with Endpoint() as endpoint:
        for name in names or SCRIPTS:
            fault = record(name, endpoint.url)
            failures += bool(fault)
            print(f"{name}: {fault or 'recorded.'}", flush=True)
    return 1 if failures else 0


def record(name: str, endpoint: str) -> str:
    """Play a script and keep what it sends; answers what went wrong."""
    command = _command(name)
    folder = RECORDED / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.body"):
        old.unlink()
    with Receiver(folder) as receiver:
        done = subprocess.run(
            command,
            cwd=ENVIRONMENTS / SCRIPTS[name],
            env=_variables(receiver.url, endpoint),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    if done.returncode:
        return f"ended with {done.returncode}:\n{done.stderr[-3000:]}"
    return "" if receiver.requests else f"sent nothing.\n{done.stderr[-3000:]}"


def _command(name: str) -> list[str]:
    environment = SCRIPTS[name]
    _make(environment)
    folder = ENVIRONMENTS / environment
    if environment != "js":
        return [str(folder / "bin" / "python"), str(HERE / "scripts" / f"{name}.py")]
    # Node finds packages beside the script.
    for script in (HERE / "scripts").glob("*.mjs"):
        shutil.copy(script, folder)
    return ["node", str(folder / f"{name}.mjs")]


def _make(environment: str) -> None:
    folder = ENVIRONMENTS / environment
    pins = HERE / "js" / "package-lock.json" if environment == "js" else HERE / "requirements" / f"{environment}.txt"
    made, stamp = folder / ".made", hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    if made.is_file() and made.read_text() == stamp:
        return
    shutil.rmtree(folder, ignore_errors=True)
    if environment == "js":
        shutil.copytree(HERE / "js", folder)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
        subprocess.run([*pip, "install", "--quiet", "--no-input", "--requirement", pins], check=True)
    made.write_text(stamp)


def _variables(receiver: str, endpoint: str) -> dict[str, str]:
    ours = ("LANGFUSE_", "OTEL_", "OPENAI_", "PYTHONPATH", "PYTHONHOME", "DJANGO_", "PROMPTLAB_", "MLFLOW_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    keys = base64.b64encode(b"pk-lf-recorder:sk-lf-recorder").decode()
    return inherited | {
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": endpoint,
        "OPENAI_API_BASE": endpoint,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{receiver}/api/public/otel/v1/traces",
        "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Basic {keys}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_NODE_RESOURCE_DETECTORS": "env",  # others tell of this machine
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "MLFLOW_ENABLE_OTLP_EXPORTER": "true",
        "LANGFUSE_PUBLIC_KEY": "pk-lf-recorder",
        "LANGFUSE_SECRET_KEY": "sk-lf-recorder",
        **dict.fromkeys(("LANGFUSE_HOST", "LANGFUSE_BASE_URL", "LANGFUSE_OTEL_HOST"), receiver),
        "PYTHONPATH": str(HERE / "scripts"),
        "PYTHONWARNINGS": "ignore",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_TRACING_ENABLED": "false",
        "HOME": os.environ.get("TMPDIR", "/tmp"),
        "NO_PROXY": "127.0.0.1",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
