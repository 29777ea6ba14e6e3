"""Django's settings, for the office, the worker and the command line. Intake never loads them."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.contrib.messages.constants import ERROR, WARNING

from clarion.calls import limits
from clarion.env import read_env
from clarion.kernel.databases import Database
from clarion.kernel.keys import OFFICE_PURPOSES, make_missing_keys, read_key_ring

ENV = read_env()
ENV.data.make()
make_missing_keys(ENV.data.keys, OFFICE_PURPOSES)

SECRET_KEY = read_key_ring(ENV.data.keys, "office").current.secret.hex()
DEBUG = False
IS_HTTPS = ENV.office_url.startswith("https://")
# Any other host is answered 421 by `office.hosts` before Django would say 400.
ALLOWED_HOSTS = [urlsplit(ENV.office_url).hostname or ""]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_tasks",
    "django_tasks_db",
    "csp",
    "clarion.jobs",
    "clarion.audit",
    "clarion.outbox",
    "clarion.machines",
    "clarion.organisers",
    "clarion.places",
    "clarion.campaigns",
    "clarion.signatures",
    "clarion.events",
    "clarion.donations",
    "clarion.moderation",
    "clarion.privacy",
    "clarion.office",
]

SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": ENV.data.records,
    "OPTIONS": {
        # One writer at a time from the first statement on: DEFERRED ends in "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;"
            # Measured: with millions of rows each checkpoint writes pages from everywhere, and fewer write them once.
            " PRAGMA wal_autocheckpoint=20000;"
        ),
    },
    "TEST": {"NAME": None},
}


def _postgresql(database: Database) -> dict[str, Any]:
    """Connections stay open, and are looked at before each request; no statement is prepared, so pgbouncer fits."""
    said = database.parameters()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": said.pop("dbname"),
        "USER": said.pop("user"),
        "PASSWORD": said.pop("password", ""),
        "HOST": said.pop("host", ""),
        "PORT": said.pop("port", ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": database.is_pooled,
        "OPTIONS": {"application_name": "clarion"} | said,
    }


DATABASES = {"default": _postgresql(ENV.database) if ENV.database else SQLITE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "organisers.Organiser"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True

# ---- the office: its own process and address
ROOT_URLCONF = "clarion.office.urls"
WSGI_APPLICATION = "clarion.office.wsgi.application"
MIDDLEWARE = [
    "clarion.office.hosts.OnlyOurHost",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "clarion.office.hosts.NothingCached",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "clarion.office.access.SecondFactorFirst",
    "clarion.office.sessions.KeptWhileUsed",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before those of allauth, which ours replace.
        "DIRS": [Path(__file__).parent / "office" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["clarion.office.templatetags.office"],
        },
    },
]

# ---- what travels: forms, cookies, headers
# The largest form is a table, of which each byte outside Latin letters takes three on its way; then its other fields.
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * limits.TABLE_BYTES + 1_000_000
_PREFIX = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{_PREFIX}session"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())  # since its last use: see office.sessions
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = f"{_PREFIX}csrf"
CSRF_TRUSTED_ORIGINS = [ENV.office_url]  # TLS ends at the proxy
CSRF_FAILURE_VIEW = "clarion.office.views.errors.foreign_form"
MESSAGE_TAGS = {WARNING: "warn", ERROR: "warn"}  # as the style sheet names them
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_REFERRER_POLICY = "same-origin"
# TLS ends at the web server before us, which alone reaches the office: without its word Django never sends HSTS.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],  # the preview of a call
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [ENV.frame_ancestor or NONE],
    },
}

# ---- sign-in: a passkey, or a password with TOTP. No sign-up, no mail, no recovery by mail.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "office:start"
ACCOUNT_ADAPTER = "clarion.office.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = int(timedelta(minutes=10).total_seconds())
MFA_ADAPTER = "clarion.office.accounts.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]
ACCOUNT_FORMS = {"login": "clarion.office.forms.sign_in.LoginForm"}
MFA_FORMS = {
    "authenticate": "clarion.office.forms.sign_in.AuthenticateForm",
    "reauthenticate": "clarion.office.forms.sign_in.ReauthenticateForm",
    "activate_totp": "clarion.office.forms.sign_in.ActivateTOTPForm",
    "add_webauthn": "clarion.office.forms.sign_in.AddWebAuthnForm",
}
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are given by the host or an admin
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS  # a trial on loopback; elsewhere plain http does not serve

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "clarion.kernel.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Their messages carry addresses, paths with tokens, or request bodies.
        "django.request": {"level": "CRITICAL", "propagate": True},
        "django.security": {"level": "CRITICAL", "propagate": True},
        "django_tasks": {"level": "WARNING"},
        "django_tasks_db": {"level": "WARNING"},
    },
}
