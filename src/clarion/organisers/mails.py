"""What organisers are mailed: a notice when something weighty was done by another admin or the host."""

from collections.abc import Mapping

from clarion.locale.marking import N_
from clarion.locale.voice import voice
from clarion.organisers.queries import organiser_by_id
from clarion.outbox.letters import Desk, Letter, Renderer
from clarion.outbox.models import Mail
from clarion.outbox.rendering import render_letter

WHAT: Mapping[str, str] = {
    "new-admin": N_("There is a new admin."),
    "new-passkey": N_("Someone on the team has a new passkey or another second factor."),
    "factor-removed": N_("A passkey or another second factor was removed from an account."),
    "exported": N_("Signatures or events were exported."),
    "give-changed": N_("The ways to give were changed."),
    "closed": N_("The campaign was closed."),
    "closing-changed": N_("The day on which the campaign closes was changed."),
    "wave-held": N_("A wave of signatures is held: they do not count until an admin releases them."),
    "wave-decided": N_("An admin released or voided a wave of signatures, or took that back."),
}
SUBJECTS: Mapping[str, str] = {
    "new-admin": N_("A new admin in the office"),
    "new-passkey": N_("A new second factor in the office"),
    "factor-removed": N_("A second factor was removed in the office"),
    "exported": N_("An export from the office"),
    "give-changed": N_("The ways to give were changed"),
    "closed": N_("The campaign was closed"),
    "closing-changed": N_("The day on which the campaign closes was changed"),
    "wave-held": N_("A wave of signatures is held"),
    "wave-decided": N_("A decision on a wave of signatures"),
}
_ON_WAVES = frozenset({"wave-held", "wave-decided"})


def notice_to_admins(mail: Mail, desk: Desk) -> Letter | None:
    """Tells an admin what was done, for which campaign and by whom; nothing to one who is an organiser no more."""
    reader = organiser_by_id(mail.record)
    what = mail.detail.get("what", "")
    if reader is None or not reader.is_active or what not in WHAT:
        return None
    speak = voice(mail.language, desk.strings)
    actor = organiser_by_id(mail.detail.get("by", ""))
    by_itself = speak.gettext("Clarion itself, by its rules") if what == "wave-held" else ""
    page = f"c/{mail.campaign}/waves/" if what in _ON_WAVES else ""
    return render_letter(
        "organisers/notice-to-admins",
        speak,
        to=reader.email,
        subject=speak.gettext(SUBJECTS[what]),
        sender_name="Clarion",
        what=speak.gettext(WHAT[what]),
        campaign=mail.campaign,
        actor=actor.email if actor else by_itself,
        moment=speak.moment(mail.promised_at),
        office_url=f"{desk.office_url}/{page}",
    )


RENDERERS: Mapping[str, Renderer] = {"notice-to-admins": notice_to_admins}
