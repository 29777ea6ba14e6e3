"""When nobody may work on the records: after a move out of their file, and while a restore has not come to its end."""

from clarion.env import Env
from clarion.kernel.errors import ClarionError


class RecordsMoved(ClarionError):
    """The records in the data folder are out of use: writing to them would lose what is written."""


class RestoreUnfinished(ClarionError):
    """What a restore brought back may be mailed and shown again before mails are held and the erased are erased."""


def refuse_out_of_use(env: Env) -> None:
    """Raises `RecordsMoved` or `RestoreUnfinished` where the records of these settings are not to be worked on."""
    if env.database is None and env.data.moved.exists():
        raise RecordsMoved(
            "The records were moved to PostgreSQL, and those here are of before. Set CLARION_DATABASE_URL; only if the"
            f" move shall be undone, with all that came since, remove {env.data.moved}."
        )
    if env.data.restoring.exists():
        raise RestoreUnfinished(
            "A restore did not come to its end: mails of before the backup would go out again, and who was erased since"
            " would stay. Run `clarion restore` again, with --replace; only if it failed and these are still the"
            f" records of before it, remove {env.data.restoring}."
        )
