"""Addresses that carry a token, and what the token opens."""

from collections.abc import Mapping
from dataclasses import dataclass

from clarion.intake.policy import CampaignRules
from clarion.kernel.files import TOKEN_PAGES, manage_page, token_page
from clarion.kernel.links import CONFIRM_KINDS, BadLink, Link, LinkKind, read_link

_KINDS = {
    "confirm": CONFIRM_KINDS,
    "withdraw": frozenset({LinkKind.WITHDRAW}),
    "manage": frozenset({LinkKind.MANAGE}),
}


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """`/{c}/{l}/{form}/{token}`, or `/{c}/{l}/events/{event}/manage/{token}`."""

    form: str
    token: str
    event: str | None = None

    def open(self, keys: Mapping[int, bytes], campaign: CampaignRules) -> Link:
        """What the token says; raises `BadLink` where it is not ours, or not for this address."""
        link = read_link(keys, self.token)
        if link.kind not in _KINDS[self.form] or link.campaign != campaign.policy.number:
            raise BadLink("for another address")
        if self.event is not None and link.record != self.event:
            raise BadLink("for another event")
        return link


def token_address(segments: list[str]) -> TokenAddress | None:
    """The token address in `segments`, or None."""
    match segments:
        case [_, _, ("confirm" | "withdraw") as form, token]:
            return TokenAddress(form, token)
        case [_, _, "events", event, "manage", token]:
            return TokenAddress("manage", token, event)
    return None


def page_behind(link: Link, slug: str, language: str, *, is_not_me: bool = False) -> str:
    """Path below `manage/` of the page that a good link opens."""
    if link.kind is LinkKind.MANAGE:
        return manage_page(slug, link.record, link.generation)
    page, second = TOKEN_PAGES[link.kind]
    return token_page(slug, language, second if is_not_me and second else page)
