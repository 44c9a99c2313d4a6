"""Routes for the instance's own key, mounted below `/api/admin/`."""

from django.urls import path

from accounts.api import admin

urlpatterns = [
    path("organizations", admin.Organizations.as_view()),
    path("organizations/<str:organization_id>", admin.OneOrganization.as_view()),
    path("organizations/<str:organization_id>/apiKeys", admin.OrganizationKeys.as_view()),
    path("organizations/<str:organization_id>/apiKeys/<str:key_id>", admin.OrganizationKey.as_view()),
]
