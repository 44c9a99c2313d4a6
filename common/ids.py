"""Identifiers that the server makes."""

import uuid


def new_id() -> str:
    """A random id as 32 lower-case hex digits, in the shape of an OpenTelemetry trace id."""
    return uuid.uuid4().hex
