"""Django's settings, for the office, the worker and the command line. Intake never loads them."""

import sys
from typing import Any

from clarion.env import read_env
from clarion.kernel.keys import make_missing_keys, read_key_ring

ENV = read_env()
ENV.data.make()
make_missing_keys(ENV.data.keys)

SECRET_KEY = read_key_ring(ENV.data.keys, "office").current.secret.hex()
DEBUG = False
ALLOWED_HOSTS = [ENV.office_host.rpartition(":")[0] or ENV.office_host, ENV.office_host]
IS_HTTPS = ENV.office_url.startswith("https://")

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

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ENV.data.records,
        "OPTIONS": {
            # One writer at a time from the first statement on: DEFERRED ends in "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;"
            ),
        },
        "TEST": {"NAME": None},
    },
}
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
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

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
