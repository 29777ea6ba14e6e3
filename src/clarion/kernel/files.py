"""Where things lie: the data folder, the published site, and the addresses that name a file."""

from dataclasses import dataclass
from pathlib import Path

from clarion.kernel.durable import make_folder
from clarion.kernel.links import LinkKind


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The one folder of an installation (`CLARION_DATA`)."""

    root: Path

    @property
    def records(self) -> Path:
        """The records' SQLite file."""
        return self.root / "records" / "records.sqlite3"

    @property
    def moved(self) -> Path:
        """Says that the records' SQLite file is not in use any more: they were moved to PostgreSQL."""
        return self.root / "records" / "MOVED"

    @property
    def restoring(self) -> Path:
        """Lies there from before a backup's records are in place until its mails are held and the erased are gone."""
        return self.root / "records" / "RESTORING"

    @property
    def inbox(self) -> Path:
        """The inbox's SQLite file; its lock lies beside it."""
        return self.root / "inbox" / "inbox.sqlite3"

    @property
    def keys(self) -> Path:
        """Folder of private keys."""
        return self.root / "keys"

    @property
    def policy(self) -> Path:
        """Folder of the policy file."""
        return self.root / "policy"

    @property
    def site(self) -> Path:
        """Root of the published site: any web server may serve it."""
        return self.root / "site"

    @property
    def manage(self) -> Path:
        """Pages that only a good token opens: never below a web server's root."""
        return self.root / "manage"

    @property
    def clock_mark(self) -> Path:
        """Its time is the last one that the worker believed."""
        return self.root / "worker" / "clock"

    @property
    def heartbeat(self) -> Path:
        """The worker's sign of life (JSON)."""
        return self.root / "worker" / "heartbeat.json"

    @property
    def publish_lock(self) -> Path:
        """Held by the one publisher."""
        return self.root / "worker" / "publish.lock"

    @property
    def backup(self) -> Path:
        """Folder of the copies that a backup packs, and of the note on the last one; no backup lies here."""
        return self.root / "backup"

    @property
    def erased(self) -> Path:
        """Append-only list of the ids of erased records, one a line (`privacy.erased`); restore merges it."""
        return self.root / "erased.txt"

    def make(self) -> None:
        """Make the folders that are missing, readable by their owner alone. Safe to repeat."""
        for folder in (
            self.root,
            self.records.parent,
            self.inbox.parent,
            self.keys,
            self.policy,
            self.site,
            self.manage,
            self.heartbeat.parent,
            self.backup,
        ):
            make_folder(folder)


# The static page behind each kind of link, and the quiet second one (`?not-me`) where there is one.
TOKEN_PAGES: dict[LinkKind, tuple[str, str | None]] = {
    LinkKind.CONFIRM: ("confirm", "confirm-not-me"),
    LinkKind.CONFIRM_TYPED: ("confirm-typed", "confirm-typed-not-me"),
    LinkKind.CONFIRM_EVENT: ("confirm-event", "confirm-event-not-me"),
    LinkKind.CONFIRM_EVENT_TYPED: ("confirm-event-typed", "confirm-event-typed-not-me"),
    LinkKind.WITHDRAW: ("withdraw", None),
}


def token_page(slug: str, language: str, page: str) -> str:
    """Path below `manage/` of a token page."""
    return f"{slug}/{language}/{page}.html"


def manage_page(slug: str, event_id: str, generation: int) -> str:
    """Path below `manage/` of one event's manage page: an ended link finds no file."""
    return f"{slug}/events/{event_id}-{generation}.html"


# Answers that are not 303, each with a page of its own at `/{c}/{l}/error/{status}/` and, where no campaign or
# language is known, at `/-/error/{status}/`.
ERROR_STATUSES = (400, 403, 404, 405, 413, 421, 429, 503)


def error_page(status: int, slug: str | None = None, language: str | None = None) -> str:
    """Path below `site/` of the page for an error status."""
    where = f"{slug}/{language}" if slug and language else "-"
    return f"{where}/error/{status}/index.html"


def refusal_address(slug: str, language: str, form: str, field: str, code: str) -> str:
    """Address of the page that explains a refused field."""
    return f"/{slug}/{language}/refused/{form}/{field}-{code}/"


def cities_file(country: str) -> str:
    """Path below `site/` of a country's list of cities, for completion and for intake's check."""
    return f"-/cities/{country.lower()}.json"
