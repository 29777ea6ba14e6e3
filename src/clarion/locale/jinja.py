"""One Jinja environment for pages and mails: every string goes through the `voice` of the rendering."""

from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import (
    BaseLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    pass_context,
    select_autoescape,
)
from jinja2.runtime import Context


@pass_context
def _gettext(context: Context, message: str) -> str:
    text: str = context["voice"].gettext(message)
    return text


@pass_context
def _ngettext(context: Context, singular: str, plural: str, n: int) -> str:
    text: str = context["voice"].ngettext(singular, plural, n)
    return text


@pass_context
def _pgettext(context: Context, where: str, message: str) -> str:
    text: str = context["voice"].pgettext(where, message)
    return text


def make_environment(loader: BaseLoader, filters: Mapping[str, Any] | None = None) -> Environment:
    """An environment with gettext, autoescape for everything but `.txt`, and no silence about a missing name."""
    environment = Environment(
        loader=loader,
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # templates do not change while a process runs; asking costs a stat for each include
    )
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True, pgettext=_pgettext)  # type: ignore[attr-defined]
    environment.filters.update(filters or {})
    return environment


def packages(names: Iterable[str]) -> PrefixLoader:
    """Templates of several packages, each below its own name: `signatures/confirm.txt` and so on."""
    return PrefixLoader({name: PackageLoader(f"clarion.{name}", "templates/mail") for name in names})
