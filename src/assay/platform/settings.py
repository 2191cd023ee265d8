"""Settings of the platform, each by an environment variable, with defaults for one machine.

ASSAY_HOME      folder with the database and the secret key              (assay-data)
ASSAY_ATTACHMENTS  folder with the files that items show                 (attachments in ASSAY_HOME)
ASSAY_DATABASE  postgresql://user:password@host:port/name?sslmode=…      (SQLite in ASSAY_HOME)
ASSAY_WORKERS   processes that serve; more than one needs PostgreSQL     (1; 2 with PostgreSQL)
ASSAY_HOSTS     names the platform answers to, by commas                 (127.0.0.1,localhost)
ASSAY_HTTPS     1 where a proxy in front speaks TLS and sets X-Forwarded-Proto
ASSAY_LANGUAGE  language where the browser asks for none that we have    (en)
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf.locale import LANG_INFO

HERE = Path(__file__).parent
HOME = Path(os.environ.get("ASSAY_HOME", "assay-data")).absolute()
HTTPS = os.environ.get("ASSAY_HTTPS") == "1"
DATABASE = os.environ.get("ASSAY_DATABASE", "")

# -- secrets and hosts ---------------------------------------------------------------------------------------
_KEY = HOME / "secret.key"
# `service.prepare` writes the key before anything is served; without it (tests, checks) one for this process.
SECRET_KEY = _KEY.read_text().strip() if _KEY.is_file() else secrets.token_urlsafe(50)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("ASSAY_HOSTS", "127.0.0.1,localhost").split(",")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if HTTPS else []

# -- the app -------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.contenttypes",  # auth asks for it
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "assay.platform",
]
MIDDLEWARE = [
    "assay.platform.middleware.received",
    f"assay.platform.middleware.{'together' if DATABASE else 'alone'}",
    "assay.platform.middleware.headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "assay.platform.urls"
WSGI_APPLICATION = "assay.platform.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.app_directories.Loader",
                        "assay.platform.kindpages.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

# -- the database --------------------------------------------------------------------------------------------


def _database(url: str) -> dict[str, Any]:
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "assay.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # One writer at a time, which takes its turn at BEGIN instead of failing in the middle.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
                    "PRAGMA cache_size=-16000;PRAGMA mmap_size=134217728;"
                ),
            },
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "OPTIONS": dict(parse_qsl(parts.query)),
        "CONN_MAX_AGE": 600,  # a thread keeps its connection
        "CONN_HEALTH_CHECKS": True,  # and finds out before a person does that the database was restarted
    }


DATABASES = {"default": _database(DATABASE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- people --------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "platform.PersonRow"
AUTHENTICATION_BACKENDS = ["assay.platform.queries.people.Recognition"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
# scrypt, because one thread serves everybody: a sign-in costs it 0.1 s where PBKDF2 takes half a second.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ["name"]}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]  # fmt: skip

# The session is a signed cookie: it holds a person's id and a hash of their password and nothing else, so
# there is nothing to keep on the server, and a request costs neither a read nor a write. The price: signing
# out forgets the cookie but cannot revoke a stolen copy; changing the password does.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = "assay-session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "assay-csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# -- headers -------------------------------------------------------------------------------------------------
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"  # a link of invitation never leaks to where somebody goes next
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if HTTPS else 0
# TLS is the proxy's part; on localhost there is none to insist on.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W005", "security.W008", "security.W021"] + (
    [] if HTTPS else ["security.W010", "security.W011", "security.W012", "security.W016"]
)

# -- files ---------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [("figures", HERE.parent / "figures")]
STATICFILES_FINDERS = [
    "assay.platform.staticfiles.WebFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
WHITENOISE_USE_FINDERS = True  # no collectstatic: what was installed is what is served
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
ATTACHMENTS = Path(os.environ.get("ASSAY_ATTACHMENTS") or HOME / "attachments").absolute()
DATA_UPLOAD_MAX_NUMBER_FILES = 1_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 2**20

# -- languages -----------------------------------------------------------------------------------------------
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LOCALE_PATHS = [HERE / "locale"]
# How numbers are written, where Django would write them another way.
FORMAT_MODULE_PATH = "assay.platform.locale"
LANGUAGE_CODE = os.environ.get("ASSAY_LANGUAGE", "en")
# A catalogue in locale/ is all that a new language takes.
LANGUAGES = [("en", "English")] + [
    (tag, LANG_INFO[tag]["name_local"])
    for tag in sorted(folder.name for folder in (HERE / "locale").glob("*") if folder.is_dir())
    if tag in LANG_INFO and tag != "en"
]
LANGUAGE_COOKIE_NAME = "assay-language"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        # A wrong address is the visitor's affair; a failing request is ours.
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
    },
}
