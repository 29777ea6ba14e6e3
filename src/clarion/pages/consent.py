"""The sentence at the button: what sending the form means, and the id by which a form is bound to it.

It is explicit consent (GDPR, articles 6(1)(a), 7 and 9(2)(a)): what is stored, why, how long, who may agree. The
text itself is stored with its id, so that what someone agreed to can be shown for as long as they are bound to it.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Literal

from clarion.campaigns.actions import record_consent_wordings
from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import kept_until, languages_of
from clarion.campaigns.rules import Wording, wording_of
from clarion.locale.voice import Voice, voice

ConsentForm = Literal["sign", "host"]
CONSENT_FORMS: tuple[ConsentForm, ...] = ("sign", "host")
HOST_AGE = 18
CONTACT_DAYS = 30


def controller_of(campaign: Campaign) -> str:
    """Who answers for the data: the legal name where it is known, else the organiser."""
    return campaign.controller_name or campaign.organiser_name


def consent_sentence(campaign: Campaign, voice: Voice, form: ConsentForm) -> str:
    """The wording that stands at the button of `form`, in the voice's language."""
    who = f"\u2068{controller_of(campaign)}\u2069"  # isolated: a name may run the other way
    if form == "host":
        return _host_sentence(who, voice)
    return " ".join(
        (
            _what_signing_stores(who, kept_until(campaign), voice),
            voice.gettext("Only numbers are shown, never my name. I can withdraw at any time."),
            _age_sentence(campaign.minimum_age, voice),
        )
    )


def _what_signing_stores(who: str, last_day: date | None, voice: Voice) -> str:
    if last_day is None:
        return voice.gettext(
            "By signing I agree that %(who)s stores my name, e-mail address, country and (if I give it) postcode to "
            "count me once, and erases them twelve months later."
        ) % {"who": who}
    return voice.gettext(
        "By signing I agree that %(who)s stores my name, e-mail address, country and (if I give it) postcode to "
        "count me once, and erases them by %(day)s."
    ) % {"who": who, "day": voice.day(last_day)}


def _host_sentence(who: str, voice: Voice) -> str:
    stored = voice.gettext(
        "By sending this I agree that %(who)s publishes the event, and stores my name and e-mail address to reach me "
        "about it. Only moderators see these two; they are erased 30 days after the event."
    ) % {"who": who}
    return f"{stored} {_age_sentence(HOST_AGE, voice)}"


def _age_sentence(age: int, voice: Voice) -> str:
    sentence = voice.ngettext("I am at least %(age)s year old.", "I am at least %(age)s years old.", age)
    return sentence % {"age": voice.number(age)}


def wording_id(form: str, language: str, text: str) -> str:
    """The id of a wording: the same form, language and text give the same id, anything else another."""
    return wording_of(form, language, text).wording_id


def wordings_of(campaign: Campaign, voice: Voice) -> tuple[Wording, ...]:
    """The wordings that the forms in this language carry now."""
    return tuple(wording_of(form, voice.language, consent_sentence(campaign, voice, form)) for form in CONSENT_FORMS)


def consent_id(campaign: Campaign, voice: Voice, form: ConsentForm) -> str:
    """The id of the wording that stands at the button now."""
    return wording_id(form, voice.language, consent_sentence(campaign, voice, form))


def record_wordings(campaign: Campaign, *, extra: Path | None = None, now: datetime) -> None:
    """Store every wording that the campaign's forms carry now. Safe to repeat. `extra`: the host's catalogues."""
    wordings = [wording for tag in languages_of(campaign) for wording in wordings_of(campaign, voice(tag, extra))]
    record_consent_wordings(campaign, wordings, now=now)
