"""LiveKit's voice agents, which also report many small steps of their own."""

from tracing.ingestion.dialects.shape import named

SCOPE = "livekit-agents"
# Interesting only to who looks for them.
DEBUG_SPANS = frozenset(
    {
        "user_speaking",
        "eou_detection",
        "llm_request_run",
        "tts_node",
        "tts_request",
        "tts_request_run",
        "tts_stream_adapter",
        "agent_speaking",
        "drain_agent_activity",
        "on_exit",
        "on_enter",
        "llm_fallback_adapter",
        "tts_fallback_adapter",
        "start_agent_activity",
    }
)
READER = named(
    ("lk.input_text", "lk.user_transcript", "lk.chat_ctx", "lk.user_input"),
    ("lk.function_tool.output", "lk.response.text"),
)
