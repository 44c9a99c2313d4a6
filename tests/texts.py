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
CALLS = ("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy")
WITH_CONTEXT = ("pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy")
_LITERAL = r'u?"(?:[^"\\]|\\.)*"|u?\'(?:[^\'\\]|\\.)*\''
_PLAIN = re.compile(rf"\b(?:gettext|ngettext|_)\(({_LITERAL})")
_IN_CONTEXT = re.compile(rf"\bn?pgettext\(({_LITERAL}),\s*({_LITERAL})")
# A context (empty: none) and a text: a word may be a verb in one place and a noun in another.
Marked = tuple[str, str]


def marked_texts() -> dict[Marked, str]:
    """Context and text -> the file it stands in (singulars only)."""
    found: dict[Marked, str] = {}
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" not in path.parts:
                found |= dict.fromkeys(_in_python(path.read_text(encoding="utf-8")), str(path.relative_to(ROOT)))
    for path in [
        p for folder in ("templates", *APPS) for kind in ("html", "txt") for p in (ROOT / folder).rglob(f"*.{kind}")
    ]:
        found |= dict.fromkeys(_in_template(path.read_text(encoding="utf-8")), str(path.relative_to(ROOT)))
    return found


def _in_python(source: str) -> Iterator[Marked]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            texts = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args[:2]]
            if name in WITH_CONTEXT and isinstance(texts[0], str) and isinstance(texts[-1], str):
                yield texts[0], texts[-1]
            elif name in CALLS and isinstance(texts[0], str):
                yield "", texts[0]


def _in_template(source: str) -> Iterator[Marked]:
    code = templatize(source)
    for match in _PLAIN.finditer(code):
        if text := ast.literal_eval(match[1]):
            yield "", text
    for match in _IN_CONTEXT.finditer(code):
        yield ast.literal_eval(match[1]), ast.literal_eval(match[2])
