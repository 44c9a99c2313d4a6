"""Pages, mounted below `/project/<id>/` by the project prefix."""

from django.urls import path

from llm.views import PriceList

urlpatterns = [
    path("settings/prices", PriceList.as_view(), name="price_list"),
]
