"""Routes of the public API, mounted below `/api/public/`. Ids may hold slashes, sent raw or as %2F."""

from django.urls import path

import common.addresses  # noqa: F401  (registers `any`)
from tracing.api.blob_storage import BlobStoragesView, BlobStorageView
from tracing.api.comments import CommentsView, CommentView
from tracing.api.dashboards import DashboardsView, DashboardView, PlacementsView, PlacementView
from tracing.api.ingestion import IngestionView
from tracing.api.legacy import EventsView, GenerationsView, SpansView
from tracing.api.media import MediaListView, MediaView
from tracing.api.metrics import MetricsV2View, MetricsView
from tracing.api.metrics_daily import DailyMetricsView
from tracing.api.observations import ObservationsV2View, ObservationsView, ObservationView
from tracing.api.otlp import OtlpMetricsView, OtlpTracesView
from tracing.api.score_configs import ScoreConfigsView, ScoreConfigView
from tracing.api.score_lists import ScoresV2View, ScoreV2View
from tracing.api.scores import ScoresView, ScoreView
from tracing.api.scores_v3 import ScoresV3View
from tracing.api.sessions import SessionsView, SessionView
from tracing.api.traces import TracesView, TraceView
from tracing.api.widgets import WidgetsView, WidgetView

urlpatterns = [
    path("ingestion", IngestionView.as_view()),
    path("otel/v1/traces", OtlpTracesView.as_view()),
    path("otel/v1/metrics", OtlpMetricsView.as_view()),
    path("traces", TracesView.as_view()),
    path("traces/<path:trace_id>", TraceView.as_view()),
    path("spans", SpansView.as_view()),
    path("generations", GenerationsView.as_view()),
    path("events", EventsView.as_view()),
    path("observations", ObservationsView.as_view()),
    path("observations/<path:observation_id>", ObservationView.as_view()),
    path("v2/observations", ObservationsV2View.as_view()),
    path("sessions", SessionsView.as_view()),
    path("sessions/<path:session_id>", SessionView.as_view()),
    path("scores", ScoresView.as_view()),
    path("scores/<path:score_id>", ScoreView.as_view()),
    path("v2/scores", ScoresV2View.as_view()),
    path("v2/scores/<path:score_id>", ScoreV2View.as_view()),
    path("v3/scores", ScoresV3View.as_view()),
    path("metrics", MetricsView.as_view()),
    path("metrics/daily", DailyMetricsView.as_view()),
    path("v2/metrics", MetricsV2View.as_view()),
    path("media", MediaListView.as_view()),
    path("media/<path:media_id>", MediaView.as_view()),
    path("comments", CommentsView.as_view()),
    path("comments/<path:comment_id>", CommentView.as_view()),
    path("integrations/blob-storage", BlobStoragesView.as_view()),
    path("integrations/blob-storage/<str:integration_id>", BlobStorageView.as_view()),
    path("unstable/dashboards", DashboardsView.as_view()),
    path("unstable/dashboards/<str:dashboard_id>", DashboardView.as_view()),
    path("unstable/dashboards/<str:dashboard_id>/placements", PlacementsView.as_view()),
    path("unstable/dashboards/<str:dashboard_id>/placements/<any:placement_id>", PlacementView.as_view()),
    path("unstable/dashboard-widgets", WidgetsView.as_view()),
    path("unstable/dashboard-widgets/<str:widget_id>", WidgetView.as_view()),
    path("score-configs", ScoreConfigsView.as_view()),
    path("score-configs/<path:config_id>", ScoreConfigView.as_view()),
]
