"""All addresses. Pages stand without the project prefix here: the middleware moves it into SCRIPT_NAME."""

from django.contrib import admin
from django.urls import include, path, re_path

from promptlab import error_pages
from promptlab.api_fallback import unknown_route

urlpatterns = [
    path("api/public/", include("promptlab.api_urls")),
    path("api/admin/", include("accounts.api.admin_urls")),
    path("api/media/", include("tracing.media_files.doors")),
    re_path("^api/", unknown_route),
    path("", include("promptlab.page_urls")),
    path("", include("accounts.urls")),
    path("", include("tracing.urls")),
    path("", include("prompts.urls")),
    path("", include("datasets.urls")),
    path("", include("evaluation.urls")),
    path("", include("llm.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]

handler400 = error_pages.bad_request
handler403 = error_pages.forbidden
handler404 = error_pages.not_found
handler500 = error_pages.server_error
