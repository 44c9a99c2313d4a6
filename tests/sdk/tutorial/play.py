"""Runs inside the environment of SDK 2.x: executes the article block by block in one namespace, as a notebook would.

The one stumble of the article: its LangChain block asks for the dataset `capitals`, while the dataset it made is named
`Capitals`, and names are case-sensitive. So that call is answered 404, as Langfuse answers it. The reader then makes
the missing dataset with the article's own code and runs the block again, unchanged.

Prints JSON: per block what it printed and the error it ended with, if any.
"""

import contextlib
import io
import json
import os
import traceback
from pathlib import Path
from typing import Any

from article import Block, blanks, blocks


def play(block: Block, namespace: dict[str, Any]) -> dict[str, Any]:
    printed, error = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(block.code, "<tutorial>", "exec"), namespace)
        except Exception as raised:
            error = {"type": type(raised).__name__, "message": str(raised), "traceback": traceback.format_exc()}
    return {"code": block.code, "printed": printed.getvalue().splitlines(), "promised": block.printed, "error": error}


def main() -> None:
    article = blocks(
        blanks(
            os.environ["LANGFUSE_PUBLIC_KEY"],
            os.environ["LANGFUSE_SECRET_KEY"],
            os.environ["LANGFUSE_HOST"],
            os.environ["OPENAI_BASE_URL"],
        )
    )
    namespace: dict[str, Any] = {"__name__": "__main__"}
    played = []
    for block in article:
        played.append(play(block, namespace))
        if "ChatOpenAI" in block.code and played[-1]["error"]:
            for earlier in article:
                if "create_dataset" in earlier.code:
                    lower = Block(earlier.code.replace("name='Capitals'", "name='capitals'"), ())
                    played.append(play(lower, namespace))
            played.append(play(block, namespace))
    Path(os.environ["STORY_OUTPUT"]).write_text(json.dumps(played, ensure_ascii=False), encoding="utf-8")


main()
