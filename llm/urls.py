"""Pages, mounted below `/project/<id>/` by the project prefix."""

from django.urls import path

from llm.views import connections
from llm.views.prices import PriceList

urlpatterns = [
    path("settings/prices", PriceList.as_view(), name="price_list"),
    path("settings/llm-connections", connections.Connections.as_view(), name="llm_connections"),
    path("settings/llm-connections/default", connections.DefaultModel.as_view(), name="default_model"),
    path("settings/llm-connections/new", connections.NewConnection.as_view(), name="new_llm_connection"),
    path("settings/llm-connections/<str:connection_id>", connections.OneConnection.as_view(), name="llm_connection"),
    path(
        "settings/llm-connections/<str:connection_id>/test",
        connections.ConnectionTest.as_view(),
        name="llm_connection_test",
    ),
    path(
        "settings/llm-connections/<str:connection_id>/models",
        connections.ConnectionModels.as_view(),
        name="llm_connection_models",
    ),
    path(
        "settings/llm-connections/<str:connection_id>/delete",
        connections.ConnectionRemoval.as_view(),
        name="llm_connection_removal",
    ),
]
