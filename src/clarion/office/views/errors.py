"""Pages for what went wrong."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

_RETRY_SECONDS = "3"


def foreign_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was not sent from a page of this office, or is from before signing in."""
    return render(request, "office/errors/foreign_form.html", status=403)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the role does not carry this right."""
    return render(request, "office/errors/not_allowed.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: nothing here, or nothing for this organiser."""
    return render(request, "office/errors/not_found.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """503 where the records were away or too busy, which passes; else 500: a bug; it was logged."""
    # Without the request: who is signed in would be asked of the records, which may be what is broken.
    # Django asks for this page while it handles what was raised, wherever that was: a view, a template, the session.
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        page = render_to_string("office/errors/away.html")
        return HttpResponse(page, status=503, headers={"Retry-After": _RETRY_SECONDS})
    return HttpResponse(render_to_string("office/errors/broken.html"), status=500)
