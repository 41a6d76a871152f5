"""Settings, from the environment only. The names are listed in docs/settings.md.

Areas appear here only as strings. What production must set refuses to start when it is missing.
"""

from __future__ import annotations

import os
import secrets
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dj_database_url

BASE_DIR = Path(__file__).resolve().parent.parent


def flag(name: str, *, default: bool) -> bool:
    """A yes-or-no variable: 1, true, yes, on mean yes."""
    return os.environ.get(name, "1" if default else "0").strip().lower() in {"1", "true", "yes", "on"}


def secret(name: str, home: Path) -> str:
    """A secret from the variable, from the file its ``_FILE`` names, or made once in ``home``."""
    if value := os.environ.get(name):
        return value
    path = Path(os.environ.get(f"{name}_FILE") or home / name.lower())
    if not path.exists():
        if PRODUCTION:
            sys.exit(f"{name} or {name}_FILE must be set in production.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text().strip()


EMBEDDED = flag("PORTAL_EMBEDDED", default="DATABASE_URL" not in os.environ)
"""Whether the servers are those that come as wheels; the bootstrap sets it."""
PRODUCTION = flag("PORTAL_PRODUCTION", default="DATABASE_URL" in os.environ and not EMBEDDED)
DEBUG = flag("PORTAL_DEBUG", default=False)
TESTING = "PYTEST_VERSION" in os.environ

PORTAL_HOME = Path(os.environ.get("PORTAL_HOME", BASE_DIR / ".portal")).absolute()
PORTAL_HOST = os.environ.get("PORTAL_HOST", "127.0.0.1")
PORTAL_PORT = int(os.environ.get("PORTAL_PORT", "8000"))
PORTAL_PUBLIC_URL = os.environ.get("PORTAL_PUBLIC_URL", f"http://{PORTAL_HOST}:{PORTAL_PORT}").rstrip("/")
PORTAL_STORAGE = os.environ.get("PORTAL_STORAGE", f"file://{PORTAL_HOME / 'storage'}").rstrip("/")
PORTAL_DEMO = flag("PORTAL_DEMO", default=not PRODUCTION)
PORTAL_TEST_DATA = Path(os.environ.get("PORTAL_TEST_DATA", BASE_DIR.parent / "shared" / "data"))
PORTAL_AUDIT_KEY_FILE = Path(os.environ.get("PORTAL_AUDIT_KEY_FILE", PORTAL_HOME / "audit.key"))
PORTAL_AUDIT_ANCHOR = os.environ.get("PORTAL_AUDIT_ANCHOR", str(PORTAL_HOME / "audit-checkpoints.ndjson"))
PORTAL_VERSION = "0.1.0"
PORTAL_REQUIRE_MFA = flag("PORTAL_REQUIRE_MFA", default=PRODUCTION)
"""Whether the roles of ``accounts.MFA_ROLES`` must set up a second factor before they can do anything."""

SECRET_KEY = secret("PORTAL_SECRET_KEY", PORTAL_HOME)

PUBLIC_HOST = PORTAL_PUBLIC_URL.split("://", 1)[-1].split("/", 1)[0]
ALLOWED_HOSTS = [
    PUBLIC_HOST.rsplit(":", 1)[0],
    *(["localhost", "127.0.0.1", "[::1]"] if not PRODUCTION else []),
    *filter(None, os.environ.get("PORTAL_ALLOWED_HOSTS", "").split(",")),
]
CSRF_TRUSTED_ORIGINS = [PORTAL_PUBLIC_URL]

PORTAL_AREAS = [
    "portal.web",
    "portal.api",
    "portal.audit",
    "portal.accounts",
    "portal.registry",
    "portal.jobs",
    "portal.policies",
    "portal.metrics",
    "portal.findings",
    "portal.evidence",
    "portal.analyses",
    "portal.cases",
    "portal.bodies",
    "portal.checks",
    "portal.dashboards",
    "lifecycle.data",
    "lifecycle.development",
    "costs",
    "monitoring",
    "governance.strategy",
]
"""The areas of this installation, from the ground floor up."""

INSTALLED_APPS = [
    *PORTAL_AREAS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "portal.accounts.oidc",
    "allauth.usersessions",
    "axes",
    "guardian",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_tables2",
    "django_htmx",
    "django_celery_beat",
    "django_prometheus",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "portal.web.errors.PortalErrors",
    "portal.audit.context.RequestContext",  # so far out that whatever logs has the name of the request
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.middleware.SecondFactor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.rights.RouteGate",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.context.shell",
            ],
            "builtins": ["portal.web.templatetags.components"],
        },
    }
]
PORTAL_SHELL = ["portal.accounts.shell.provide", "portal.findings.shell.provide"]
"""Functions ``(request) -> dict`` that add to the context of every page."""
PORTAL_KEPT_VIEWS = "portal.findings.selectors.kept_views"
"""The function ``(page name, person) -> KeptViews`` that every list asks for what people keep of it."""
FORM_RENDERER = "portal.web.forms.PortalRenderer"

# --- Database -------------------------------------------------------------------------------------------

DATABASE_URL = os.environ.get("DATABASE_URL", "postgres://portal_app@/portal")
DATABASE_OWNER_URL = os.environ.get("DATABASE_OWNER_URL", DATABASE_URL)


def database(url: str, *, statement_seconds: int) -> dict[str, Any]:
    """One connection alias. Sessions that wait, lock or idle too long are ended by the server."""
    parsed: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    parsed["ATOMIC_REQUESTS"] = False
    parsed["OPTIONS"] = {
        **parsed.get("OPTIONS", {}),
        "connect_timeout": 3,
        "options": (
            f"-c statement_timeout={statement_seconds * 1000} -c lock_timeout=3000"
            " -c idle_in_transaction_session_timeout=30000"
        ),
    }
    return parsed


JOB_PROCESS = flag("PORTAL_JOB_PROCESS", default=False)
"""A worker or a command: statements may take longer than on the web."""
DATABASES = {
    "default": database(DATABASE_URL, statement_seconds=600 if JOB_PROCESS else 15),
    "owner": database(DATABASE_OWNER_URL, statement_seconds=600),
}
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ---------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "portal.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}  # django-axes counts in the database, exactly
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "AI Governance Portal"
USERSESSIONS_TRACK_ACTIVITY = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False
AXES_USERNAME_CALLABLE = "portal.accounts.adapter.username_of"


def sign_in_servers() -> dict[str, Any]:
    """The OpenID Connect server that the variables name, as allauth wants it; none without an address."""
    if not os.environ.get("PORTAL_OIDC_SERVER_URL"):
        return {}
    server = {
        "provider_id": "oidc",
        "name": os.environ.get("PORTAL_OIDC_NAME") or "Single sign-on",
        "client_id": os.environ.get("PORTAL_OIDC_CLIENT_ID", ""),
        "secret": os.environ.get("PORTAL_OIDC_CLIENT_SECRET", ""),
        "settings": {"server_url": os.environ["PORTAL_OIDC_SERVER_URL"]},
    }
    return {"openid_connect": {"APPS": [server]}}


SOCIALACCOUNT_ADAPTER = "portal.accounts.adapter.SignOnAdapter"
SOCIALACCOUNT_EMAIL_REQUIRED = False
SOCIALACCOUNT_LOGIN_ON_GET = True  # form-action 'self' forbids a form that leads to another server
SOCIALACCOUNT_PROVIDERS = sign_in_servers()
PORTAL_OIDC_NEW_PEOPLE = flag("PORTAL_OIDC_NEW_PEOPLE", default=True)
"""Whether somebody unknown whom the server signs in is added, without any role."""

GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
GUARDIAN_AUTO_PREFETCH = False

# --- Sessions, cookies, headers -------------------------------------------------------------------------

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
HTTPS = PORTAL_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_FAILURE_VIEW = "portal.web.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS and not flag("PORTAL_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if flag("PORTAL_BEHIND_PROXY", default=False) else None
)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "portal"}}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Language, time, static files -----------------------------------------------------------------------

LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("PORTAL_STATIC_ROOT", PORTAL_HOME / "static"))
PLOTLY = Path(find_spec("plotly").origin).parent / "package_data"  # type: ignore[union-attr,arg-type]  # installed
STATICFILES_DIRS: list[Any] = [("plotly", PLOTLY), BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "portal.web.fonts.InterFinder",
]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG or TESTING  # else every test client would look through all static files
WHITENOISE_MAX_AGE = 86_400 if PRODUCTION else 0
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(PORTAL_HOME / "files")},
    },
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PRODUCTION and not TESTING
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}

# --- Mail -----------------------------------------------------------------------------------------------

PORTAL_EMAIL_URL = os.environ.get("PORTAL_EMAIL_URL", "")
if PORTAL_EMAIL_URL:
    from urllib.parse import unquote, urlsplit

    _mail = urlsplit(PORTAL_EMAIL_URL)
    EMAIL_HOST = _mail.hostname or "localhost"
    EMAIL_PORT = _mail.port or 587
    EMAIL_HOST_USER = unquote(_mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
    EMAIL_USE_SSL = _mail.scheme == "smtps"
    EMAIL_TIMEOUT = 10
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(PORTAL_HOME / "mail")
DEFAULT_FROM_EMAIL = os.environ.get("PORTAL_EMAIL_FROM", "portal@localhost")

# --- Celery: prefork; the ledger in PostgreSQL decides, the broker is a doorbell --------------------------

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 600_000
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "health_check_interval": 10,
    "max_retries": 0,
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- API ------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["portal.api.permissions.DeclaredAction"],
    "DEFAULT_PAGINATION_CLASS": "portal.api.pagination.Pagination",
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.PortalSchema",
    "EXCEPTION_HANDLER": "portal.api.errors.handler",
    "DEFAULT_RENDERER_CLASSES": ["portal.api.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.SafeJSONParser"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AI Governance Portal",
    "VERSION": PORTAL_VERSION,
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["portal.api.schema.native_routes_only"],
    "POSTPROCESSING_HOOKS": [],  # choices stand where they belong, not under made-up names
}
PORTAL_RATE_TOKEN = os.environ.get("PORTAL_RATE_TOKEN", "60000/minute")
"""Requests of one token, or of one person who is signed in."""
PORTAL_RATE_ADDRESS = os.environ.get("PORTAL_RATE_ADDRESS", "120000/minute")
"""Requests of all who are signed in at one address."""
PORTAL_RATE_STRANGER = os.environ.get("PORTAL_RATE_STRANGER", "6000/minute")
"""Requests of one address without a token, or with a wrong one."""
PORTAL_READINESS = ["portal.audit.selectors.readiness"]
"""Functions without parameters whose mappings /readyz tells; they never make the portal unready."""
DJANGO_TABLES2_TEMPLATE = "components/table.html"

# --- Logs -----------------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "portal.web.logs.formatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("PORTAL_LOG_LEVEL", "WARNING")},
    "loggers": {"portal": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
SILENCED_SYSTEM_CHECKS = [
    "guardian.W001",  # guardian holds exceptions; it authenticates nobody
    "drf_spectacular.W001",  # `manage.py openapi --check` draws the document with our own generator
    "drf_spectacular.W002",  # likewise
]
