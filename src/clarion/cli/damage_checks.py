"""What `clarion doctor` says of records out of use, and of damage that was set aside: an inbox, or single forms."""

import sqlite3
from collections.abc import Iterator

from django.db import DatabaseError
from django.db.models import Count, Min

from clarion.cli.checks import Finding, bad, doubtful
from clarion.cli.last_backup import last_backup
from clarion.cli.left_behind import MEND, forms_left_behind
from clarion.cli.out_of_use import RecordsMoved, RestoreUnfinished, refuse_out_of_use
from clarion.env import Env
from clarion.inbox.store import set_aside_files
from clarion.privacy.models import SetAside


def damage_findings(env: Env) -> Iterator[Finding]:
    """May the records be worked on, was an inbox damaged or left behind, and could every form be carried out?"""
    yield from records_out_of_use(env)
    yield from inbox_left_behind(env)
    yield from damaged_inboxes(env)
    yield from forms_set_aside()


def records_out_of_use(env: Env) -> Iterator[Finding]:
    """Records of before a move, or of a restore that was cut off: office and worker do not start on them."""
    try:
        refuse_out_of_use(env)
    except RecordsMoved as error:
        yield bad(str(error), "docs/operate/move.md says what each process needs.")
    except RestoreUnfinished as error:
        yield bad(str(error), "docs/operate/backup.md says how.")


def inbox_left_behind(env: Env) -> Iterator[Finding]:
    """Forms that were taken into the file here after the records had moved."""
    try:
        forms = forms_left_behind(env)
    except (DatabaseError, sqlite3.Error):  # said elsewhere
        return
    if forms:
        yield bad(f"{forms} forms lie in {env.data.inbox}, which nobody drains.", MEND)


def damaged_inboxes(env: Env) -> Iterator[Finding]:
    """Inboxes that were set aside; while one lies there and no other was begun, forms are refused.

    Those that a restore moved out of the way keep nobody from signing.
    """
    last = last_backup(env.data)
    backup = f"The last backup is {last.path}, of {last.at:%Y-%m-%d %H:%M} UTC." if last else "There is no backup."
    for file in set_aside_files(env.data.inbox):
        state = "forms are taken again" if env.data.inbox.exists() else "forms are answered 503"
        yield bad(
            f"The inbox was damaged and set aside as {file}; {state}.",
            f"Test the disk. Move {file.name}* to another folder: forms are then taken again, into an empty inbox. "
            f"{backup} docs/operate/damage.md says how to save what waited in the damaged one.",
        )
    for file in set_aside_files(env.data.inbox.with_name(f"old-{env.data.inbox.name}")):
        yield doubtful(
            f"A damaged inbox lies in {file}, since a restore.",
            f"Save what waited in it, as docs/operate/damage.md says; delete {file.name}* when its forms were saved.",
        )


def forms_set_aside() -> Iterator[Finding]:
    """Forms that nothing could be made of; they are kept sealed for a while."""
    try:
        groups = list(SetAside.objects.values("error").annotate(forms=Count("pk"), since=Min("at")).order_by("error"))
    except DatabaseError:  # said elsewhere
        return
    for group in groups:
        yield doubtful(
            f"{group['forms']} forms could not be carried out and are set aside ({group['error']}), "
            f"the first on {group['since']:%Y-%m-%d %H:%M} UTC.",
            "They are kept, sealed, for 30 days. The worker's log says where each failed: please report it.",
        )
