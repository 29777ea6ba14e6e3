"""What the fields of the public forms are called, on the form and on the page that explains a refusal."""

from clarion.kernel.forms import EVENT_KINDS, REPORT_REASONS, TAKEN_OUT
from clarion.locale.voice import Voice


def field_label(form: str, field: str, voice: Voice) -> str:
    """The label of a field; raises `KeyError` for one that no form has."""
    own = _LABELS_OF.get(form)
    labels = _shared(voice) | (own(voice) if own else {})
    return labels[field]


def field_labels(form: str, voice: Voice) -> dict[str, str]:
    """All labels of one form by field."""
    own = _LABELS_OF.get(form)
    return _shared(voice) | (own(voice) if own else {})


def signature_words(voice: Voice) -> dict[str, str]:
    """What stands under the number of signatures, by plural category."""
    return voice.plurals("confirmed signature", "confirmed signatures")


def _shared(voice: Voice) -> dict[str, str]:
    return {
        "name": voice.gettext("Name"),
        "email": voice.gettext("E-mail"),
        "country": voice.gettext("Country or territory"),
        "postcode": voice.gettext("Postcode"),
        "version": voice.gettext("Version of the text"),
        "consent": voice.gettext("What you agree to"),
    }


def _event(voice: Voice) -> dict[str, str]:
    return {
        "venue": voice.gettext("Place"),
        "city": voice.gettext("City"),
        "address": voice.gettext("Where exactly"),
        "date": voice.gettext("Date"),
        "time": voice.gettext("Starts at"),
        "end": voice.gettext("Ends at"),
        "title": voice.gettext("Title"),
        "bring": voice.gettext("What to bring"),
        "accessibility": voice.gettext("Accessibility"),
        "public_contact": voice.gettext("Contact for everyone"),
    }


def _host(voice: Voice) -> dict[str, str]:
    return _event(voice) | {
        "kind": voice.gettext("Kind of event"),
        "language": voice.gettext("Language of the title"),
        "name": voice.gettext("Your name"),
        "email": voice.gettext("Your e-mail"),
        "adult": voice.gettext("I am 18 or older"),
    }


def _manage(voice: Voice) -> dict[str, str]:
    ticks = {f"no_{name}": voice.gettext("Take this out") for name in TAKEN_OUT}
    now = {"no_public_contact": voice.gettext("Take this out, at once")}
    return _event(voice) | ticks | now | {"do": voice.gettext("What to do")}


def _report(voice: Voice) -> dict[str, str]:
    return {
        "reason": voice.gettext("What is wrong with it?"),
        "note": voice.gettext("What should we know?"),
    }


_LABELS_OF = {"host": _host, "manage": _manage, "report": _report}


def event_kind_names(voice: Voice) -> dict[str, str]:
    """The kinds of event by code, in the order of the form."""
    names = {
        "rally": voice.gettext("Rally"),
        "vigil": voice.gettext("Vigil"),
        "march": voice.gettext("March"),
        "talk": voice.gettext("Talk"),
        "workshop": voice.gettext("Workshop"),
        "concert": voice.gettext("Concert"),
        "other": voice.gettext("Something else"),
    }
    return {kind: names[kind] for kind in EVENT_KINDS}


def report_reason_names(voice: Voice) -> dict[str, str]:
    """The reasons for a report by code, in the order of the form."""
    names = {
        "not-real": voice.gettext("It is not real, or was called off"),
        "wrong-place": voice.gettext("The place or time is wrong"),
        "dangerous": voice.gettext("It could be dangerous for those who come"),
        "hateful": voice.gettext("It is hateful"),
        "private-home": voice.gettext("It is at somebody’s home"),
        "other": voice.gettext("Something else"),
    }
    return {reason: names[reason] for reason in REPORT_REASONS}
