"""The page of the published numbers: in all, by country, by day, each as a plot with its table beneath."""

from collections.abc import Iterator, Sequence
from datetime import date

from clarion.pages.plots import Bar, bars, columns, days_between
from clarion.pages.site import Page, Scene

PLOTTED_COUNTRIES = 20


def pages_of(scene: Scene) -> Iterator[Page]:
    """`counts/`, where people sign."""
    if scene.ways.sign:
        yield counts_page(scene)


def counts_page(scene: Scene) -> Page:
    """The page, with no number finer than `counts.json` has."""
    voice = scene.voice
    countries, days = country_bars(scene), day_bars(scene)
    rtl = voice.direction == "rtl" and not voice.is_foreign
    return Page(
        scene.at("counts/"),
        "pages/counts.html",
        {
            "countries": countries,
            "days": days,
            "step": scene.campaign.count_threshold,
            "countries_plot": bars(
                countries[:PLOTTED_COUNTRIES], label=voice.gettext("Signatures by country"), rtl=rtl
            ),
            "days_plot": columns(days, label=voice.gettext("Signatures by day"), rtl=rtl),
            "plotted": PLOTTED_COUNTRIES,
        },
        has_counts=True,
    )


def country_bars(scene: Scene) -> Sequence[Bar]:
    """Countries with their published number, the largest first."""
    by_country = scene.figures.by_country
    rows = [Bar(scene.country(code), count, scene.voice.number(count)) for code, count in by_country.items()]
    return sorted(rows, key=lambda row: (-row.value, row.name))


def day_bars(scene: Scene) -> Sequence[Bar]:
    """Every UTC day since the first signature with its number."""
    return [_day_bar(scene, day, count) for day, count in days_between(scene.figures.by_day)]


def _day_bar(scene: Scene, day: date, count: int) -> Bar:
    return Bar(scene.voice.day(day, style="medium"), count, scene.voice.number(count))
