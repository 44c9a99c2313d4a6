"""Settings, read from top to bottom. Every variable is listed in .env.example."""

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

import promptlab
from promptlab import env, sso

VERSION = promptlab.VERSION
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("PROMPTLAB_DATA", str(BASE_DIR / "data")))

# --- What stands where ---------------------------------------------------------------------------

# `manage.py up` sets this and provides the secrets and addresses that production has to bring.
EMBEDDED = env.flag("PROMPTLAB_EMBEDDED")
DEBUG = env.flag("PROMPTLAB_DEBUG")
HOW = "Set it in the environment (see .env.example), or start with `make run`, which makes its own."
SECRET_KEY = env.required("SECRET_KEY", HOW)
ENCRYPTION_KEY = env.required("PROMPTLAB_ENCRYPTION_KEY", HOW)
for name, secret in (("SECRET_KEY", SECRET_KEY), ("PROMPTLAB_ENCRYPTION_KEY", ENCRYPTION_KEY)):
    if len(secret) < 32:
        raise ImproperlyConfigured(
            f"{name} is too short. Use at least 32 random characters, e.g. `openssl rand -hex 32`."
        )

PUBLIC_URL = env.text("PROMPTLAB_URL", f"http://localhost:{env.number('PORT', 3000)}").rstrip("/")
ALLOWED_HOSTS = env.words("PROMPTLAB_ALLOWED_HOSTS", "*")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL, *env.words("PROMPTLAB_TRUSTED_ORIGINS")]
if env.flag("PROMPTLAB_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True

INSTALLED_APPS = [
    "accounts",
    "llm",
    "prompts",
    "tracing",
    "datasets",
    "evaluation",
    "common",
    "promptlab.apps.PromptLabConfig",
    "unfold.apps.BasicAppConfig",  # the default one would put its own site in the place of ours
    "promptlab.apps.PromptLabAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    *sso.PROVIDER_APPS,
    "allauth.mfa",
    "rest_framework",
    "django_htmx",
    "template_partials",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.ProjectPrefixMiddleware",
    "accounts.middleware.UserLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.MemberMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

# The API needs no session, no language and no form token; its chain is short because it is the hot path.
API_MIDDLEWARE = [
    "common.api.middleware.CorsMiddleware",
]

ROOT_URLCONF = "promptlab.urls"
WSGI_APPLICATION = "promptlab.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "promptlab.shell.context",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "common.templatetags.promptlab"],
        },
    },
]

# --- Data ----------------------------------------------------------------------------------------

DATABASE_URL = env.required("DATABASE_URL", HOW)
try:
    # A pooled connection that died with the server is replaced before a request meets it.
    DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_health_checks=True)}
except ValueError as error:  # not repeated: it may hold a password
    raise ImproperlyConfigured(
        "DATABASE_URL is no address such as postgresql://user:password@host:5432/name."
    ) from error
if not DATABASES["default"]["ENGINE"].endswith(".postgresql"):
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL, as in postgresql://user:password@host:5432/name.")
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    "pool": {
        "min_size": 1,
        "max_size": env.number("PROMPTLAB_DATABASE_POOL", 16),
        "timeout": 10,
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.required("REDIS_URL", HOW)
# Playgrounds that may wait for their models at once in a process of the web server, which gets as many threads more.
PLAYGROUND_STREAMS = env.number("PROMPTLAB_PLAYGROUND_STREAMS", 32)
CACHES = {"default": {"BACKEND": "common.cache.ForgivingRedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "promptlab"}}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_NAME = "promptlab_session"
CSRF_COOKIE_NAME = "promptlab_csrf"
CSRF_FAILURE_VIEW = "promptlab.refused_forms.refused_form"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "promptlab"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "purge deleted projects": {"task": "accounts.tasks.purge_projects", "schedule": 3600.0},
    "forget expired sessions": {"task": "accounts.tasks.forget_sessions", "schedule": 24 * 3600.0},
    "forget old rejected events": {"task": "tracing.tasks.forget_old_rejected_events", "schedule": 600.0},
    "sum up measured hours": {
        "task": "tracing.tasks.refresh_rollups",
        "schedule": 30.0,
        "options": {"expires": 30.0},  # the next one does the same
    },
    "delete what is kept long enough": {"task": "tracing.tasks.enforce_retention", "schedule": 3600.0},
    "export to buckets": {"task": "tracing.tasks.export_to_buckets", "schedule": 300.0},
    "go on with what a worker left": {
        "task": "evaluation.sweep",
        "schedule": 10.0,
        "options": {"expires": 10.0},  # the next one does the same
    },
    "let rules look at what arrived": {
        "task": "evaluation.attend",
        "schedule": 5.0,
        "options": {"expires": 5.0},  # the next one does the same
    },
    "forget old executions": {"task": "evaluation.forget_executions", "schedule": 24 * 3600.0},
    "delete what belonged to deleted traces": {"task": "tracing.tasks.sweep", "schedule": 24 * 3600.0},
}

# --- People --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SIGNUP_OPEN = env.text("PROMPTLAB_SIGNUP", "invitation") == "open"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.WithName"
ACCOUNT_CHANGE_EMAIL = True  # one address each; it changes when the new one is verified
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before passwords, addresses and second factors are changed
# Logins, resets and sign-ups are throttled (allauth's rates) by address, which a proxy of ours must pass on.
ALLAUTH_TRUSTED_PROXY_COUNT = int(env.flag("PROMPTLAB_BEHIND_PROXY"))
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_TOTP_ISSUER = "PromptLab"
LOGIN_URL = "/accounts/login/"  # one for all projects
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
SOCIALACCOUNT_PROVIDERS = sso.providers()
SOCIALACCOUNT_EMAIL_REQUIRED = True
# A verified address of the provider opens the account of that address, and is connected to it.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
INVITATION_DAYS = env.number("PROMPTLAB_INVITATION_DAYS", 14)
# Headless set-up: what `accounts.bootstrap` makes at a start when it is missing.
INIT = {
    name.lower(): env.text(f"PROMPTLAB_INIT_{name}")
    for name in (
        *("ORG_ID", "ORG_NAME", "ORG_PUBLIC_KEY", "ORG_SECRET_KEY"),
        *("PROJECT_ID", "PROJECT_NAME", "PROJECT_PUBLIC_KEY", "PROJECT_SECRET_KEY"),
        *("USER_EMAIL", "USER_NAME", "USER_PASSWORD"),
    )
}

# --- Mail: a server by EMAIL_HOST, otherwise files below the data folder ----------------------------

EMAIL_HOST = env.text("EMAIL_HOST")
MAIL_CONFIGURED = bool(EMAIL_HOST)
if MAIL_CONFIGURED:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_PORT = env.number("EMAIL_PORT", 587)
    EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
    EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
    EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL")
    EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", not EMAIL_USE_SSL)
    EMAIL_TIMEOUT = 15
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("PROMPTLAB_MAIL_FROM", "PromptLab <promptlab@localhost>")
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if MAIL_CONFIGURED else "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# An address that has no account gets no mail: it would invite strangers to sign up, and be a way to send them mail.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = MAIL_CONFIGURED

# --- API -----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["common.api.permissions.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["common.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.parsing.JsonParser"],
    "EXCEPTION_HANDLER": "common.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
}

# SDKs send batches of up to 2.5 MB and spans with media up to several MB (wire notes, section 2).
API_BODY_LIMIT = env.number("PROMPTLAB_API_BODY_LIMIT", 20 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = API_BODY_LIMIT
# What a compressed body may grow to.
API_INFLATED_LIMIT = env.number("PROMPTLAB_API_INFLATED_LIMIT", 64 * 1024 * 1024)
# How long what ingestion refused can be looked at and replayed.
REJECTED_DAYS = env.number("PROMPTLAB_REJECTED_DAYS", 14)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Private hosts that people may have the server call, such as a model server in the same network (common/outbound.py):
# names, addresses and networks.
PRIVATE_HOSTS = env.words("PROMPTLAB_PRIVATE_HOSTS")
# Code evaluators also where the kernel cannot confine them (docs/evaluators.md).
UNCONFINED_CODE = env.flag("PROMPTLAB_UNCONFINED_CODE")
# Opens the administration of all organizations (accounts/admin_key.py); off without. The second name is Langfuse's.
ADMIN_API_KEY = env.text("PROMPTLAB_ADMIN_API_KEY") or env.text("ADMIN_API_KEY")
if 0 < len(ADMIN_API_KEY) < 16:
    raise ImproperlyConfigured("PROMPTLAB_ADMIN_API_KEY is too short. Use at least 16 random characters.")

# --- Media: on this disk, or in an S3-compatible bucket when one is named -----------------------------

MEDIA_DIR = Path(env.text("PROMPTLAB_MEDIA_DIR", str(DATA_DIR / "media")))
MEDIA_LIMIT = env.number("PROMPTLAB_MEDIA_LIMIT", 1_000_000_000)
MEDIA_S3: dict[str, Any] = {
    "bucket": env.text("PROMPTLAB_MEDIA_S3_BUCKET"),
    "endpoint": env.text("PROMPTLAB_MEDIA_S3_ENDPOINT"),
    "region": env.text("PROMPTLAB_MEDIA_S3_REGION"),
    "access_key": env.text("PROMPTLAB_MEDIA_S3_ACCESS_KEY"),
    "secret_key": env.text("PROMPTLAB_MEDIA_S3_SECRET_KEY"),
    "prefix": env.text("PROMPTLAB_MEDIA_S3_PREFIX"),
    "path_style": env.flag("PROMPTLAB_MEDIA_S3_PATH_STYLE", True),
}
# Pages send readers there; `https:` stands in the policy below anyway.
MEDIA_ORIGINS = [MEDIA_S3["endpoint"]] if str(MEDIA_S3["endpoint"]).startswith("http:") else []

# --- The admin's look (django-unfold); its sidebar is ours: templates/admin/nav_sidebar.html --------


def _shades(colors: str) -> dict[str, str]:
    """From the lightest to the darkest, under the names that Tailwind gives them."""
    names = ("50", *(str(n) for n in range(100, 1000, 100)), "950")
    return {name: f"#{color}" for name, color in zip(names, colors.split(), strict=True)}


UNFOLD = {
    "SITE_TITLE": "PromptLab",
    "SITE_HEADER": "PromptLab",
    "SITE_SYMBOL": "graph_1",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    # The colours of static/css/promptlab.css.
    "COLORS": {
        "base": _shades("f6f7f9 f1f3f6 e3e6eb c9ced6 a3abb8 6b7382 565e6c 3a414c 272c34 101215 0b0d0f"),
        "primary": _shades("eef2ff e0e7ff c7d2fe a5b4fc 818cf8 6366f1 4f46e5 4338ca 3730a3 312e81 1e1b4b"),
    },
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("img/icon.svg")},
    ],
    "STYLES": [lambda _request: static("css/promptlab.css")],
    "SCRIPTS": [lambda _request: static("js/promptlab.js")],
}

# --- Manners ---------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = env.text("PROMPTLAB_TIME_ZONE", "UTC")

STATIC_URL = "/static/"
# Made and filled when the image is built (`mkdir`, then `manage.py collectstatic`); not needed elsewhere.
COLLECTED = Path(env.text("PROMPTLAB_STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATIC_ROOT = COLLECTED if COLLECTED.is_dir() else None
STATICFILES_DIRS = [BASE_DIR / "static"]
# Files are found where they lie, so that starting needs no collectstatic.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

# The shell brings its own scripts and styles; admin pages use Alpine, which evaluates expressions.
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ("/api/",),
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, "'unsafe-eval'"],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:", "https:", *MEDIA_ORIGINS],
        "media-src": [SELF, "data:", "blob:", "https:", *MEDIA_ORIGINS],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF, "https:", *sso.form_targets(SOCIALACCOUNT_PROVIDERS)],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django.request": {"level": "ERROR"}, "promptlab": {"level": "INFO"}},
}
