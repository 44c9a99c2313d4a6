"""A model that answers everything after a fixed time: `python -m benchmarks.answering --seconds 0.1`.

A process of its own with as little in it as an OpenAI-compatible endpoint can have, so that it is never what is waited
for. Prints its base URL.
"""

import argparse
import asyncio
import json

WORDS = "Paris is the capital of France."


class _Connection(asyncio.Protocol):
    """HTTP/1.1, kept alive; answers to one connection come one after the other."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            whole = end + 4 + length
            if len(self.received) < whole:
                return
            model = json.loads(self.received[end + 4 : whole])["model"]
            self.received = self.received[whole:]
            asyncio.get_running_loop().call_later(self.seconds, self.answer, model)

    def answer(self, model: str) -> None:
        message = {"role": "assistant", "content": WORDS}
        body = {
            "id": "chatcmpl-benchmark",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 60, "completion_tokens": 8, "total_tokens": 68},
        }
        text = json.dumps(body).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(head.encode() + text)


async def serve(seconds: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(seconds), "127.0.0.1", 0, backlog=500)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.1)
    asyncio.run(serve(parser.parse_args().seconds))
