"""Tags and filters of the office's templates; loaded everywhere."""

from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.template.defaultfilters import date as format_date
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clarion.kernel.languages import direction, locale_of, native_name
from clarion.office.assets import hashed_name
from clarion.office.sentences import FLAGS, state_of
from clarion.places.countries import country_name

register = template.Library()


@register.simple_tag
def asset(name: str) -> str:
    """Address of a style or script."""
    return reverse("office:asset", args=[hashed_name(name)])


@register.filter
def said(text: object, language: str = "") -> SafeString:
    """What a person wrote, in its own language and direction."""
    if not language:
        return format_html('<bdi dir="auto">{}</bdi>', text)
    return format_html('<bdi lang="{}" dir="{}">{}</bdi>', language, direction(language), text)


@register.filter
def country(code: str) -> str:
    """A country's English name."""
    return country_name(code, "en") if code and code != "ZZ" else "Not said"


@register.filter
def language(tag: str) -> str:
    """A language's English name with its own: `Arabic · العربية`."""
    english = locale_of(tag).get_display_name("en") or tag
    native = native_name(tag)
    return english if english == native else f"{english} · {native}"


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """A moment in UTC, machine-readable too."""
    if at is None:
        return "never"
    return format_html('<time datetime="{}">{} UTC</time>', at.isoformat(), format_date(at, "j M Y, H:i"))


@register.filter
def ago(delta_from: datetime | None, now: datetime) -> str:
    """How long ago, in one unit: `3 hours`."""
    if delta_from is None:
        return ""
    seconds = max(0, int((now - delta_from).total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            n = seconds // size
            return f"{n} {unit}{'' if n == 1 else 's'}"
    return "less than a minute"


@register.filter
def get(mapping: Any, key: object) -> Any:
    """`mapping[key]`, or nothing."""
    return mapping.get(key, "")


@register.inclusion_tag("office/_field.html")
def field(bound: BoundField, **extra: Any) -> dict[str, Any]:
    """A label, its hint, its error and its input."""
    return {"field": bound, **extra}


@register.inclusion_tag("office/_confirm.html")
def confirm(ask: str, yes: str, *, why: str = "", name: str = "") -> dict[str, str]:
    """A button that asks first, for a thumb slips: `ask` unfolds `why` and `yes`, which sends the form around it."""
    return {"ask": ask, "yes": yes, "why": why, "name": name}


@register.filter
def flag(code: str) -> str:
    """A flag in two or three words."""
    return FLAGS[code][0] if code in FLAGS else code


@register.filter
def flag_sentence(code: str) -> str:
    """A flag as a sentence."""
    return FLAGS[code][1] if code in FLAGS else code


@register.filter
def state(code: str) -> str:
    """An event's state in words."""
    return state_of(code)


@register.filter
def wall(local: str) -> str:
    """A wall time as people say it: `Thursday, 10 December 2026, 18:00`."""
    return format_date(datetime.fromisoformat(local), "l, j F Y, H:i") if local else ""


@register.filter
def wall_short(local: str) -> str:
    """A wall time in a list: `Thu 10 Dec 2026, 18:00`."""
    return format_date(datetime.fromisoformat(local), "D j M Y, H:i") if local else ""
