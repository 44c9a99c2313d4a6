"""The endpoint that our client calls."""

from tests.endpoint.fixtures import endpoint, openai_endpoint

__all__ = ["endpoint", "openai_endpoint"]
