"""Which names a campaign's address may carry."""

import re

SLUG = re.compile(r"[a-z0-9-]{2,40}")
RESERVED = frozenset(
    {
        "-",
        "--",
        "healthz",
        "robots",
        "sitemap",
        "well-known",
        "favicon",
        "assets",
        "static",
        "media",
        "office",
        "admin",
        "api",
        "accounts",
        "desk",
        "clarion",
        "sign",
        "confirm",
        "withdraw",
        "unsubscribe",
        "manage",
        "site",
        "policy",
        "keys",
        "inbox",
        "records",
    }
)


def is_slug(text: str) -> bool:
    """Whether `text` may be a campaign's slug: `[a-z0-9-]{2,40}` and not a reserved word."""
    return bool(SLUG.fullmatch(text)) and text not in RESERVED
