"""What every route needs: the published files, the policy, the headers, and the page for an error."""

import re

from clarion.env import Env
from clarion.intake.answers import Answer, Headers, header_sets, plain
from clarion.intake.files import FileStore, accepted_encodings, is_named_by_content
from clarion.intake.policy import CampaignRules, PolicyFile, Rules
from clarion.intake.requests import Request
from clarion.kernel.files import error_page

_CONTENT_HEADERS = ("content-type", "content-length", "content-encoding", "vary")
_BEFORE_TOKEN = re.compile("/(?:confirm|withdraw|manage|unsubscribe)/")
_WORDS = {
    400: "This form cannot be read.", 403: "This form was sent from another site.", 404: "There is no such page.",
    405: "This address takes no such request.", 413: "This form is too long.",
    421: "This site is not served under that name.", 429: "Too many forms from your network. Try again in a minute.",
    503: "This server is busy. Try again in a few seconds.",
}  # fmt: skip


class Site:
    """The public site of one installation, as it lies in the data folder."""

    def __init__(self, env: Env) -> None:
        self.headers = header_sets(env)
        self.files = FileStore(env.data.site, self._headers_of)
        self.token_pages = FileStore(env.data.manage, lambda _: self.headers.private)
        self.policy = PolicyFile(env.data)

    def _headers_of(self, path: str) -> Headers:
        age = "max-age=31536000, immutable" if is_named_by_content(path) else "max-age=5"
        return (*self.headers.public, ("cache-control", "public, " + age))

    def error(self, status: int, request: Request, now: float, extra: Headers = ()) -> Answer:
        """The page for an error status, in the language of the address where it has one."""
        headers = (*self._headers_at(request.path), *extra)
        slug, language = self._campaign_page(request.path, now)
        for path in (error_page(status, slug, language), error_page(status)):
            page = self.files.find(path, now)
            if page is not None:
                accepted = accepted_encodings(request.headers.get("accept-encoding", ""))
                variant = page.best_for(accepted)
                own = tuple(header for header in variant.headers if header[0] in _CONTENT_HEADERS)
                return Answer(status, (*headers, *own), variant.body)
        return plain(status, headers, _WORDS[status])

    def _headers_at(self, path: str) -> Headers:
        return self.headers.private if may_hold_token(path) else self.headers.never_stored

    def _campaign_page(self, path: str, now: float) -> tuple[str | None, str | None]:
        segments = segments_of(path)
        campaign = self.campaign(self.policy.rules(now), segments)
        return (segments[0], segments[1]) if campaign else (None, None)

    @staticmethod
    def campaign(rules: Rules | None, segments: list[str]) -> CampaignRules | None:
        """The campaign that an address below `/{c}/{l}/` names; None where there is no such one in that language."""
        if rules is None or len(segments) < 2:
            return None
        campaign = rules.campaigns.get(segments[0])
        return campaign if campaign and segments[1] in campaign.policy.languages else None


def may_hold_token(path: str) -> bool:
    """Whether an address looks like one that a mailed link leads to."""
    return _BEFORE_TOKEN.search(path) is not None


def segments_of(path: str) -> list[str]:
    """The parts of an address, a slash at its end aside."""
    return path[1:].removesuffix("/").split("/")
