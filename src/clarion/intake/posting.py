"""POST: a form is checked, appended to the inbox, and only then answered, with a redirect to a published page."""

import time
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime

from clarion.inbox.store import InboxBroken, InboxUnavailable
from clarion.intake.admission import Admission, Busy, Gone
from clarion.intake.answers import Answer, redirect
from clarion.intake.busy import BUSY
from clarion.intake.cities import CityLists
from clarion.intake.files import path_of
from clarion.intake.forms import BodyTooLong, Garbled, parse_form, read_body
from clarion.intake.limits import RETRY_SECONDS, Limits, Sender, Verdict
from clarion.intake.links import TokenAddress, page_behind, token_address
from clarion.intake.networks import NetworkMarks
from clarion.intake.origin import is_foreign
from clarion.intake.policy import CampaignRules, Rules
from clarion.intake.queue import CommitQueue, QueueClosed
from clarion.intake.requests import Request
from clarion.intake.site import Site, segments_of
from clarion.kernel.clock import utc_now
from clarion.kernel.files import refusal_address
from clarion.kernel.forms import FORMS, FieldRefusal, Form, check_form, tidied
from clarion.kernel.ids import is_id, new_id
from clarion.kernel.links import BadLink, Link, LinkKind
from clarion.kernel.submissions import Submission
from clarion.kernel.text import has_control_characters

_LATER = (("retry-after", str(RETRY_SECONDS)),)
_SIGN = FORMS["sign"]
_SWITCHES = {"sign": "takes_signatures", "host": "takes_events"}


@dataclass(frozen=True, slots=True)
class Route:
    """Which form an address takes, of which campaign and language."""

    campaign: CampaignRules
    language: str
    form: Form
    event: str | None = None
    token: TokenAddress | None = None

    @property
    def home(self) -> str:
        """The address below which the answers lie."""
        return f"/{self.campaign.slug}/{self.language}"


class Answered(Exception):
    """The answer is known before the form was taken."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Posting:
    """Takes forms for one installation."""

    def __init__(self, site: Site, limits: Limits, admission: Admission, queue: CommitQueue, own_origin: str) -> None:
        self._site = site
        self._limits = limits
        self._admission = admission
        self._queue = queue
        self._own_origin = own_origin
        self._cities = CityLists(site.files)
        self._network_marks = NetworkMarks()

    async def post(self, request: Request, now: float) -> Answer:
        """The answer to a POST at monotonic time `now`."""
        try:
            return await self._take(request, now)
        except Answered as early:
            return early.answer
        except BodyTooLong:
            return self._site.error(413, request, now)
        except (Garbled, Gone):
            return self._site.error(400, request, now)
        except (Busy, QueueClosed, InboxUnavailable, InboxBroken):
            return self._site.error(503, request, now, BUSY)

    async def _take(self, request: Request, now: float) -> Answer:
        at = utc_now()  # one moment for all that is decided about this form, and the one that it is counted with
        rules = self._site.policy.rules(now)
        if rules is None:
            raise QueueClosed
        route = self._route(rules, request, now)
        if route.token is None and is_foreign(request, self._own_origin):
            raise Answered(self._site.error(403, request, now))
        sender = self._limits.sender(request.client, request.forwarded_for)
        is_slow = self._is_slow(route, sender, request, now)
        link = self._link(route, sender, rules, at, now) if route.token else None
        body = await read_body(request, self._admission)
        whole_at = time.monotonic()
        self._stop_if_switched(route, at)
        fields = self._fields(route, *parse_form(request.headers.get("content-type", ""), body), at, now)
        marks = self._network_marks.of(sender.crowd, rules.network_keys, at.date()) if route.form is _SIGN else ()
        await self._queue.put(_submission(route, at, fields, link, is_slow=is_slow, marks=marks))
        stored_at = time.monotonic()
        self._admission.note(stored_at - whole_at, stored_at)
        return self._to(route, _page_after(route.form.name, fields, link))

    def _route(self, rules: Rules, request: Request, now: float) -> Route:
        segments = segments_of(request.path)
        campaign = self._site.campaign(rules, segments)
        if campaign is None:  # perhaps published this second
            rules = self._site.policy.afresh(now) or rules
            campaign = self._site.campaign(rules, segments)
        if campaign is None and token_address(segments):  # a link outlives the language in which it was mailed
            campaign = rules.campaigns.get(segments[0])
            segments[1] = campaign.policy.default_language if campaign else ""
        route = _route_of(campaign, segments) if campaign else None
        if route is None or not self._is_there(route, now):
            raise Answered(self._no_form(request, now))
        return route

    def _is_there(self, route: Route, now: float) -> bool:
        """Whether the campaign takes such forms, and the event of the address is published."""
        switch = _SWITCHES.get(route.form.name)
        if switch is not None:
            return bool(getattr(route.campaign.policy, switch))
        if route.form.name != "report":
            return True
        return self._site.files.find(f"{route.home[1:]}/events/{route.event}/index.html", now) is not None

    def _no_form(self, request: Request, now: float) -> Answer:
        path = path_of(request.path)
        if path and self._site.files.find(path, now):
            return self._site.error(405, request, now, (("allow", "GET, HEAD"),))
        return self._site.error(404, request, now)

    def _is_slow(self, route: Route, sender: Sender, request: Request, now: float) -> bool:
        verdict = self._limits.judge(route.form.name, sender, now)
        is_guessing = route.token is not None and not self._limits.may_open_links(sender, now)
        if verdict is Verdict.REFUSE or is_guessing:
            raise Answered(self._site.error(429, request, now, _LATER))
        return verdict is Verdict.SLOW

    def _link(self, route: Route, sender: Sender, rules: Rules, at: datetime, now: float) -> Link:
        """The link of a token address; an ended manage link finds no page."""
        if route.token is None:
            raise BadLink
        try:
            link = route.token.open(rules.verify_keys, route.campaign)
        except BadLink as error:
            self._limits.note_bad_link(sender, now)
            raise Answered(self._to(route, "bad-link")) from error
        if link.is_expired(at):
            raise Answered(self._to(route, "expired"))
        page = page_behind(link, route.campaign.slug, route.language)
        if link.kind is LinkKind.MANAGE and self._site.token_pages.find(page, now) is None:
            raise Answered(self._to(route, "bad-link"))
        return link

    def _stop_if_switched(self, route: Route, at: datetime) -> None:
        if route.form.name in _SWITCHES:
            state = route.campaign.policy.state_at(at.timestamp())
            if state != "open":
                raise Answered(self._to(route, state))

    def _to(self, route: Route, page: str) -> Answer:
        headers = self._site.headers.private if route.token else self._site.headers.never_stored
        return redirect(headers, f"{route.home}/{page}/")

    def _fields(
        self, route: Route, posted: Mapping[str, str], duplicates: Set[str], at: datetime, now: float
    ) -> dict[str, str]:
        """The fields to hand over; raises `Answered` with the first refusal, `Garbled` without an answer."""
        values = tidied(route.form, posted)
        if route.form.name in ("confirm", "withdraw"):
            return _token_fields(route.form, values, duplicates)
        refusal = self._refusal(route, posted, values, duplicates, at, now)
        if route.form.name == "host":
            refusal = self._check_city(route.form, values, refusal, now)
        if refusal is not None:
            address = refusal_address(route.campaign.slug, route.language, refusal.form, refusal.field, refusal.code)
            headers = self._site.headers.private if route.token else self._site.headers.never_stored
            raise Answered(redirect(headers, address))
        if route.form is _SIGN:
            values.setdefault("version", str(route.campaign.policy.version))
        return values

    def _refusal(
        self,
        route: Route,
        posted: Mapping[str, str],
        values: Mapping[str, str],
        duplicates: Set[str],
        at: datetime,
        now: float,
    ) -> FieldRefusal | None:
        """The first refusal; what the policy does not know may stand on a page that was published this second."""
        refusal = check_form(route.form, posted, values, duplicates, route.campaign.known, at)
        if refusal is None or refusal.code != "unknown":
            return refusal
        rules = self._site.policy.afresh(now)
        campaign = rules.campaigns.get(route.campaign.slug) if rules else None
        return check_form(route.form, posted, values, duplicates, campaign.known, at) if campaign else refusal

    def _check_city(
        self, form: Form, values: Mapping[str, str], refusal: FieldRefusal | None, now: float
    ) -> FieldRefusal | None:
        """The first refusal once the city was looked up; with a venue its city is known."""
        city, country = values.get("city"), values.get("country", "")
        order = [field.name for field in form.fields]
        is_refused_before = refusal is not None and order.index(refusal.field) <= order.index("city")
        if is_refused_before or city is None or "venue" in values or not country.isalpha():
            return refusal
        return refusal if self._cities.has(country, city, now) else FieldRefusal("host", "city", "unknown")


def _route_of(campaign: CampaignRules, segments: list[str]) -> Route | None:
    language = segments[1]
    match segments[2:]:
        case [("sign" | "host" | "my-data") as form]:
            return Route(campaign, language, FORMS[form])
        case ["events", event, "report"] if is_id(event):
            return Route(campaign, language, FORMS["report"], event)
    token = token_address(segments)
    return Route(campaign, language, FORMS[token.form], token.event, token) if token else None


def _token_fields(form: Form, fields: Mapping[str, str], duplicates: Set[str]) -> dict[str, str]:
    """Fields of which none is refused, so that the answer tells nothing; what no address can be is dropped."""
    if form.name == "confirm" and (fields.get("answer") not in ("yes", "not-me") or "answer" in duplicates):
        raise Garbled
    return {
        name: value
        for name, value in fields.items()
        if len(value) <= form.field(name).max_length and not has_control_characters(value)
    }


def _submission(
    route: Route, at: datetime, fields: Mapping[str, str], link: Link | None, *, is_slow: bool, marks: tuple[int, ...]
) -> Submission:
    return Submission(
        new_id(), route.form.name, route.campaign.slug, route.language, at.timestamp(), fields,
        link, route.event, is_slow, route.token.token if route.token else "", marks,
    )  # fmt: skip


def _page_after(form: str, fields: Mapping[str, str], link: Link | None) -> str:
    """The page that answers an accepted form (design, "Every answer of intake")."""
    if form in ("sign", "host"):
        return "check-your-mail"
    if form == "confirm" and fields["answer"] == "not-me":
        return "not-me"
    is_signature = link is not None and link.kind in (LinkKind.CONFIRM, LinkKind.CONFIRM_TYPED)
    return "thanks" if is_signature else "received"
