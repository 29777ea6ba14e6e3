"""What a page says when a form is refused: which field it is, and what would be right."""

from dataclasses import dataclass

from clarion.kernel.forms import FORMS, FieldRefusal
from clarion.locale.voice import Voice
from clarion.pages.labels import field_label

# The hidden fields: they say which page the form came from, and no typing mends them.
STALE_FIELDS = frozenset({"version", "consent"})


@dataclass(frozen=True, slots=True)
class Explanation:
    """One refusal in words. `is_stale`: the page itself is too old, so going back to it does not help."""

    label: str
    sentence: str
    is_stale: bool


def explain(refusal: FieldRefusal, voice: Voice) -> Explanation:
    """The words for a refusal. Raises `KeyError` for one that no form gives."""
    label = field_label(refusal.form, refusal.field, voice)
    return Explanation(label, _sentence(refusal, voice), refusal.field in STALE_FIELDS)


def _sentence(refusal: FieldRefusal, voice: Voice) -> str:
    match refusal.code:
        case "missing":
            return _missing(voice)[refusal.field]
        case "unknown":
            return _unknown(voice)[refusal.field]
        case "shape":
            return _shape(voice)[refusal.field]
        case "past":
            return _past(voice)[refusal.field]
        case "too-long":
            return _too_long(FORMS[refusal.form].field(refusal.field).max_length, voice)
        case "duplicate":
            return voice.gettext("This field came twice, so we cannot tell which one you mean. Please send it once.")
        case "characters":
            return voice.gettext(
                "There is a character in it that cannot be shown, perhaps from copying. Please type it afresh."
            )
        case code:
            raise KeyError(code)


def _too_long(limit: int, voice: Voice) -> str:
    sentence = voice.ngettext(
        "There is room for %(limit)s character here. Please write less.",
        "There is room for %(limit)s characters here. Please write less.",
        limit,
    )
    return sentence % {"limit": voice.number(limit)}


def _missing(voice: Voice) -> dict[str, str]:
    return {
        "name": voice.gettext("Please write your name, as you would sign a letter."),
        "email": voice.gettext("Please write your e-mail address. We send you one mail to confirm."),
        "country": voice.gettext("Please choose a country or territory from the list."),
        "city": voice.gettext("Please choose a place from our list, or write the city and the address."),
        "address": voice.gettext("Please choose a place from our list, or write the address of the public place."),
        "date": voice.gettext("Please choose the day of the event."),
        "time": voice.gettext("Please write when it starts, as the clocks show it there."),
        "title": voice.gettext("Please give the event a short title."),
        "kind": voice.gettext("Please choose what kind of event it is."),
        "language": voice.gettext("Please choose the language in which you wrote the title."),
        "adult": voice.gettext("Whoever hosts an event must be 18 or older. If you are, please tick the box."),
        "reason": voice.gettext("Please choose what is wrong with the event."),
        "do": voice.gettext("Please use one of the buttons on the page: change the event, or cancel it."),
    }


def _unknown(voice: Voice) -> dict[str, str]:
    stale = voice.gettext(
        "The page you sent this from is out of date. Please open it afresh, then send the form again."
    )
    return {
        "country": voice.gettext("This is not in our list. Please choose a country or territory from it."),
        "city": voice.gettext(
            "We do not know this city in that country. Please write the nearest larger city, and the exact place in "
            "the address."
        ),
        "venue": voice.gettext("This place is no longer in our list. Please choose another, or write the address."),
        "kind": voice.gettext("Please choose one of the kinds in the list."),
        "language": voice.gettext("Please choose one of the languages in the list."),
        "reason": voice.gettext("Please choose one of the reasons in the list."),
        "do": voice.gettext("Please use one of the buttons on the page: change the event, or cancel it."),
        "version": stale,
        "consent": stale,
    }


def _shape(voice: Voice) -> dict[str, str]:
    return {
        "email": voice.gettext("An e-mail address looks like name@example.org. Please look for a slip in yours."),
        "date": voice.gettext("A date is written year-month-day, such as 2026-12-10. Please choose or write one."),
        "time": voice.gettext("A time is written in hours and minutes, such as 18:30. Please write one."),
        "end": voice.gettext("The end is written in hours and minutes, such as 20:00. You can also leave it empty."),
    }


def _past(voice: Voice) -> dict[str, str]:
    return {"date": voice.gettext("This day has passed. Please look at the year, too.")}
