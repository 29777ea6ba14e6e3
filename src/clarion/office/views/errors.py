"""Pages for what went wrong."""

import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from clarion.calls import limits

_RETRY_SECONDS = "3"
_NO_WORDS = frozenset({"seen", "password", "credential", "code"})


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: a form that is larger than any may be, or that does not arrive as our pages send it."""
    context = {
        "is_too_large": isinstance(exception, RequestDataTooBig),
        "megabytes": limits.TABLE_BYTES // 1_000_000,
    }
    return render(request, "office/errors/unreadable.html", context, status=400)


def foreign_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was not sent from a page of this office, or is from before signing in."""
    # Another site can send what it likes: it shall not stand on a page of ours.
    is_ours = request.headers.get("Origin") == settings.ENV.office_url
    return render(
        request, "office/errors/foreign_form.html", {"written": written_in(request) if is_ours else []}, status=403
    )


def signed_out(request: HttpRequest) -> HttpResponse:
    """403: the session ended while something was being written."""
    return render(request, "office/errors/signed_out.html", {"written": written_in(request)}, status=403)


def written_in(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of a form that was not taken with what a person wrote in words, for them to copy.

    No secret, and nothing that a page carries for itself. A single word is typed again soon enough.
    """
    fields = ((name, str(text)) for name, text in request.POST.items() if not _NO_WORDS & {*name.split("-")})
    return [(_label(name), text) for name, text in fields if _is_prose(text)]


def _is_prose(text: str) -> bool:
    """Several words; in scripts that put no space between them, any."""
    return len(text.split()) > 1 or not text.isascii()


def _label(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").capitalize()


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
