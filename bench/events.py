"""Fills a launched call with events as strangers propose them: `python -m bench.events 10000` on `CLARION_DATA`.

They are stored in bulk, as a moderator has kept them; nothing is promised, so publish afterwards. The same number
gives the same events but for their ids.
"""

import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django

django.setup()

from clarion.campaigns.models import Campaign  # noqa: E402
from clarion.events.models import Event  # noqa: E402
from clarion.kernel.clock import utc_now  # noqa: E402
from clarion.kernel.ids import new_id  # noqa: E402
from clarion.kernel.keys import Keys, read_keys  # noqa: E402
from clarion.kernel.sealing import keyed_hash, lock_fields  # noqa: E402
from clarion.places.countries import accepted, load_country_settings  # noqa: E402
from clarion.places.gazetteer import City, cities  # noqa: E402
from clarion.places.queries import venues_of  # noqa: E402
from clarion.settings import ENV  # noqa: E402

LANGUAGES = ("en", "fr", "es", "ar", "zh", "ru", "pt", "de")
TITLES = {
    "en": "Water for every school in %s: come to the square", "fr": "De l’eau pour chaque école à %s : venez",
    "es": "Agua para cada escuela de %s: ven a la plaza", "ar": "ماء لكل مدرسة في %s: تعالوا إلى الساحة",
    "zh": "为%s的每所学校提供清洁水:请到广场来", "ru": "Вода каждой школе, %s: приходите на площадь",
    "pt": "Água para cada escola de %s: venha à praça", "de": "Wasser für jede Schule in %s: kommt auf den Platz",
}  # fmt: skip
BRING = "An empty cup, a bottle of water to share, and a friend who has not heard of it yet."
ACCESS = "Step-free from the eastern side; a place to sit; someone signs."
KINDS = ("rally", "march", "vigil", "talk")
VENUE_SHARE = 0.1
FIRST_DAY = timedelta(days=20)


def fill(slug: str, count: int) -> None:
    """Store `count` kept events of the campaign."""
    campaign = Campaign.objects.get(slug=slug)
    keys = read_keys(ENV.data.keys)
    Event.objects.bulk_create(events_of(campaign, keys, count), batch_size=500)


def events_of(campaign: Campaign, keys: Keys, count: int) -> Iterator[Event]:
    """Unsaved events all over the world, most in large cities, a tenth of them before venues of the call."""
    choose = random.Random(count)
    taken = accepted(load_country_settings(ENV.data.root / "countries.toml"))
    places = [city for city in cities() if city.country in taken]
    weights = [city.population**0.5 for city in places]
    venues = list(venues_of(campaign))
    for number, city in enumerate(choose.choices(places, weights, k=count)):
        at = choose.choice(venues) if venues and choose.random() < VENUE_SHARE else None
        yield _event(campaign, keys, number, city, choose, _place(city, at))


def _place(city: City, venue: Any) -> dict[str, Any]:
    if venue is None:
        point = {"lat": round(city.lat, 4), "lon": round(city.lon, 4), "zone": city.zone}
        return point | {"country": city.country, "city": city.name, "address": f"Main square, {city.name}"}
    point = {"lat": venue.lat, "lon": venue.lon, "zone": venue.zone or city.zone}
    return point | {"venue": venue, "country": venue.country, "city": venue.city, "address": venue.address}


def _event(
    campaign: Campaign, keys: Keys, number: int, city: City, choose: random.Random, place: dict[str, Any]
) -> Event:
    language = choose.choice(LANGUAGES)
    email = f"host{number}@example.org"
    now = utc_now()
    starts = (now + FIRST_DAY).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    local = datetime(starts.year, starts.month, starts.day, choose.randrange(9, 20)) + timedelta(  # noqa: DTZ001 - wall time
        days=choose.randrange(30)
    )
    starts_at = local.replace(tzinfo=ZoneInfo(place["zone"]))
    return Event(
        public_id=new_id(), campaign=campaign, origin=Event.Origin.PROPOSAL, state=Event.State.KEPT, checked="neither",
        title=(TITLES[language] % city.name)[:100], language=language, kind=choose.choice(KINDS),
        starts_local=local.isoformat(timespec="minutes"), starts_at=starts_at, ends_at=starts_at + timedelta(hours=2),
        bring=BRING, accessibility=ACCESS, public_contact=email,
        host_box=lock_fields(keys.field, {"name": "Wanjiru Kamau", "email": email}),
        host_hash=keyed_hash(keys.dedupe.current, email), host_language=language, consent="host-en",
        proposed_at=now - timedelta(days=2), confirmed_at=now - timedelta(days=2), kept_at=now - timedelta(days=1),
        **place,
    )  # fmt: skip


if __name__ == "__main__":
    fill("clean-water", int(sys.argv[1]))
