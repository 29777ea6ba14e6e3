"""What codes mean, in the office's words. One test holds that no code is without a sentence."""

from collections.abc import Mapping

from clarion.events.rules import Flag

FLAGS: Mapping[str, tuple[str, str]] = {
    Flag.OUTSIDE_COUNTRY: ("pin outside the country", "The pin does not lie in the country that is named."),
    Flag.COPY_NEARBY: ("maybe a copy", "Another event stands within two kilometres on the same day."),
    Flag.IN_THE_PAST: ("in the past", "Its start has passed."),
    Flag.LINK_IN_TITLE: ("link in the title", "The title holds something that looks like an address."),
    Flag.LOOK_ALIKE_LETTERS: ("look-alike letters", "Letters in the title pass for others."),
    Flag.CITY_UNKNOWN: ("city not known", "The gazetteer does not know this city."),
    Flag.CLOCK_CHANGE: ("clocks change", "This time does not exist there on that day: it was moved on by an hour."),
}

STATES: Mapping[str, str] = {
    "unconfirmed": "not confirmed by its organiser", "waiting": "waiting", "changes-asked": "changes asked",
    "kept": "public", "refused": "refused", "hidden": "hidden", "cancelled": "cancelled", "ended": "over",
    "denied": "denied",
}  # fmt: skip

CHECKED: Mapping[str, str] = {
    "known": "its organiser is known to us", "spoken": "we spoke with its organiser", "neither": "nobody checked it",
}  # fmt: skip

VERBS: Mapping[str, str] = {
    "keep": "Kept", "ask-for-changes": "Asked for changes", "refuse": "Refused", "hide": "Hid", "undo": "Took back",
    "correct": "Corrected",
}  # fmt: skip

ORIGINS: Mapping[str, str] = {"office": "written in the office", "launch": "from the call’s folder"}

# What the log says that somebody did; what it was done to stands beside it.
ACTS: Mapping[str, str] = {
    "opened": "began the call", "discarded": "discarded the call", "launched": "launched the call from its folder",
    "published": "published the call", "paused": "paused the call", "resumed": "let the paused call go on",
    "closed": "closed the call", "reopened": "opened the closed call again",
    "changed-settings": "changed the settings", "saved-version": "saved the texts", "set-notice": "changed the notice",
    "changed-updates": "changed the updates", "changed-picture": "changed the picture",
    "changed-venues": "changed the venues", "changed-give": "changed the ways to give",
    "froze-counts": "froze the counts", "unfroze-counts": "let the counts go on",
    "exported": "exported a table", "searched": "looked for an address",
    "stored-event": "announced an event", "changed-event": "changed an event", "cancelled-event": "cancelled an event",
    "uncancelled-event": "took back that an event was cancelled",
    "renewed-manage-link": "had a new link mailed to an event’s organiser",
    "keep": "kept", "ask-for-changes": "asked for changes", "refuse": "refused", "hide": "hid",
    "undo": "took a decision back", "correct": "corrected", "saw-reports": "read the reports and left the event",
    "held-wave": "held a wave of signatures", "released-wave": "let a held wave count",
    "voided-wave": "voided a held wave", "undid-wave": "took back a decision on a wave",
    "made": "made the team", "added": "took someone on the team", "changed-role": "changed someone’s role",
    "removed": "took someone off the team", "made-sign-in-link": "made a sign-in link",
    "signed-in-by-link": "signed in by link", "set-password": "set a password",
    "enrolled": "set up a second factor", "removed-factor": "removed a second factor",
    "reset-factors": "took all second factors away",
}  # fmt: skip

FIELDS: Mapping[str, str] = {
    "title": "Title", "starts_local": "Starts", "ends_local": "Ends", "language": "Language", "kind": "Kind",
    "venue": "Venue", "country": "Country", "city": "City", "address": "Where exactly", "bring": "What to bring",
    "accessibility": "Accessibility", "public_contact": "Contact for everyone", "lat": "Latitude", "lon": "Longitude",
}  # fmt: skip

REPORTS: Mapping[str, str] = {
    "not-real": "It is not real, or was called off", "wrong-place": "The place or time is wrong",
    "dangerous": "It could be dangerous for those who come", "hateful": "It is hateful",
    "private-home": "It is at somebody’s home", "other": "Something else",
}  # fmt: skip

TROUBLE: Mapping[str, str] = {
    "inbox": "Forms are not drained.", "mail": "Mails do not leave.", "publish": "Pages cannot be written.",
    "waves": "Waves cannot be looked for.",
    "mail-sender": "The mail server does not take this call's address as a sender: its mails wait.",
}  # fmt: skip


def state_of(code: str) -> str:
    """An event's state in words."""
    return STATES.get(code, code)
