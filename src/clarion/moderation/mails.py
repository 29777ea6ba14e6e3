"""What moderation mails: each decision to the event's organiser, and to moderators what waits."""

from collections.abc import Mapping
from functools import partial

from clarion.campaigns.queries import campaign_by_slug
from clarion.events.mails import host_letter
from clarion.locale.marking import N_
from clarion.locale.voice import voice
from clarion.moderation.queries import decision_by_id, waiting_counts
from clarion.moderation.rules import REASONS
from clarion.organisers.queries import membership, organiser_by_id
from clarion.outbox.letters import Desk, Letter, Renderer
from clarion.outbox.models import Mail
from clarion.outbox.rendering import render_letter

_SUBJECTS: Mapping[str, str] = {
    "event-kept": N_("Your event is announced: {title}"),
    "event-changes-asked": N_("Please change your event: {title}"),
    "event-refused": N_("Your event was not accepted: {title}"),
    "event-hidden": N_("Your event is not shown any more: {title}"),
    "change-kept": N_("Your change is shown: {title}"),
    "change-changes-asked": N_("Please look at your change again: {title}"),
    "change-refused": N_("Your change was not accepted: {title}"),
}
DECISIONS = frozenset(_SUBJECTS)  # kinds of which the record is the event


def decision_letter(kind: str, mail: Mail, desk: Desk) -> Letter | None:
    """Tells an organiser what was decided and why; nothing where it was undone before the mail left."""
    decision = decision_by_id(mail.detail.get("decision", ""))
    if decision is not None and decision.undone_at is not None:
        return None
    reason = REASONS.get(decision.reason, "") if decision else ""
    return host_letter(
        f"moderation/{kind}",
        _SUBJECTS[kind],
        mail,
        desk,
        reason=voice(mail.language, desk.strings).gettext(reason) if reason else "",
        sentence=decision.sentence if decision else "",
    )


def moderation_digest(mail: Mail, desk: Desk) -> Letter | None:
    """Tells a moderator how much waits: numbers and a link, nothing of what people wrote."""
    organiser, campaign = organiser_by_id(mail.record), campaign_by_slug(mail.campaign)
    role = membership(organiser, campaign.team) if organiser and campaign else None
    if organiser is None or campaign is None or role is None:
        return None
    waiting = waiting_counts(campaign, () if role.role == "admin" else role.countries, now=desk.now)
    if not waiting.total:
        return None
    speak = voice(mail.language, desk.strings)
    hours = int((desk.now - waiting.oldest_at).total_seconds() // 3600) if waiting.oldest_at else 0
    subject = speak.ngettext(
        "%(num)s thing waits for a moderator", "%(num)s things wait for a moderator", waiting.total
    )
    return render_letter(
        "moderation/moderation-digest",
        speak,
        to=organiser.email,
        subject=subject % {"num": speak.number(waiting.total)},
        sender_name=campaign.organiser_name,
        waiting=waiting,
        hours=hours,
        queue_url=f"{desk.office_url}/c/{campaign.slug}/moderation/",
    )


RENDERERS: Mapping[str, Renderer] = {
    "moderation-digest": moderation_digest,
    **{kind: partial(decision_letter, kind) for kind in _SUBJECTS},
}
