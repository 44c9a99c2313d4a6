"""The official SDKs, unmodified, each in its own environment, against a running server."""
