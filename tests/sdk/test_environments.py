"""The environments are reproducible: pinned whole, and made again when the pins change."""

import json
import re

import pytest

from tests.sdk import environments
from tests.sdk.environments import HERE, NODES, PYTHONS

SDK = {"py2": "2.60.10", "py3": "3.15.0", "py4": "4.18.0", "py5": "5.0.4"}


@pytest.mark.parametrize("name", PYTHONS)
def test_every_python_package_is_pinned_and_the_sdk_is_the_one_we_promise(name: str) -> None:
    lines = [line for line in (HERE / "requirements" / f"{name}.txt").read_text().splitlines() if line[:1] != "#"]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[\w.]+", line) for line in lines)
    assert f"langfuse=={SDK[name]}" in lines


@pytest.mark.parametrize("name", NODES)
def test_the_lock_names_no_registry(name: str) -> None:
    lock = json.loads((HERE / name / "package-lock.json").read_text())
    assert lock["packages"]
    assert not any("resolved" in package for package in lock["packages"].values())


def test_new_pins_make_an_environment_again(monkeypatch: pytest.MonkeyPatch) -> None:
    if not environments.is_ready("py5"):
        pytest.fail("The environment py5 is not made: run `python -m tests.sdk.environments`.")
    assert environments.is_ready("py5")
    monkeypatch.setattr(environments, "_fingerprint", lambda _name: "other pins")
    assert not environments.is_ready("py5")


def test_a_machine_without_node_is_told_what_is_not_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments.shutil, "which", lambda _name: None)
    assert "node and npm are not installed" in environments.why_impossible("js5")
    assert environments.why_impossible("py5") == ""
