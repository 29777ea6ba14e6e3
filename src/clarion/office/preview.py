"""A call as the public will see it, from drafts, without storing or publishing anything."""

import io
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from PIL import Image

from clarion.campaigns.models import Campaign, Statement
from clarion.campaigns.rules import StatementText
from clarion.locale.voice import voice
from clarion.office.assets import hashed_name
from clarion.office.editing import Texts
from clarion.pages.call_page import pages_of
from clarion.pages.press import Press
from clarion.pages.scenes import scenes_of
from clarion.pages.site import Assets, Scene, render_page


def preview_of(campaign: Campaign, texts: Texts, language: str, *, now: datetime) -> str:
    """The call's page in one language as its drafts would make it. The campaign must have a saved version."""
    scene = _drafted(campaign, texts, language, now)
    return render_page(next(iter(pages_of(scene))), scene)


def _drafted(campaign: Campaign, texts: Texts, language: str, now: datetime) -> Scene:
    env = settings.ENV
    press = Press(env.data, env.public_url, env.office_url, now)
    saved = {scene.language: scene for scene in scenes_of(campaign, press, _assets(campaign))}
    scene = saved.get(language) or next(iter(saved.values()))
    statements = {tag: _statement(scene, text, texts.follows(tag)) for tag, text in texts.drafted.items()}
    return replace(
        scene,
        language=language,
        languages=tuple(statements),
        statement=statements[language],
        statements=statements,
        voice=voice(language, press.strings),
        updates=scene.updates if language in saved else (),
    )


def _statement(scene: Scene, text: StatementText, follows: int | None) -> Statement:
    """A statement as it would be stored; it never is."""
    return Statement(
        version=scene.version, language=text.language, raw=text.raw, sha256=text.sha256, title=text.title,
        summary=text.summary, body=text.body, dated_on=text.dated_on, translator=text.translator, status=text.status,
        demands=[{"text": demand.text, "to": demand.to} for demand in text.demands],
        translates=follows or scene.version.number, picture_alt=text.picture_alt,
    )  # fmt: skip


def _assets(campaign: Campaign) -> Assets:
    style = reverse("office:preview-style", args=[campaign.slug])
    icon = reverse("office:asset", args=[hashed_name("icon.svg")])
    if not campaign.picture:
        return Assets(style=style, script="", icon=icon)
    picture = reverse("office:picture-file", args=[campaign.slug])
    return Assets(style=style, script="", icon=icon, picture=picture, picture_size=_size(bytes(campaign.picture)))


def _size(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as image:
        return image.size
