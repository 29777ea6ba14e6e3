"""Style sheet, script, icon and picture: files named by their content, so that browsers may keep them for ever."""

import hashlib
import io
import re
from functools import cache
from importlib.resources import files

from PIL import Image

from clarion.campaigns.models import Campaign
from clarion.pages.accent import accent_css, accent_of
from clarion.pages.site import Assets
from clarion.pages.writing import ASSET_QUALITY, Folder

STYLE_PARTS = (
    "tokens", "ground", "bar", "notice", "head", "text", "demands", "sign", "count", "field", "button", "map",
    "events", "countries", "event", "give", "update", "figures", "share", "task", "forms", "root", "foot", "print",
    "poster",
)  # fmt: skip
SCRIPT_PARTS = ("hints", "cities", "counts", "share", "mail", "times", "start")
SMALL_PICTURE = 760  # px: the text column on a dense phone screen

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="{}"/>'
    '<path d="M8 13v6h4l8 6V7l-8 6zM23 12q3 4 0 8" fill="none" stroke="#fff" stroke-width="2.5" '
    'stroke-linejoin="round" stroke-linecap="round"/></svg>'
)


def publish_assets(campaign: Campaign, site: Folder) -> Assets:
    """Write a campaign's assets where they are not there yet; gives their addresses."""
    large = bytes(campaign.picture or b"")
    return Assets(
        style=_publish(site, "site", "css", style_sheet(campaign.accent)),
        script=_publish(site, "site", "js", script()),
        icon=_publish(site, "icon", "svg", _ICON.format(accent_of(campaign.accent).light).encode()),
        picture=_publish(site, f"{campaign.slug}", "jpg", large) if large else "",
        picture_size=_size(large) if large else (0, 0),
        small_picture=_publish_small(site, campaign.slug, large) if large else "",
    )


def remove_old_pictures(campaign: Campaign, site: Folder) -> None:
    """Take away the campaign's former pictures. Style sheets and scripts stay: a page read a second ago needs them."""
    for name in (campaign.slug, f"{campaign.slug}-{SMALL_PICTURE}"):
        for path in (site.root / "-").glob(f"{name}.*.jpg"):
            if f"-/{path.name}" not in site.present:
                site.remove(f"-/{path.name}")


def publish_server_assets(site: Folder) -> Assets:
    """Write the assets of the pages that belong to no campaign."""
    return Assets(
        style=_publish(site, "site", "css", style_sheet("")),
        script=_publish(site, "site", "js", script()),
        icon=_publish(site, "icon", "svg", _ICON.format(accent_of("").light).encode()),
    )


@cache
def style_sheet(accent: str) -> bytes:
    """All parts in order, and the campaign's accent; comments and line ends left out."""
    parts = (_COMMENT.sub("", _part("css", name, "css")) for name in STYLE_PARTS)
    lines = (line.strip() for part in (*parts, accent_css(accent)) for line in part.splitlines())
    return "".join(line for line in lines if line).encode()


@cache
def script() -> bytes:
    """All parts in one function of their own; indents and lines of comment left out."""
    lines = (line.strip() for name in SCRIPT_PARTS for line in _part("js", name, "js").splitlines())
    body = "\n".join(line for line in lines if line and not line.startswith("//"))
    return f'"use strict";(()=>{{\n{body}\n}})();\n'.encode()


def _part(folder: str, name: str, kind: str) -> str:
    return (files("clarion.pages") / "assets" / folder / f"{name}.{kind}").read_text(encoding="utf-8")


def _publish(site: Folder, name: str, kind: str, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()[:12]
    file = f"-/{name}.{digest}.{kind}"
    if not (site.root / file).is_file():
        site.write(file, content, quality=ASSET_QUALITY)
    site.present.add(file)
    return f"/{file}"


def _size(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as image:
        return image.size


def _publish_small(site: Folder, slug: str, picture: bytes) -> str:
    """The picture at the width of a phone's column; empty where it is hardly larger than that."""
    digest = hashlib.sha256(picture).hexdigest()[:12]
    file = f"-/{slug}-{SMALL_PICTURE}.{digest}.jpg"
    if not (site.root / file).is_file():
        with Image.open(io.BytesIO(picture)) as image:
            if image.width < SMALL_PICTURE * 1.3:
                return ""
            image.thumbnail((SMALL_PICTURE, SMALL_PICTURE * 4))
            packed = io.BytesIO()
            image.convert("RGB").save(packed, "JPEG", quality=78, optimize=True, progressive=True)
        site.write(file, packed.getvalue())
    site.present.add(file)
    return f"/{file}"
