"""GET and HEAD: published files, the choice of a language, the pages that tokens open. Nothing changes anything."""

from clarion.intake.answers import Answer, redirect
from clarion.intake.choosing import choose_language
from clarion.intake.files import file_answer, path_of
from clarion.intake.links import TokenAddress, page_behind, token_address
from clarion.intake.policy import CampaignRules, Rules
from clarion.intake.requests import Request
from clarion.intake.site import Site, segments_of
from clarion.kernel.clock import utc_now
from clarion.kernel.links import BadLink


def read(site: Site, request: Request, now: float) -> Answer:
    """The answer to a GET or HEAD at monotonic time `now`."""
    segments = segments_of(request.path)
    if len(segments) != 2:  # of those, `/{c}/{l}/` is asked for most: it is always a file
        special = _special(site, request, segments, now)
        if special is not None:
            return special
    path = path_of(request.path)
    published = site.files.find(path, now) if path else None
    if published is not None:
        return file_answer(published, request.headers)
    if path and not path.endswith("index.html") and site.files.is_folder(path):
        return _with_slash(site, request)
    return site.error(404, request, now)


def _special(site: Site, request: Request, segments: list[str], now: float) -> Answer | None:
    """The answer of an address that is no file of its own; None where it may be one."""
    address = token_address(segments)
    if address is None and len(segments) not in (1, 3):
        return None
    rules = site.policy.rules(now)
    if rules is None:
        return None
    if len(segments) == 1:
        found = rules.campaigns.get(segments[0])
        return _in_language(site, request, found) if found else None
    campaign = site.campaign(rules, segments)
    if campaign is None:
        return _in_another_language(site, request, rules, address, segments) if address else None
    if address is not None:
        return _token_page(site, request, rules, campaign, address, segments[1], now)
    if segments[2] == "sign":
        return redirect(site.headers.never_stored, f"/{campaign.slug}/{segments[1]}/#sign")
    return None


def _in_another_language(
    site: Site, request: Request, rules: Rules, address: TokenAddress, segments: list[str]
) -> Answer | None:
    """A good link in a language that the call has no more leads to its default one: it works for ever."""
    campaign = rules.campaigns.get(segments[0])
    if campaign is None:
        return None
    try:
        address.open(rules.verify_keys, campaign)
    except BadLink:
        return None
    rest = "/".join(segments[2:])
    there = f"/{campaign.slug}/{campaign.policy.default_language}/{rest}{_query(request)}"
    return redirect(site.headers.private, there)


def _in_language(site: Site, request: Request, campaign: CampaignRules) -> Answer:
    header = request.headers.get("accept-language", "")
    language = choose_language(header, campaign.policy.languages, campaign.policy.default_language)
    address = f"/{campaign.slug}/{language}/{_query(request)}"
    return redirect(site.headers.never_stored, address, [("vary", "accept-language")], status=302)


def _with_slash(site: Site, request: Request) -> Answer:
    headers = (*site.headers.public, ("cache-control", "public, max-age=5"))
    return redirect(headers, f"{request.path}/{_query(request)}", status=301)


def _query(request: Request) -> str:
    return f"?{request.query}" if request.query else ""


def _token_page(
    site: Site,
    request: Request,
    rules: Rules,
    campaign: CampaignRules,
    address: TokenAddress,
    language: str,
    now: float,
) -> Answer:
    home = f"/{campaign.slug}/{language}"
    try:
        link = address.open(rules.verify_keys, campaign)
    except BadLink:
        return redirect(site.headers.private, f"{home}/bad-link/")
    if link.is_expired(utc_now()):
        return redirect(site.headers.private, f"{home}/expired/")
    is_not_me = request.query.partition("&")[0].partition("=")[0] == "not-me"
    path = page_behind(link, campaign.slug, language, is_not_me=is_not_me)
    page = site.token_pages.find(path, now)
    if page is None:
        return redirect(site.headers.private, f"{home}/bad-link/")
    # Without what the visitor holds already: a page that is never stored is never unchanged.
    accepted = {"accept-encoding": request.headers.get("accept-encoding", "")}
    return file_answer(page, accepted)
