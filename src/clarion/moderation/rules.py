"""Why a moderator decides as they do, who may, and when they are reminded. No Django, no clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Literal, get_args

from clarion.kernel.errors import Refusal
from clarion.locale.marking import N_

Verb = Literal["keep", "ask-for-changes", "refuse", "hide"]
VERBS: tuple[Verb, ...] = get_args(Verb)

CHECKED = ("known", "spoken", "neither")  # how a moderator knows that an event is real
CORRECTABLE = frozenset(
    {"title", "language", "kind", "venue", "country", "city", "address", "lat", "lon", "starts_local", "ends_local"}
    | {"bring", "accessibility", "public_contact"}
)
DIGEST_WITH_NEWS = timedelta(hours=4)
DIGEST_WITHOUT_NEWS = timedelta(days=1)


# Each reason as its organiser reads it, in their language.
REASONS: Mapping[str, str] = {
    "not-this-call": N_("The event is not about this call."),
    "not-lawful": N_("As described, the event would not be lawful, or could put people in danger."),
    "hateful": N_("The text insults or threatens people."),
    "not-reached": N_("We could not reach you, so we do not know that the event is real."),
    "not-real": N_("We have reason to believe that the event will not take place."),
    "duplicate": N_("The same event is announced already."),
    "private-place": N_("The place is a home or not open to everyone. Please name a public place."),
    "place-unclear": N_("People would not find the place. Please say more exactly where it is."),
    "place-wrong": N_("The place does not seem to lie in the city or country that is named."),
    "time-unclear": N_("The date or time cannot be right. Please look at it again."),
    "in-the-past": N_("The date has passed."),
    "title-unclear": N_("The title does not say what the event is, or holds a link or unusual letters."),
    "text-unclear": N_("The text cannot be understood, or says something that does not belong there."),
    "contact-private": N_("The public contact seems to be a private one. Everyone would see it."),
    "other": N_("There is another reason."),
}
_MENDABLE = (
    "place-unclear", "place-wrong", "private-place", "time-unclear", "title-unclear", "text-unclear",
    "contact-private", "not-reached", "other",
)  # fmt: skip
_FINAL = ("not-this-call", "not-lawful", "hateful", "not-reached", "not-real", "duplicate", "private-place")
REASONS_FOR: Mapping[Verb, tuple[str, ...]] = {
    "keep": (),
    "ask-for-changes": _MENDABLE,
    "refuse": (*_FINAL, "in-the-past", "other"),
    "hide": (*_FINAL, "place-wrong", "other"),
}


class AlreadyDecided(Refusal):
    """Another moderator was faster, or the item does not wait any more."""

    code: ClassVar[str] = "already-decided"


class ChangedMeanwhile(Refusal):
    """The organiser changed the text after the moderator had opened it."""

    code: ClassVar[str] = "changed-meanwhile"


class ReasonMissing(Refusal):
    """Every decision but keeping needs one of its reasons."""

    code: ClassVar[str] = "reason-missing"


class CheckMissing(Refusal):
    """Keeping an event needs to say how it was checked."""

    code: ClassVar[str] = "check-missing"


class NotYours(Refusal):
    """The event lies in a country that this moderator does not look after, or they are no moderator here."""

    code: ClassVar[str] = "not-yours"


class CannotUndo(Refusal):
    """The item has gone on since that decision."""

    code: ClassVar[str] = "cannot-undo"


class BadPoint(Refusal):
    """A pin off the globe, or half of one."""

    code: ClassVar[str] = "bad-point"


class UnknownItem(Refusal):
    """There is nothing with this id to decide on."""

    code: ClassVar[str] = "unknown-item"


def check_decision(verb: Verb, *, reason: str, checked: str, is_revision: bool = False) -> None:
    """Raise `ReasonMissing` or `CheckMissing` where a decision is not complete."""
    if verb == "keep" and not is_revision and checked not in CHECKED:
        raise CheckMissing("Say how the event was checked: known to us, spoken with, or not checked.")
    if verb != "keep" and reason not in REASONS_FOR[verb]:
        raise ReasonMissing("Choose a reason: the organiser of the event is told it.")


def is_digest_due(last_at: datetime | None, newest_at: datetime, now: datetime) -> bool:
    """Whether to remind a moderator of what waits: at once, every few hours with news, else once a day."""
    if last_at is None:
        return True
    return now - last_at >= (DIGEST_WITH_NEWS if newest_at > last_at else DIGEST_WITHOUT_NEWS)
