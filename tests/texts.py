"""Every text for people that the code and the templates mark for translation, found without xgettext.

Python by its syntax tree; templates by Django's own `templatize`, which turns their tags into calls of gettext.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "common", "datasets", "evaluation", "llm", "promptlab", "prompts", "tracing")
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2, "pgettext": 0}


def marked_texts() -> dict[str, str]:
    """Text -> the file it stands in (singulars only)."""
    found: dict[str, str] = {}
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" not in path.parts:
                found |= dict.fromkeys(_in_python(path.read_text(encoding="utf-8")), str(path.relative_to(ROOT)))
    for path in [
        p for folder in ("templates", *APPS) for kind in ("html", "txt") for p in (ROOT / folder).rglob(f"*.{kind}")
    ]:
        found |= dict.fromkeys(_in_template(path.read_text(encoding="utf-8")), str(path.relative_to(ROOT)))
    return found


def _in_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if CALLS.get(name) and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield node.args[0].value


def _in_template(source: str) -> Iterator[str]:
    for match in re.finditer(
        r'\b(?:gettext|ngettext|_)\((u?"(?:[^"\\]|\\.)*"|u?\'(?:[^\'\\]|\\.)*\')', templatize(source)
    ):
        text = ast.literal_eval(match[1])
        if text:
            yield text
