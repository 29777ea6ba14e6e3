"""What people wrote, marked up for a page: Markdown, and words in another language than the page's."""

from functools import cache

from markupsafe import Markup

from clarion.campaigns.markdown import render_markdown
from clarion.kernel.languages import direction


@cache
def marked_up(text: str) -> Markup:
    """A campaign's Markdown as HTML."""
    return Markup(render_markdown(text))  # noqa: S704 - the renderer lets a short list of tags through


def said(text: str, language: str = "") -> Markup:
    """Words that somebody wrote, with their language and direction where these are known."""
    if language:
        return Markup('<bdi lang="{}" dir="{}">{}</bdi>').format(language, direction(language), text)
    return Markup("<bdi>{}</bdi>").format(text)
