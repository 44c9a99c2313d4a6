"""Shapes of OpenAI's JSON as far as the endpoint looks into it."""

from typing import Any

Json = dict[str, Any]
Message = dict[str, Any]
