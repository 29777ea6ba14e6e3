"""How many mails a stranger's form may cause, when a failed one is tried again, and whose turn it is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from clarion.kernel.clock import doubled

MARK_KEPT = timedelta(days=7)
MAILS_IN_SEVEN_DAYS = 3
MAX_ATTEMPTS = 14  # with the pauses below: given up after about two days
LONGEST_PAUSE = timedelta(hours=4)
LONGEST_WAIT = timedelta(hours=6)  # no pause, stretched to spread a crowd, is as long
FIRST_PAUSE = timedelta(seconds=30)
# A server that refuses everything, for a trouble of its own, costs no mail if that is mended within three hours: so
# long lies at the least between a mail's first refusal and the fourth, which is believed.
REFUSALS_BELIEVED = 4
PAUSE_AFTER_REFUSAL = timedelta(hours=1)
REST_OF_A_SENDER = timedelta(minutes=2)  # before one that the mail server does not take is tried again


@dataclass(slots=True)
class MailCap:
    """The cap on mails that sign and host forms cause, for the addresses of one batch (design: One address).

    `mailed` holds, by address hash, the campaigns of its mails in the last seven days. Three from the whole
    server while nothing of the address is confirmed here, else three for each campaign.
    """

    mailed: dict[bytes, list[str]]
    confirmed_here: Collection[bytes]
    taken: list[tuple[bytes, str]] = field(default_factory=list)

    def take(self, address_hash: bytes, campaign: str) -> bool:
        """Whether one more mail may go; if so, it is on the account."""
        before = self.mailed.setdefault(address_hash, [])
        is_known = address_hash in self.confirmed_here
        if (before.count(campaign) if is_known else len(before)) >= MAILS_IN_SEVEN_DAYS:
            return False
        before.append(campaign)
        self.taken.append((address_hash, campaign))
        return True


def pause_before(attempt: int, jitter: float) -> timedelta:
    """How long a mail rests after `attempt` tries; doubles each time. `jitter` from 0 to 1 spreads a crowd."""
    return doubled(FIRST_PAUSE, attempt - 1, LONGEST_PAUSE) * (0.75 + jitter / 2)


def shares(room: int, waiting: Mapping[int, int], weights: Mapping[int, int]) -> dict[int, int]:
    """How many of `room` places each lane gets: by weight, and what a lane does not need goes to the others.

    Lanes in the order of `weights` take what is left over, so the first never waits for nothing.
    """
    total = sum(weight for lane, weight in weights.items() if waiting.get(lane))
    given = {
        lane: min(waiting.get(lane, 0), room * weight // total) if total else 0 for lane, weight in weights.items()
    }
    left = room - sum(given.values())
    for lane in weights:
        more = min(left, waiting.get(lane, 0) - given[lane])
        given[lane] += more
        left -= more
    return given
