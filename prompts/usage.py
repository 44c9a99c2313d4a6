"""How to get a prompt from a program: snippets with this server's address and this project's public key."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from prompts.models import PRODUCTION

SECRET = "sk-lf-…"  # noqa: S105  (a mark to be replaced: secrets are shown once, when they are made)


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code in one language; `key` is unique among the snippets of a page."""

    key: str
    title: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the snippets shall fetch: by label, by version, or (neither) what is in production."""

    name: str
    chat: bool
    label: str | None = None
    version: int | None = None
    variables: Sequence[str] = ()
    placeholders: Sequence[str] = ()


def fetch_snippets(host: str, public_key: str, wanted: Wanted) -> list[Snippet]:
    """The same fetch for every client."""
    public_key = public_key or "pk-lf-…"
    return [
        Snippet("python5", "Python", _python(host, public_key, wanted, "base_url")),
        Snippet("python2", "Python 2.x", _python(host, public_key, wanted, "host")),
        Snippet("js", "JavaScript", _javascript(host, public_key, wanted)),
        Snippet("curl", "curl", _curl(host, public_key, wanted)),
    ]


def create_snippet(host: str, public_key: str) -> str:
    """How to make a first prompt."""
    return f"""pip install langfuse

from langfuse import Langfuse

langfuse = Langfuse(
    base_url={_text(host)},  # host= before version 4
    public_key={_text(public_key or "pk-lf-…")},
    secret_key={_text(SECRET)},
)
langfuse.create_prompt(
    name="capitals/question",
    prompt="Name the capital of {{{{country}}}}.",
    labels=["production"],
)"""


def _python(host: str, public_key: str, wanted: Wanted, address: str) -> str:
    asked = [_text(wanted.name), *_selector(wanted, "{}={}")]
    if wanted.chat:
        asked.append('type="chat"')
    values = ", ".join(
        [f"{name}=…" for name in wanted.variables if name.isidentifier()]
        + [f"{name}=[…]" for name in wanted.placeholders if name.isidentifier()]
    )
    return f"""from langfuse import Langfuse

langfuse = Langfuse(
    {address}={_text(host)},
    public_key={_text(public_key)},
    secret_key={_text(SECRET)},
)
prompt = langfuse.get_prompt({", ".join(asked)})
{"messages" if wanted.chat else "text"} = prompt.compile({values})"""


def _javascript(host: str, public_key: str, wanted: Wanted) -> str:
    options = [*_selector(wanted, "{}: {}")]
    if wanted.chat:
        options.append('type: "chat"')
    asked = _text(wanted.name) + (f", {{ {', '.join(options)} }}" if options else "")
    values = ", ".join(f"{_key(name)}: …" for name in wanted.variables)
    filled = [f"{{ {values} }}"] if values else []
    if wanted.placeholders:
        filled = [
            filled[0] if filled else "{}",
            f"{{ {', '.join(f'{_key(name)}: […]' for name in wanted.placeholders)} }}",
        ]
    return f"""import {{ LangfuseClient }} from "@langfuse/client";

const langfuse = new LangfuseClient({{
  baseUrl: {_text(host)},
  publicKey: {_text(public_key)},
  secretKey: {_text(SECRET)},
}});
const prompt = await langfuse.prompt.get({asked});
const {"messages" if wanted.chat else "text"} = prompt.compile({", ".join(filled)});"""


def _curl(host: str, public_key: str, wanted: Wanted) -> str:
    query = "&".join(_selector(wanted, "{}={}", quoted=False))
    address = f"{host}/api/public/v2/prompts/{quote(wanted.name, safe='')}{'?' if query else ''}{query}"
    return f'curl -u "{public_key}:{SECRET}" \\\n  "{address}"'


def _selector(wanted: Wanted, shape: str, quoted: bool = True) -> list[str]:
    if wanted.version is not None:
        return [shape.format("version", wanted.version)]
    if wanted.label is not None and wanted.label != PRODUCTION:
        return [shape.format("label", _text(wanted.label) if quoted else quote(wanted.label, safe=""))]
    return []


def _text(value: str) -> str:
    """A string literal of Python and of JavaScript."""
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if name.isidentifier() else _text(name)
