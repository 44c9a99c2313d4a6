"""Pages, mounted below `/project/<id>/` by the project prefix.

Ids of traces and sessions are the client's own and may hold anything, slashes too.
"""

from django.urls import path

import common.addresses  # noqa: F401  (registers `any`)
from tracing.views.comments import CommentRemoval, Comments
from tracing.views.ingestion import Ingestion, Rejected
from tracing.views.media import MediaFile
from tracing.views.observations import Observations
from tracing.views.scores import Scores
from tracing.views.sessions import SessionPage, Sessions
from tracing.views.trace import Neighbour, TracePage
from tracing.views.traces import Traces, TracesDelete
from tracing.views.unpriced import UnpricedModels
from tracing.views.users import Users
from tracing.views.uses import PromptUses, PromptVersionUses

urlpatterns = [
    path("traces", Traces.as_view(), name="traces"),
    path("traces/-/delete", TracesDelete.as_view(), name="traces_delete"),
    path("traces/-/<str:direction>/<any:trace_id>", Neighbour.as_view(), name="trace_neighbour"),
    path("traces/<any:trace_id>", TracePage.as_view(), name="trace"),
    path("observations", Observations.as_view(), name="observations"),
    path("sessions", Sessions.as_view(), name="sessions"),
    path("sessions/<any:session_id>", SessionPage.as_view(), name="session"),
    path("fragments/prompt-uses", PromptUses.as_view(), name="prompt_uses"),
    path("fragments/prompt-version-uses", PromptVersionUses.as_view(), name="prompt_version_uses"),
    path("users", Users.as_view(), name="users"),
    path("scores", Scores.as_view(), name="scores"),
    path("settings/ingestion", Ingestion.as_view(), name="ingestion"),
    path("settings/ingestion/<int:event_id>", Rejected.as_view(), name="rejected"),
    path("comments", Comments.as_view(), name="comments"),
    path("comments/<str:comment_id>/delete", CommentRemoval.as_view(), name="comment_removal"),
    path("media/<str:media_id>", MediaFile.as_view(), name="media_file"),
    path("unpriced", UnpricedModels.as_view(), name="unpriced_models"),
]
