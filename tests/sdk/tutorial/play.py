"""Runs inside the environment of SDK 2.x: executes the article block by block in one namespace, as a notebook would.

The LangChain block asks for the dataset `capitals`, while the article made `Capitals`: the server takes the one that
can be meant. Both experiments carry one name, so each item of that run has two answers.

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
    Path(os.environ["STORY_OUTPUT"]).write_text(json.dumps(played, ensure_ascii=False), encoding="utf-8")


main()
