from tracing.models.configured import ScoreConfig
from tracing.models.measured import ObservationRow, ScoreRow, SessionRow, TraceRow

__all__ = ["ObservationRow", "ScoreConfig", "ScoreRow", "SessionRow", "TraceRow"]
