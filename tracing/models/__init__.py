from tracing.models.comments import Comment
from tracing.models.configured import ScoreConfig
from tracing.models.dashboards import Dashboard, Widget
from tracing.models.exports import BlobStorageIntegration
from tracing.models.measured import ObservationRow, PackRow, ScoreRow, SessionRow, TraceRow
from tracing.models.media import Media, MediaUse
from tracing.models.rejected import ClientUse, RejectedEvent
from tracing.models.rolled import RollupMark, RollupRow

__all__ = [
    "BlobStorageIntegration",
    "ClientUse",
    "Comment",
    "Dashboard",
    "Media",
    "MediaUse",
    "ObservationRow",
    "PackRow",
    "RejectedEvent",
    "RollupMark",
    "RollupRow",
    "ScoreConfig",
    "ScoreRow",
    "SessionRow",
    "TraceRow",
    "Widget",
]
