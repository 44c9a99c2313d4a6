from tracing.models.configured import ScoreConfig
from tracing.models.measured import ObservationRow, ScoreRow, SessionRow, TraceRow
from tracing.models.rejected import ClientUse, RejectedEvent

__all__ = ["ClientUse", "ObservationRow", "RejectedEvent", "ScoreConfig", "ScoreRow", "SessionRow", "TraceRow"]
