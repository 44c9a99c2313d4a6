"""Routes of the public API, mounted below `/api/public/`."""

from django.urls import path

from accounts.api import views

urlpatterns = [
    path("projects", views.Projects.as_view()),
    path("projects/<str:project_id>", views.OneProject.as_view()),
    path("projects/<str:project_id>/apiKeys", views.ProjectKeys.as_view()),
    path("projects/<str:project_id>/apiKeys/<str:key_id>", views.ProjectKey.as_view()),
    path("projects/<str:project_id>/memberships", views.ProjectMemberships.as_view()),
    path("organizations/projects", views.OrganizationProjects.as_view()),
    path("organizations/memberships", views.OrganizationMemberships.as_view()),
    path("organizations/apiKeys", views.OrganizationKeys.as_view()),
]
