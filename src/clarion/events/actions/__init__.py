"""Every write to events."""

from clarion.events.actions.changes import (
    correct,
    keep_revision,
    reopen_revision,
    settle_revision,
    take_back_correction,
    take_cancel,
    take_change,
    take_manage_form,
    take_new_link,
    take_uncancel,
)
from clarion.events.actions.office import (
    cancel_event,
    change_event,
    locked_event,
    new_manage_link,
    restore_state,
    store_event,
    store_events,
    take_step,
    uncancel_event,
)
from clarion.events.actions.promises import mail_host, promise_manage_page, promise_pages
from clarion.events.actions.proposals import (
    confirm_proposal,
    deny_proposal,
    erase_events,
    erase_unconfirmed,
    note_mailed,
    take_proposal,
)
from clarion.events.actions.schedule import (
    end_past_events,
    erase_host,
    erase_hosts_kept_long_enough,
    erase_old_contacts,
)

__all__ = [
    "cancel_event", "change_event", "confirm_proposal", "correct", "deny_proposal", "end_past_events", "erase_events",
    "erase_host", "erase_hosts_kept_long_enough", "erase_old_contacts", "erase_unconfirmed", "keep_revision",
    "locked_event", "mail_host", "new_manage_link", "note_mailed", "promise_manage_page", "promise_pages",
    "reopen_revision", "restore_state", "settle_revision", "store_event", "store_events", "take_back_correction",
    "take_cancel", "take_change", "take_manage_form", "take_new_link", "take_proposal", "take_step", "take_uncancel",
    "uncancel_event",
]  # fmt: skip
