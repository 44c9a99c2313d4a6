"""The files for production, and the list of variables, hold what they promise."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.running import CLEAN, ROOT

SECRETS = ("SECRET_KEY", "PROMPTLAB_ENCRYPTION_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_compose_refuses_to_start_without_each_secret() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in SECRETS:
        uses = re.findall(rf"\$\{{{name}(.*?)\}}", text)
        assert uses
        assert all(use.startswith(f":?set {name}") for use in uses)


def test_compose_has_every_service_with_its_health_and_its_volume(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["postgres"]["image"] == "postgres:18"
    assert services["valkey"]["image"] == "valkey/valkey:9"
    for name in ("web", "worker", "scheduler", "postgres", "valkey"):
        assert services[name]["healthcheck"]["test"], name
        assert services[name]["restart"] == "unless-stopped", name
    mounted = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
    assert mounted == set(compose["volumes"])
    assert "postgres:/var/lib/postgresql" in services["postgres"]["volumes"]
    assert [name for name, service in services.items() if "ports" in service] == ["web"]


def test_the_image_does_not_run_as_root() -> None:
    last_stage = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]
    assert "\nUSER promptlab\n" in last_stage


@pytest.mark.parametrize("missing", ["SECRET_KEY", "PROMPTLAB_ENCRYPTION_KEY", "DATABASE_URL", "REDIS_URL"])
def test_what_production_must_bring_is_refused_with_a_sentence(missing: str) -> None:
    given = {
        "SECRET_KEY": "s" * 40,
        "PROMPTLAB_ENCRYPTION_KEY": "e" * 40,
        "DATABASE_URL": "postgresql://nowhere/none",
        "REDIS_URL": "redis://nowhere",
    }
    del given[missing]
    refused = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=CLEAN | given, capture_output=True, text=True
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{missing} is not set. ")
    assert refused.stderr.count("\n") == 1


def test_every_variable_that_is_read_is_explained() -> None:
    explained = (ROOT / ".env.example").read_text()
    read = set()
    for app in ("promptlab", "common", "accounts", "llm", "prompts", "tracing", "datasets", "evaluation"):
        text = "".join(file.read_text() for file in Path(ROOT, app).rglob("*.py"))
        read |= set(re.findall(r'env\.(?:text|flag|number|words|required)\(\s*"([A-Z_]+)"', text))
        read |= set(re.findall(r'environ(?:ment)?(?:\.get\(|\[)"((?:PROMPTLAB_)?[A-Z_]+)"', text))
    internal = {"PROMPTLAB_EMBEDDED", "DJANGO_SETTINGS_MODULE"}
    assert read - internal
    assert {name for name in read - internal if not re.search(rf"^#?{name}=", explained, re.MULTILINE)} == set()
