"""Styles and scripts of the office: packaged files under names that change with their content."""

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@cache
def _hashed_names() -> dict[str, str]:
    return {path.name: _hashed(path) for path in FOLDER.iterdir() if path.suffix in TYPES}


def _hashed(path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return f"{path.stem}.{digest}{path.suffix}"


def hashed_name(name: str) -> str:
    """`office.css` as `office.1f3a….css`; raises `KeyError`."""
    return _hashed_names()[name]


@cache
def by_hashed_name() -> dict[str, Path]:
    """Every asset by the name under which it is served."""
    return {hashed: FOLDER / name for name, hashed in _hashed_names().items()}
