from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PromptLabConfig(AppConfig):
    name = "promptlab"


class PromptLabAdminConfig(AdminConfig):
    """Django's admin with our site, which asks for project membership instead of `is_staff`."""

    default_site = "promptlab.site.PromptLabAdminSite"
