"""Which host the office answers to, and what it lets others keep."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import add_never_cache_headers

Respond = Callable[[HttpRequest], HttpResponseBase]
_DEFAULT_PORTS = (":443", ":80")


class OnlyOurHost:
    """Answers 421 where the Host is not that of the office: any web page can rebind its name to loopback."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer."""
        if _bare(request.META.get("HTTP_HOST", "")) != _bare(settings.ENV.office_host):
            return HttpResponse("This address does not lead here.\n", status=421, content_type="text/plain")
        return self._respond(request)


def _bare(host: str) -> str:
    host = host.lower()
    for port in _DEFAULT_PORTS:
        host = host.removesuffix(port)
    return host


class NothingCached:
    """Keeps every page out of caches, unless its view said how long it may stay there."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer."""
        response = self._respond(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response
