"""A model that answers as a test says, behind real HTTP."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


class Refusal(Exception):
    """The request is refused with 400 and these words."""


class Scripted:
    """`answer` gets a request's body and returns the model's text; `asked` keeps the bodies."""

    def __init__(self) -> None:
        self.answer: Callable[[Body], str] = lambda _body: "…"
        self.asked: list[Body] = []
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                scripted.asked.append(body)
                status, told = 200, {}
                try:
                    message = {"role": "assistant", "content": scripted.answer(body)}
                    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
                    told = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}
                    told |= {"id": "1", "object": "chat.completion", "created": 0, "model": body["model"]}
                except Refusal as refusal:
                    status, told = 400, {"error": {"message": str(refusal), "type": "invalid_request_error"}}
                raw = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"
