"""Django's settings: every name of the table of settings, and what is made from them."""

import sys

import environ

from kubewise_site.console import theme
from kubewise_site.core import broker
from kubewise_site.core.config import reading
from kubewise_site.core.config.settings_table import *  # noqa: F403 names and their types
from kubewise_site.core.config.unsafe import refuse_what_is_unsafe
from kubewise_site.core.logging import configure
from kubewise_site.core.secret_key import stored_secret_key

BASE_DIR = reading.BASE_DIR
try:
    VALUES = reading.load()
    refuse_what_is_unsafe(VALUES)
    DATA_DIR = (BASE_DIR / VALUES["KUBEWISE_DATA_DIR"]).resolve()
    SECRET_KEY = VALUES["SECRET_KEY"] or stored_secret_key(DATA_DIR)
except reading.WrongSetting as error:
    sys.exit(f"KubeWise can't start: {error}")
globals().update(VALUES | {"SECRET_KEY": SECRET_KEY})

AUTOENCODER_MODEL_PATH = str(BASE_DIR / VALUES["AUTOENCODER_MODEL_PATH"])
AUTOENCODER_SCALER_PATH = str(BASE_DIR / VALUES["AUTOENCODER_SCALER_PATH"])
PROTECTED_NAMESPACES = (
    "kube-system",
    "kube-public",
    "kube-node-lease",
    VALUES["KUBEWISE_NAMESPACE"],
    *VALUES["PROTECTED_NAMESPACES"],
)


ROOT_URLCONF = "kubewise_site.urls"
ASGI_APPLICATION = "kubewise_site.asgi.application"
ALLOWED_HOSTS = list(VALUES["ALLOWED_HOSTS"])
CSRF_TRUSTED_ORIGINS = list(VALUES["CSRF_TRUSTED_ORIGINS"])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "kubewise_site.apps.SiteConfig",
    "kubewise_site.core.access.apps.AccessConfig",
    "detection.apps.DetectionConfig",
    "remediation.apps.RemediationConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "kubewise_site" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

if not VALUES["DATABASE_URL"]:  # with a SECRET_KEY of its own nothing else makes the directory
    DATA_DIR.mkdir(parents=True, exist_ok=True)
DATABASE_URL = VALUES["DATABASE_URL"] or f"sqlite:///{DATA_DIR / 'kubewise.sqlite3'}"
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Measured: WAL alone loses claims to "database is locked"; IMMEDIATE loses none.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

OWN_BROKER = not VALUES["CELERY_BROKER_URL"]
CELERY_BROKER_URL = VALUES["CELERY_BROKER_URL"] or broker.default_url(DATA_DIR)
CACHES = {
    "default": {
        "BACKEND": "kubewise_site.core.cache.plain_redis.PlainRedisCache",
        "LOCATION": broker.cache_url(CELERY_BROKER_URL),
        "KEY_PREFIX": "kubewise",
        "OPTIONS": {"socket_timeout": 5, "socket_connect_timeout": 2},
    }
}
# Counting requests must not hold up an approval while the cache hangs.
CACHES["limits"] = CACHES["default"] | {
    "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1}
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = VALUES["HTTPS"]
SECURE_HSTS_SECONDS = VALUES["HTTPS_HSTS_SECONDS"] if VALUES["HTTPS"] else 0
# A kubelet's probe comes by http to the pod itself.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
if VALUES["HTTPS_PROXY_HEADER"]:
    SECURE_PROXY_SSL_HEADER = (
        f"HTTP_{VALUES['HTTPS_PROXY_HEADER'].upper().replace('-', '_')}",
        "https",
    )
# Subdomains and preload lists belong to whoever owns the domain, not to one program on it.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = ["kubewise_site.formats"]
USE_TZ = True

STATIC_URL = "static/"
# Served by the finders: there is no collectstatic step.
STATIC_ROOT = None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # The first one's header decides that strangers get 401 and not 403.
        "kubewise_site.core.access.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["kubewise_site.core.access.throttling.WriteThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["kubewise_site.core.rest.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "kubewise_site.core.rest.problems.problem_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "KubeWise",
    "DESCRIPTION": "Finds, explains and safely remediates failures of Kubernetes clusters.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "PREPROCESSING_HOOKS": ["kubewise_site.ops.openapi.one_form_of_each_path"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "kubewise_site.ops.openapi.problems_everywhere",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ActionEnum": "remediation.api.views_policies.ACTIONS",
        "AlertStateEnum": ["firing", "resolved"],
        "StatusEnum": "detection.domain.statuses.Status",
        "HealthStateEnum": ["healthy", "unhealthy", "unknown", "disabled"],
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
DJANGO_CELERY_BEAT_TZ_AWARE = True

UNFOLD = theme.UNFOLD

LOGGING_CONFIG = None
configure(VALUES["LOG_LEVEL"], VALUES["LOG_FORMAT"])
