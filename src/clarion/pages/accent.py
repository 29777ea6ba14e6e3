"""A campaign's accent colour, shifted until it can be read in both themes (WCAG 2.2, 1.4.3)."""

import re
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass

Colour = tuple[float, float, float]  # red, green, blue from 0 to 1

DEFAULT = "#0b6e99"
ENOUGH = 4.5
COMFORTABLE = 8.0  # aimed at on dark paper, where 4.5 is legible and dull
CALM = 0.72  # the saturation above which light colours glare on dark paper
# Where the accent is read as text, or is read upon: tokens.css.
LIGHT_GROUNDS = ("#fbfaf7", "#ffffff")
DARK_GROUNDS = ("#131518", "#1b1e22")
_WHITE = "#ffffff"
_STEP = 0.005
_HEX = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Accent:
    """The accent and the ink upon it, in the light and in the dark theme; `#rrggbb`."""

    light: str
    on_light: str
    dark: str
    on_dark: str


def accent_of(colour: str) -> Accent:
    """The accent made of a campaign's colour; of the default where it is none."""
    wanted = colour.lower() if _HEX.fullmatch(colour.lower()) else DEFAULT
    light = _shifted(wanted, LIGHT_GROUNDS, ENOUGH, -_STEP)
    dark = _shifted(_muted(wanted), DARK_GROUNDS, COMFORTABLE, _STEP)
    return Accent(light, _WHITE, dark, _shifted(wanted, (dark,), COMFORTABLE, -_STEP))


def accent_css(colour: str) -> str:
    """The two tokens of a campaign, for both themes."""
    accent = accent_of(colour)
    return (
        f":root{{--accent:{accent.light};--on-accent:{accent.on_light}}}"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{accent.dark};--on-accent:{accent.on_dark}}}}}"
        f"@media print{{:root{{--accent:{accent.light};--on-accent:{accent.on_light}}}}}\n"
    )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(_parsed(one)), _luminance(_parsed(other))))
    return (lighter + 0.05) / (darker + 0.05)


def _shifted(colour: str, grounds: tuple[str, ...], wanted: float, step: float) -> str:
    """The same hue, lighter or darker step by step until it stands out from every ground."""
    hue, lightness, saturation = rgb_to_hls(*_parsed(colour))
    while min(contrast(colour, ground) for ground in grounds) < wanted and 0 <= lightness + step <= 1:
        lightness += step
        colour = _written(hls_to_rgb(hue, lightness, saturation))
    return colour


def _muted(colour: str) -> str:
    hue, lightness, saturation = rgb_to_hls(*_parsed(colour))
    return _written(hls_to_rgb(hue, lightness, min(saturation, CALM)))


def _parsed(text: str) -> Colour:
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _written(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def _luminance(colour: Colour) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
