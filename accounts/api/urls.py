"""Routes of the public API, mounted below `/api/public/`."""

from django.urls import path

from accounts.api import feedback, scim, views

urlpatterns = [
    path("projects", views.Projects.as_view()),
    path("projects/<str:project_id>", views.OneProject.as_view()),
    path("projects/<str:project_id>/apiKeys", views.ProjectKeys.as_view()),
    path("projects/<str:project_id>/apiKeys/<str:key_id>", views.ProjectKey.as_view()),
    path("projects/<str:project_id>/memberships", views.ProjectMemberships.as_view()),
    path("organizations/projects", views.OrganizationProjects.as_view()),
    path("organizations/memberships", views.OrganizationMemberships.as_view()),
    path("organizations/apiKeys", views.OrganizationKeys.as_view()),
    path("scim/ServiceProviderConfig", scim.ServiceProviderConfig.as_view()),
    path("scim/ResourceTypes", scim.ResourceTypes.as_view()),
    path("scim/Schemas", scim.Schemas.as_view()),
    path("scim/Users", scim.Users.as_view()),
    path("scim/Users/<str:user_id>", scim.OneUser.as_view()),
    path("feedback", feedback.FeedbackView.as_view()),
]
