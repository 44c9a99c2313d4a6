"""PromptLab: Git for prompts, self-hosted."""

VERSION = "0.1.0"
