"""Requests to replies in OpenAI's shapes, without HTTP. The same request always gets the same reply, usage included."""

import base64
import hashlib
import json
import math
import re
import struct
from collections.abc import Iterator

from tests.endpoint.geography import Country, answer, country_in, is_russian, text_of
from tests.endpoint.types import Json, Message

CREATED = 1_735_689_600  # 2025-01-01T00:00:00Z: replies do not change from run to run
DIMENSIONS = 256
# What a judge of the library is shown.
_SHOWN = {name: re.compile(rf"<{name}>(.*?)</{name}>", re.DOTALL) for name in ("reference", "answer")}
_VERDICTS = {True: "It says what the reference says.", False: "The reference says something else."}


class BadRequest(Exception):
    """The request is not one that OpenAI would accept; `param` names the field."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


def chat_completion(request: Json) -> Json:
    """The reply to `POST /v1/chat/completions` without streaming."""
    message, finish_reason = _message(request)
    usage = _usage(_prompt_tokens(_messages(request)), _completion_tokens(message))
    choices = [
        {"index": index, "message": message, "finish_reason": finish_reason, "logprobs": None}
        for index in range(request.get("n") or 1)
    ]
    return _envelope(request, "chatcmpl", "chat.completion") | {"choices": choices, "usage": usage}


def chat_chunks(request: Json) -> Iterator[Json]:
    """The same reply as the chunks of a stream; the last one holds the usage where `stream_options` asks for it."""
    whole = chat_completion(request)
    message, finish_reason = whole["choices"][0]["message"], whole["choices"][0]["finish_reason"]
    envelope = _envelope(request, "chatcmpl", "chat.completion.chunk")
    with_usage = bool((request.get("stream_options") or {}).get("include_usage"))
    extra: Json = {"usage": None} if with_usage else {}

    def chunk(delta: Json, finish: str | None = None) -> Json:
        return envelope | extra | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in _pieces(message["content"] or ""):
        yield chunk({"content": piece})
    for index, call in enumerate(message.get("tool_calls") or []):
        yield chunk({"tool_calls": [{"index": index, **call}]})
    yield chunk({}, finish_reason)
    if with_usage:
        yield envelope | {"choices": [], "usage": whole["usage"]}


def text_completion(request: Json) -> Json:
    """The reply to `POST /v1/completions`: one choice per prompt."""
    prompts = request.get("prompt")
    if isinstance(prompts, str):
        prompts = [prompts]
    if not isinstance(prompts, list) or not all(isinstance(prompt, str) for prompt in prompts):
        raise BadRequest("'prompt' must be a string or an array of strings.", "prompt")
    texts = [answer([{"role": "user", "content": prompt}], _model(request)) for prompt in prompts]
    choices = [
        {"index": index, "text": text, "finish_reason": "stop", "logprobs": None} for index, text in enumerate(texts)
    ]
    usage = _usage(sum(map(count_tokens, prompts)), sum(map(count_tokens, texts)))
    return _envelope(request, "cmpl", "text_completion") | {"choices": choices, "usage": usage}


def text_chunks(request: Json) -> Iterator[Json]:
    whole = text_completion(request)
    envelope = _envelope(request, "cmpl", "text_completion")
    for choice in whole["choices"]:
        for piece in _pieces(choice["text"]):
            yield envelope | {"choices": [choice | {"text": piece, "finish_reason": None}]}
        yield envelope | {"choices": [choice | {"text": ""}]}
    if (request.get("stream_options") or {}).get("include_usage"):
        yield envelope | {"choices": [], "usage": whole["usage"]}


def embeddings(request: Json) -> Json:
    """The reply to `POST /v1/embeddings`: texts that share letter triples lie near each other."""
    texts = request.get("input")
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list) or not texts:
        raise BadRequest("'input' must be a string or a non-empty array.", "input")
    as_base64 = request.get("encoding_format") == "base64"
    data = []
    for index, text in enumerate(texts):
        vector = embed(text if isinstance(text, str) else json.dumps(text), request.get("dimensions") or DIMENSIONS)
        packed = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": packed if as_base64 else vector})
    tokens = sum(count_tokens(text) if isinstance(text, str) else len(text) for text in texts)
    return {
        "object": "list",
        "data": data,
        "model": _model(request),
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def embed(text: str, dimensions: int) -> list[float]:
    padded = f"  {text.lower()} "
    vector = [0.0] * dimensions
    for start in range(len(padded) - 2):
        digest = hashlib.blake2b(padded[start : start + 3].encode(), digest_size=8).digest()
        vector[int.from_bytes(digest, "big") % dimensions] += 1.0
    length = math.hypot(*vector) or 1.0
    return [value / length for value in vector]


def count_tokens(text: str) -> int:
    """About what OpenAI's tokenizers count: four bytes a token."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / 4)


def _message(request: Json) -> tuple[Message, str]:
    messages, model = _messages(request), _model(request)
    if messages[-1].get("role") == "tool":
        return {"role": "assistant", "content": text_of(messages[-1]), "refusal": None}, "stop"
    if call := _tool_call(request, messages):
        return {"role": "assistant", "content": None, "tool_calls": [call], "refusal": None}, "tool_calls"
    right = _judgement(messages)
    words = (
        answer(messages, model) if right is None else "As the reference." if right else "Not what the reference says."
    )
    wanted = request.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        words = json.dumps(
            _fill((wanted.get("json_schema") or {}).get("schema") or {}, words, right is not False), ensure_ascii=False
        )
    elif wanted.get("type") == "json_object":
        words = json.dumps({"answer": words}, ensure_ascii=False)
    limit = request.get("max_completion_tokens") or request.get("max_tokens")
    if limit and count_tokens(words) > limit:
        return {"role": "assistant", "content": words[: limit * 2], "refusal": None}, "length"
    return {"role": "assistant", "content": words, "refusal": None}, "stop"


def _judgement(messages: list[Message]) -> bool | None:
    """Whether the answer that is to be judged holds the reference; None where nothing is to be judged."""
    text = "\n".join(map(text_of, messages))
    shown = {name: found[1] for name, pattern in _SHOWN.items() if (found := pattern.search(text))}
    if len(shown) < len(_SHOWN):
        return None
    return shown["reference"].strip().casefold() in shown["answer"].casefold()


def _tool_call(request: Json, messages: list[Message]) -> Json | None:
    """The first tool (or the one chosen by name) is called where the conversation is about a country, or must be."""
    tools, choice = request.get("tools") or [], request.get("tool_choice") or "auto"
    if not tools or choice == "none":
        return None
    country = country_in(reversed([text_of(m) for m in messages]))
    if choice == "auto" and country is None:
        return None
    named = choice["function"]["name"] if isinstance(choice, dict) else tools[0]["function"]["name"]
    tool = next((tool["function"] for tool in tools if tool["function"]["name"] == named), None)
    if tool is None:
        raise BadRequest(f"Tool choice {named!r} is not among 'tools'.", "tool_choice")
    words = _country_name(country, text_of(messages[-1]))
    arguments = json.dumps(_fill(tool.get("parameters") or {}, words), ensure_ascii=False)
    digest = hashlib.sha256(f"{named}{arguments}".encode()).hexdigest()[:24]
    return {"id": f"call_{digest}", "type": "function", "function": {"name": named, "arguments": arguments}}


def _country_name(country: Country | None, asked: str) -> str:
    if country is None:
        return asked
    return country.ru if is_russian(asked) else country.en


def _fill(schema: Json, words: str, favourable: bool = True) -> object:
    """The plainest value that satisfies a JSON schema, with the model's words wherever text is asked for.

    What can be more or less is the most, unless it is not to be favourable.
    """
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0 if favourable else -1]
    for union in ("anyOf", "oneOf"):
        if schema.get(union):
            return _fill(schema[union][0], words, favourable)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object" or "properties" in schema:
        return {name: _fill(part, words, favourable) for name, part in (schema.get("properties") or {}).items()}
    if kind == "array":
        return [_fill(schema.get("items") or {}, words, favourable)]
    if kind in ("number", "integer"):
        first, second = ("maximum", "minimum") if favourable else ("minimum", "maximum")
        return schema.get(first, schema.get(second, int(favourable)))
    if kind == "boolean":
        return favourable
    return None if kind == "null" else words


def _messages(request: Json) -> list[Message]:
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(message, dict) for message in messages):
        raise BadRequest("'messages' must be a non-empty array of objects.", "messages")
    return messages


def _model(request: Json) -> str:
    model = request.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest("you must provide a model parameter", "model")
    return model


def _envelope(request: Json, prefix: str, kind: str) -> Json:
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:24]
    return {
        "id": f"{prefix}-{digest}",
        "object": kind,
        "created": CREATED,
        "model": _model(request),
        "system_fingerprint": "fp_promptlab",
    }


def _prompt_tokens(messages: list[Message]) -> int:
    return 3 + sum(4 + count_tokens(text_of(message)) for message in messages)


def _completion_tokens(message: Message) -> int:
    calls = message.get("tool_calls") or []
    return count_tokens(message["content"] or "") + sum(8 + count_tokens(str(call["function"])) for call in calls)


def _usage(prompt: int, completion: int) -> Json:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _pieces(text: str, size: int = 4) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))
