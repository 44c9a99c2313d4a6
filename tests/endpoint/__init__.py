"""A small OpenAI-compatible server that knows the capitals of the world, for tests and for trying things out."""
