"""The tutorial's Python blocks, in the article's order, ready to run against a server.

Nothing of the code is changed but the literals that the article leaves for its reader to fill in.
Only the standard library is used: this file also runs inside the SDK's environment.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ARTICLE = Path(__file__).parent / "tutorial.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of the article. `printed` are the lines that the article says it prints (`# >>> …`)."""

    code: str
    printed: tuple[str, ...]


def blocks(blanks: dict[str, str]) -> list[Block]:
    """`blanks` maps each literal of the article to what stands there instead; each must occur in it."""
    codes = BLOCK.findall(ARTICLE.read_text(encoding="utf-8"))
    for blank, filled in blanks.items():
        if not any(blank in code for code in codes):
            raise ValueError(f"The article has no {blank!r} any more.")
        codes = [code.replace(blank, filled) for code in codes]
    return [Block(code, tuple(re.findall(r"^# >>> (.*)$", code, re.MULTILINE))) for code in codes]


def blanks(public_key: str, secret_key: str, host: str, base_url: str) -> dict[str, str]:
    """The literals that the article leaves empty, with their values. The order matters to nobody."""
    return {
        'os.environ["LANGFUSE_PUBLIC_KEY"] = ""': f'os.environ["LANGFUSE_PUBLIC_KEY"] = {public_key!r}',
        'os.environ["LANGFUSE_SECRET_KEY"] = ""': f'os.environ["LANGFUSE_SECRET_KEY"] = {secret_key!r}',
        '"http://your.langfuse.ru:3000"': repr(host),
        "api_key='API_KEY'": "api_key='sk-test'",
        "base_url='BASE_URL'": f"base_url={base_url!r}",
        "api_key=''": "api_key='sk-test'",
        "base_url=''": f"base_url={base_url!r}",
    }
