"""Whose form is it: posts that another site made are refused (design, "Whose form is it")."""

from clarion.intake.requests import Request

_FOREIGN_SITES = ("cross-site", "same-site")


def is_foreign(request: Request, own_origin: str) -> bool:
    """Whether another site's page sent this.

    Old phones send neither header, and `no-referrer` makes browsers send `Origin: null`: both pass.
    """
    if request.headers.get("sec-fetch-site") in _FOREIGN_SITES:
        return True
    origin = request.headers.get("origin")
    return origin is not None and origin != "null" and origin.lower() != own_origin


def without_default_port(scheme: str, host: str) -> str:
    """`host` as browsers write it: without the port that the scheme has anyway."""
    return host.removesuffix(":443" if scheme == "https" else ":80")
