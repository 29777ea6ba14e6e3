"""The pages with which intake answers: all are published before anyone asks, for every campaign and language."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from clarion.kernel.clock import MINUTE
from clarion.kernel.files import ERROR_STATUSES, error_page, refusal_address
from clarion.kernel.forms import FORMS, FormName, all_refusals
from clarion.kernel.languages import direction
from clarion.locale.catalogs import SOURCE_LANGUAGE, interface_languages
from clarion.locale.voice import Voice, voice
from clarion.pages.forms import limits
from clarion.pages.labels import field_labels
from clarion.pages.refusals import explain
from clarion.pages.site import Assets, Page, Scene, environment

_PLAIN = ("received", "not-me", "closed", "paused", "expired", "bad-link")
_FORM_PAGES: dict[FormName, str] = {"sign": "#sign", "host": "host/", "my-data": "my-data/"}
_NEVER_STORED: tuple[FormName, ...] = ("manage",)  # no browser may keep its page, and not all keep what was typed there


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an error page says: what happened, and what to do."""

    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class TroubleIn:
    """The same in one language."""

    language: str
    direction: str
    trouble: Trouble


def pages_of(scene: Scene) -> Iterator[Page]:
    """Every answer of intake in one language, and the page that asks for one's data."""
    yield mail_page(scene)
    yield thanks_page(scene)
    for name in _PLAIN:
        yield _answer(scene, name)
    yield my_data_page(scene)
    yield from refusal_pages(scene)
    for status in ERROR_STATUSES:
        path = "/" + error_page(status, scene.slug, scene.language).removesuffix("index.html")
        yield Page(path, "pages/error.html", {"trouble": trouble(status, scene.voice)}, is_indexed=False)


def are_out(scenes: Collection[Scene]) -> bool:
    """Whether intake has what it answers with in every language: all of it is written at one time."""
    return all((scene.press.data.site / mail_page(scene).file).is_file() for scene in scenes)


def mail_page(scene: Scene) -> Page:
    """`check-your-mail/`: changes with how long mails take."""
    return _answer(scene, "check-your-mail", **_delay(scene.press.mail_delay))


def thanks_page(scene: Scene) -> Page:
    """`thanks/`: changes with the first event that is announced, and with the last that goes."""
    return _answer(scene, "thanks")


def _answer(scene: Scene, name: str, **context: object) -> Page:
    template = f"pages/answer_{name.replace('-', '_')}.html"
    return Page(scene.at(f"{name}/"), template, context, is_indexed=False)


def _delay(mail_delay: timedelta | None) -> dict[str, object]:
    """How long mails take, in whole minutes, rounded up; `is_prompt`: less than one."""
    if mail_delay is None:
        return {"delay_minutes": 0, "is_prompt": False}
    if mail_delay <= MINUTE:
        return {"delay_minutes": 0, "is_prompt": True}
    return {"delay_minutes": -(-mail_delay // MINUTE), "is_prompt": False}


def my_data_page(scene: Scene) -> Page:
    """`my-data/`: the links of one's own data, by mail."""
    form = {"labels": field_labels("my-data", scene.voice), "limits": limits(FORMS["my-data"])}
    return Page(scene.at("my-data/"), "pages/my_data.html", {"form": form})


def refusal_pages(scene: Scene) -> Iterator[Page]:
    """One page for each way in which a field of a form may be refused."""
    for refusal in all_refusals():
        page = _FORM_PAGES.get(refusal.form)
        yield Page(
            refusal_address(scene.slug, scene.language, refusal.form, refusal.field, refusal.code),
            "pages/refused.html",
            {
                "explanation": explain(refusal, scene.voice),
                "form_address": scene.at(page) if page is not None else "",
                "is_kept": refusal.form not in _NEVER_STORED,
            },
            is_indexed=False,
        )


def trouble(status: int, voice: Voice) -> Trouble:
    """The words for an error status; raises `KeyError` for one that intake never answers with."""
    return _troubles(voice)[status]


def _troubles(voice: Voice) -> dict[int, Trouble]:
    return {
        400: Trouble(
            voice.gettext("We could not read that"),
            voice.gettext("The form arrived garbled. Please go back, and send it once more."),
        ),
        403: Trouble(
            voice.gettext("This came from another site"),
            voice.gettext(
                "For your safety we take forms only from our own pages. Please open the call and use its form."
            ),
        ),
        404: Trouble(
            voice.gettext("There is nothing here"),
            voice.gettext("The address may have a slip in it, or the page has gone."),
        ),
        405: Trouble(
            voice.gettext("This cannot be done here"),
            voice.gettext("The address exists, but not for that. Please start from the call."),
        ),
        413: Trouble(
            voice.gettext("That was too long"),
            voice.gettext("Please go back, shorten what you wrote, and send it again."),
        ),
        421: Trouble(
            voice.gettext("Not at this address"),
            voice.gettext("This server does not answer under the name that your browser asked for."),
        ),
        429: Trouble(
            voice.gettext("A little slower, please"),
            voice.gettext(
                "Very many forms came from your network just now, and yours was not stored. Please go back in a "
                "minute and send it again: your entries are still there."
            ),
        ),
        503: Trouble(
            voice.gettext("Too many at once"),
            voice.gettext(
                "So many people are here that yours could not be stored. Please go back in a minute and send it "
                "again: your entries are still there."
            ),
        ),
    }  # fmt: skip


def global_errors(assets: Assets, extra: Path | None = None) -> Iterator[tuple[str, str]]:
    """The error pages where no campaign or language is known: path below the site, and text, in all languages."""
    template = environment().get_template("pages/error_global.html")
    tags = sorted(interface_languages(extra), key=lambda tag: (tag != SOURCE_LANGUAGE, tag))
    for status in ERROR_STATUSES:
        troubles = [TroubleIn(tag, direction(tag), trouble(status, voice(tag, extra))) for tag in tags]
        context = {"status": status, "troubles": troubles, "style": assets.style, "icon": assets.icon}
        yield error_page(status), template.render(context)
