"""What every publication is told from outside: where files go, under which addresses, and what time it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from clarion.kernel.files import DataFolder


@dataclass(frozen=True, slots=True)
class Press:
    """The surroundings of one publication; `mail_delay` is how long mails take now, None while nothing is known.

    `frame_ancestor` is the demo desk's origin, which alone may frame the pages (a header of the answering server).
    """

    data: DataFolder
    public_url: str
    office_url: str
    now: datetime
    frame_ancestor: str = ""
    mail_delay: timedelta | None = None

    @property
    def strings(self) -> Path:
        """Where the host lays catalogues of further interface languages."""
        return self.data.root / "locale"

    @property
    def country_settings(self) -> Path:
        """Where the host keeps what it changes about the list of countries."""
        return self.data.root / "countries.toml"

    @property
    def geometry(self) -> Path | None:
        """The host's own map, where there is one."""
        path = self.data.root / "countries.geojson"
        return path if path.is_file() else None
