"""Keeps one event more, as a moderator does, and waits until it stands everywhere: `python -m bench.keep_event`.

A worker must run. Prints the seconds of each try.
"""

import json
import statistics
import time

import django

django.setup()

from django.db import transaction  # noqa: E402

from bench.events import events_of  # noqa: E402
from clarion.campaigns.models import Campaign  # noqa: E402
from clarion.events.actions.office import take_step  # noqa: E402
from clarion.events.actions.promises import promise_event_pages  # noqa: E402
from clarion.events.models import Event  # noqa: E402
from clarion.kernel.clock import utc_now  # noqa: E402
from clarion.kernel.keys import read_keys  # noqa: E402
from clarion.settings import ENV  # noqa: E402
from clarion.worker.publishing import promised_work  # noqa: E402

TRIES = 5
LANGUAGES = ("en", "fr", "es", "ar", "zh", "ru", "pt", "de")
_LOOK_SECONDS = 0.02
_GIVE_UP_SECONDS = 120


def seconds_to_publish(campaign: Campaign, number: int) -> float:
    """From the decision until pages, lists, feeds, calendar and map have it."""
    *_, event = events_of(campaign, read_keys(ENV.data.keys), 100 + number)
    event.state = Event.State.WAITING
    event.save()
    started = time.monotonic()
    with transaction.atomic():
        now = utc_now()
        assert take_step(event, "keep", kept_at=now, changed_at=now, checked="neither")
        promise_event_pages(event)
    while promised_work() or not is_everywhere(event):
        if time.monotonic() - started > _GIVE_UP_SECONDS:
            raise SystemExit("the event is not out after two minutes")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - started


def is_everywhere(event: Event) -> bool:
    """Whether the event's page is there in each language, and the open data name it."""
    site = ENV.data.site / "clean-water"
    pages = [site / language / "events" / event.public_id / "index.html" for language in LANGUAGES]
    data = [site / "events.geojson", site / "events.ics"]
    return all(page.is_file() for page in pages) and all(event.public_id in file.read_text() for file in data)


if __name__ == "__main__":
    call = Campaign.objects.get(slug="clean-water")
    took = [seconds_to_publish(call, number) for number in range(TRIES)]
    print(json.dumps({"seconds": took, "median_seconds": statistics.median(took)}))
