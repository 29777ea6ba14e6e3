"""Pages for what went wrong."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


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
    """500: a bug; it was logged."""
    return render(request, "office/errors/broken.html", status=500)
