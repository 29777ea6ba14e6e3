"""What a page is, what it may ask for, and how it becomes text.

A module that contributes pages has a function `pages_of(scene) -> Iterator[Page | Raw]`; `publishing` calls it for
each campaign and language, and `server_pages(server) -> Iterator[Page]` once, where there is one. Templates get
`scene`, `page`, `voice` and what the page's `context` holds; in them

- `scene.ui` stands in the tag of whatever the software says, `scene.own` inside of that for what the campaign says;
- `text|said(language)` marks what somebody wrote (`<bdi lang>`), `text|marked_up` renders a campaign's Markdown;
- `scene.at("events/")` is an address of this language, `scene.absolute(address)` the same with the host.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache, cached_property, wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from clarion.campaigns.models import Campaign, Statement, Update, Version
from clarion.donations.models import GivePage
from clarion.events.models import Event
from clarion.events.queries import Coverage
from clarion.kernel.languages import direction, native_name, with_territory
from clarion.kernel.policy import Stage
from clarion.locale.jinja import make_environment
from clarion.locale.voice import Voice, voice
from clarion.pages.markup import beginning, marked_up, one_line, said, sized, unbroken
from clarion.pages.press import Press
from clarion.pages.programme import Programme
from clarion.places.countries import Choice, CountrySettings, choices, country_name
from clarion.places.models import Venue
from clarion.signatures.rules import Figures

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)


@dataclass(frozen=True, slots=True)
class Page:
    """One published page.

    `path` is its address below the site's root (`/water/en/events/`), or with `folder="manage"` its path below that
    folder, which no web server serves. `languages`: those that have the same page, where these are not all of the
    call's.
    """

    path: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    is_indexed: bool = field(default=True, kw_only=True)
    has_counts: bool = field(default=False, kw_only=True)
    folder: Literal["site", "manage"] = field(default="site", kw_only=True)
    languages: Collection[str] | None = field(default=None, kw_only=True)

    @property
    def file(self) -> str:
        """Path of the file below its folder."""
        plain = self.path.lstrip("/")
        return plain + "index.html" if plain.endswith("/") or not plain else plain


@dataclass(frozen=True, slots=True)
class Raw:
    """One published file whose bytes are ready; `path` below the site's root."""

    path: str
    content: bytes

    @property
    def file(self) -> str:
        """Path of the file below the site's folder."""
        return self.path.lstrip("/")


@dataclass(frozen=True, slots=True)
class Ways:
    """What people may do here."""

    sign: bool
    events: bool
    give: bool


@dataclass(frozen=True, slots=True)
class Assets:
    """Addresses of the files named by content; empty where there is none."""

    style: str
    script: str
    icon: str
    picture: str = ""
    picture_size: tuple[int, int] = (0, 0)
    small_picture: str = ""


@dataclass(frozen=True, eq=False)
class Scene:
    """All that the pages of one campaign in one language may ask for. Read once, before anything is rendered.

    `newest`: the events whose text changed last, for feeds. `changing`: ids of those of which a change waits for a
    moderator. `kept`: names of countries, and what `once_for_scene` made.
    """

    press: Press
    campaign: Campaign
    version: Version
    language: str
    languages: tuple[str, ...]
    statement: Statement
    statements: Mapping[str, Statement]
    voice: Voice
    stage: Stage
    ways: Ways
    figures: Figures
    events: Programme
    venues: Sequence[Venue]
    coverage: Mapping[str, Coverage]
    updates: Sequence[Update]
    give: GivePage | None
    countries: CountrySettings
    assets: Assets
    newest: Sequence[Event] = ()
    changing: Collection[str] = frozenset()
    kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs: neither a catalogue, which it has itself, nor what was worked out already."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("voice", "kept")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, voice=voice(state["language"], state["press"].strings), kept={})

    @property
    def slug(self) -> str:
        """The campaign's name in addresses."""
        return self.campaign.slug

    @cached_property
    def base(self) -> str:
        """Address of the call in this language."""
        return f"/{self.slug}/{self.language}/"

    def at(self, rest: str = "", language: str | None = None) -> str:
        """An address below the call; `rest` such as `events/`."""
        return f"/{self.slug}/{language}/{rest}" if language else self.base + rest

    def absolute(self, address: str) -> str:
        """An address with scheme and host."""
        return self.press.public_url + address

    @cached_property
    def direction(self) -> str:
        """`ltr` or `rtl`, of the call's language."""
        return direction(self.language)

    @cached_property
    def gist(self) -> str:
        """What the call says in a line or two: its summary, else how it begins."""
        return self.statement.summary or beginning(self.statement.body)

    @cached_property
    def shared_locale(self) -> str:
        """The call's language as Open Graph writes it."""
        return with_territory(self.language)

    @cached_property
    def ui(self) -> Markup:
        """Attributes for what the software says, where it does not speak the call's language."""
        return Markup(' lang="en" dir="ltr"') if self.voice.is_foreign else Markup("")

    @cached_property
    def own(self) -> Markup:
        """Attributes that bring the call's language back within what the software says."""
        return (
            Markup(' lang="{}" dir="{}"').format(self.language, self.direction) if self.voice.is_foreign else Markup()
        )

    @cached_property
    def notice(self) -> tuple[str, str] | None:
        """The organisers' notice and its language; the default language's where there is none in this one."""
        for tag in (self.language, self.campaign.default_language):
            if text := self.campaign.notice.get(tag):
                return text, tag
        return None

    @property
    def is_open(self) -> bool:
        """Whether forms are taken."""
        return self.stage == "open"

    def country(self, code: str) -> str:
        """A country's name as this page writes it."""
        name: str | None = self.kept.get(code)
        if name is None:
            name = self.kept[code] = country_name(code, self.language, self.countries)
        return name

    @cached_property
    def choices(self) -> Sequence[Choice]:
        """The countries that a form offers, in the order of the language."""
        return choices(self.language, self.countries)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The own name of each of the call's languages."""
        return {tag: native_name(tag) for tag in self.languages}

    @cached_property
    def own_name(self) -> str:
        """This language's own name."""
        return self.names[self.language]

    def alternates(self, page: Page) -> list[tuple[str, str]]:
        """The same page in each language that has it: tag and address. Empty where there is one only."""
        rest = page.path.removeprefix(self.base)
        tags = [tag for tag in self.languages if page.languages is None or tag in page.languages]
        return [(tag, self.at(rest, tag)) for tag in tags] if rest != page.path else []


P = ParamSpec("P")
T = TypeVar("T")


def once_for_scene(make: Callable[Concatenate[Scene, P], T]) -> Callable[Concatenate[Scene, P], T]:
    """Keeps what a function gives as long as its scene lives and no longer: with a scene go its ten thousand events."""

    @wraps(make)
    def kept(scene: Scene, /, *args: P.args, **named: P.kwargs) -> T:
        key = (make, args, *named.items())
        if key not in scene.kept:
            scene.kept[key] = make(scene, *args, **named)
        found: T = scene.kept[key]
        return found

    return kept


@dataclass(frozen=True)
class Server:
    """What the pages that belong to no campaign may ask for (`bare.html`): `/`, `/{c}/`, `/-/error/…`."""

    press: Press
    voice: Voice
    assets: Assets

    def absolute(self, address: str) -> str:
        """An address with scheme and host."""
        return self.press.public_url + address


_FILTERS = {
    "said": said, "marked_up": marked_up, "beginning": beginning, "one_line": one_line, "sized": sized,
    "unbroken": unbroken,
}  # fmt: skip


@cache
def environment() -> Environment:
    """The templates of the public site."""
    made = make_environment(PackageLoader("clarion.pages", "templates"), _FILTERS)
    made.globals["csp"] = CONTENT_SECURITY_POLICY
    return made


def compile_templates() -> None:
    """Compile every template now rather than when a page first needs it."""
    for name in environment().list_templates():
        environment().get_template(name)


def render(template: str, scene: Scene, **context: Any) -> str:
    """The text of a template; the same scene and context give the same bytes."""
    return environment().get_template(template).render(scene=scene, voice=scene.voice, **context)


def render_page(page: Page, scene: Scene) -> str:
    """The text of a page."""
    return render(page.template, scene, page=page, **page.context)


def render_server_page(page: Page, server: Server) -> str:
    """The text of a page that belongs to no campaign."""
    template = environment().get_template(page.template)
    return template.render(server=server, voice=server.voice, page=page, **page.context)
