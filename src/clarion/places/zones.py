"""Time zones: the zone of a point, and the moment of a wall time."""

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tzfpy import get_tz


class UnknownZone(ValueError):
    """No such name in the IANA time zone database."""


class WallTimeGap(ValueError):
    """A wall time that the clocks of its zone jump over."""


@cache
def _zones() -> frozenset[str]:
    # "localtime" is the server's own zone on Debian, "Factory" means that nobody has set one.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def is_zone(name: str) -> bool:
    """Is this a name of the IANA database, such as Africa/Nairobi? Case matters."""
    return name in _zones()


def zone_at(lat: float, lon: float) -> str | None:
    """The zone of a point in degrees; None on the high seas and outside the globe.

    The borders are those of the timezone-boundary-builder data in tzfpy, simplified.
    """
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    name = get_tz(lon, lat)
    return name if is_zone(name) and not name.startswith("Etc/") else None


def day_there(moment: datetime, zone: str) -> date:
    """The day on calendars of `zone` at this moment; raises UnknownZone."""
    if not is_zone(zone):
        raise UnknownZone(zone)
    return moment.astimezone(ZoneInfo(zone)).date()


def utc_of(wall: datetime, zone: str) -> datetime:
    """The moment at which the clocks of `zone` show `wall` (without a zone); the first one of two.

    Raises UnknownZone, WallTimeGap when the clocks jump over it, ValueError when `wall` has a zone.
    """
    if wall.tzinfo is not None:
        raise ValueError("a wall time has no zone of its own")
    if not is_zone(zone):
        raise UnknownZone(zone)
    local = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(tzinfo=None) != wall.replace(fold=0):
        raise WallTimeGap(f"{wall:%Y-%m-%d %H:%M} does not exist in {zone}")
    return moment
