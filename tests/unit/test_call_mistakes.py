"""Every mistake in a call is told with file, line, what is wrong and what would be right."""
# ruff: noqa: E501 - the table is read by its rows

import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clarion.calls.check import Reading, read_call_files, read_call_folder
from clarion.calls.folder import read_folder
from clarion.calls.problems import CallWrong, Problem, Problems
from clarion.kernel.errors import ClarionError

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)

SMALLEST = {
    "campaign.toml": (
        'slug = "clean-water"\ndefault_language = "en"\n\n[organiser]\n'
        'name = "Water Committee"\nemail = "office@example.org"\nurl = "https://example.org"\n'
    ),
    "statement.en.md": "---\ntitle: Clean water in every school\n---\nThe statement, in Markdown.\n",
}
VENUE_HEAD = "id,type,operator,country,city,address,lat,lon,name\n"
EVENT_HEAD = "title,venue_id,country,city,address,starts_at,zone,language,kind,ends_at,id\n"
GIVE = "---\ntitle: Give\nbeneficiary: Water Committee\niban: {iban}\n---\nThank you.\n"
GOOD_IBAN, OTHER_IBAN = "DE89370400440532013000", "GB29NWBK60161331926819"


def read(changes: dict[str, str | bytes | None]) -> Reading:
    """The smallest call with some files changed or taken away."""
    files = {**SMALLEST, **changes}
    return read_call_files(
        {name: text.encode() if isinstance(text, str) else text for name, text in files.items() if text is not None},
        now=NOW,
    )


def toml(line: str, *, instead_of: str = "") -> dict[str, str | bytes | None]:
    """campaign.toml with a line at its top, or in the place of another one."""
    text = SMALLEST["campaign.toml"]
    return {"campaign.toml": text.replace(instead_of, line) if instead_of else f"{line}\n{text}"}


def front(*lines: str) -> dict[str, str | bytes | None]:
    """The statement with more lines of front matter, from line 3 on."""
    return {"statement.en.md": "\n".join(["---", "title: Water", *lines, "---", "Text.", ""])}


def venue(row: str) -> dict[str, str | bytes | None]:
    """venues.csv with one row, in line 2."""
    return {"venues.csv": f"{VENUE_HEAD}{row}\n"}


def event(row: str) -> dict[str, str | bytes | None]:
    """events.csv with one row, in line 2."""
    return {"events.csv": f"{EVENT_HEAD}{row}\n"}


def png(width: int, height: int) -> bytes:
    """A picture that says how large it is, and holds nothing."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = b"IDAT" + zlib.compress(b"")
    chunks = (
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in (header, pixels, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


MISTAKES: list[tuple[str, dict[str, str | bytes | None], str, int, str, str]] = [
    # what, changed files, file, line, part of what is wrong, part of what is right
    ("no settings", {"campaign.toml": "x"}, "campaign.toml", 1, "not TOML", "in quotes"),
    ("TOML error", toml("accent = #0b6e99"), "campaign.toml", 1, "not TOML", "in quotes"),
    ("no slug", toml("", instead_of='slug = "clean-water"'), "campaign.toml", 1, "`slug` is missing", "clean-water"),
    ("slug's letters", toml('slug = "Clean Water"', instead_of='slug = "clean-water"'), "campaign.toml", 1, "'Clean Water'", "a-z, 0-9"),
    ("slug reserved", toml('slug = "office"', instead_of='slug = "clean-water"'), "campaign.toml", 1, "reserved word", "another"),
    ("no default language", toml("", instead_of='default_language = "en"'), "campaign.toml", 1, "`default_language` is missing", '"en"'),
    ("default without statement", toml('default_language = "fr"', instead_of='default_language = "en"'), "campaign.toml", 2, "no statement.fr.md", "Write it"),
    ("authoritative without statement", toml('authoritative_language = "fr"'), "campaign.toml", 1, "no statement.fr.md", "Write it"),
    ("unknown default language", toml('default_language = "xx"', instead_of='default_language = "en"'), "campaign.toml", 2, "'xx' is not a known language", "BCP 47"),
    ("unknown key", toml('acent = "#0b6e99"'), "campaign.toml", 1, "`acent` is not known", "`accent`"),
    ("unknown key of a table", toml('nam = "x"\nname =', instead_of="name ="), "campaign.toml", 5, "`organiser.nam` is not known", "`organiser.name`"),
    ("no organiser", {"campaign.toml": 'slug = "clean-water"\ndefault_language = "en"\n'}, "campaign.toml", 1, "`organiser.email` is missing", "[organiser]"),
    ("organiser's accent", toml('email = "büro@example.org"', instead_of='email = "office@example.org"'), "campaign.toml", 6, "can send everywhere", "without accents"),
    ("organiser's e-mail", toml('email = "office"', instead_of='email = "office@example.org"'), "campaign.toml", 6, "not an e-mail address", "office@example.org"),
    ("organiser's url", toml('url = "example"', instead_of='url = "https://example.org"'), "campaign.toml", 7, "not a web address", "https://"),
    ("number for a text", toml("name = 7", instead_of='name = "Water Committee"'), "campaign.toml", 5, "`organiser.name` is not a text", "quotes"),
    ("accent", toml('accent = "blue"'), "campaign.toml", 1, "'blue'", "#0b6e99"),
    ("time without zone", toml("closes_at = 2027-03-01T23:00:00"), "campaign.toml", 1, "not a moment with its zone", "+01:00"),
    ("closes before it opens", toml("opens_at = 2027-03-01T00:00:00Z\ncloses_at = 2027-02-01T00:00:00Z"), "campaign.toml", 2, "not after `opens_at`", "after"),
    ("keep_until too early", toml("closes_at = 2027-02-01T00:00:00Z\nkeep_until = 2027-01-01"), "campaign.toml", 2, "before the campaign closes", "at least"),
    ("keep_until no day", toml('keep_until = "soon"'), "campaign.toml", 1, "not a day", "2027-12-01"),
    ("minimum age", toml("minimum_age = 100"), "campaign.toml", 1, "`minimum_age` is 100", "0 to 99"),
    ("switch", toml('[ways]\nsign = "yes"\n[organiser]', instead_of="[organiser]"), "campaign.toml", 5, "'yes'", "true or false"),
    ("threshold", toml("[counts]\nthreshold = 0\n[organiser]", instead_of="[organiser]"), "campaign.toml", 5, "is 0", "1 to 1000"),
    ("never_shown", toml('[counts]\nnever_shown = ["QQ"]\n[organiser]', instead_of="[organiser]"), "campaign.toml", 5, "'QQ'", "ISO 3166-1"),
    ("settings not UTF-8", {"campaign.toml": b'slug = "x"\n# caf\xe9\n'}, "campaign.toml", 2, "not UTF-8", "UTF-8"),
    ("statement not UTF-8", {"statement.en.md": b"---\ntitle: x\n---\n\xff\n"}, "statement.en.md", 4, "not UTF-8", "UTF-8"),
    ("NUL", {"statement.en.md": "---\ntitle: x\n---\na\0b\n"}, "statement.en.md", 4, "NUL", "plain text"),
    ("hidden characters", {"statement.en.md": "---\ntitle: x\n---\na\n\u202eb\n"}, "statement.en.md", 5, "hidden control", "anew"),
    ("unknown language tag", {"statement.xx.md": SMALLEST["statement.en.md"]}, "statement.xx.md", 1, "'xx'", "BCP 47"),
    ("tag in another spelling", {"statement.pt_br.md": SMALLEST["statement.en.md"]}, "statement.pt_br.md", 1, "'pt_br'", "'pt-BR'"),
    ("no front matter", {"statement.en.md": "Text.\n"}, "statement.en.md", 1, "no front matter", "title"),
    ("open front matter", {"statement.en.md": "---\ntitle: x\nText.\n"}, "statement.en.md", 1, "does not end", "---"),
    ("colon in a title", front("summary: one: two"), "statement.en.md", 3, "cannot be read", "quotes"),
    ("front matter is a list", {"statement.en.md": "---\n- x\n---\nText.\n"}, "statement.en.md", 2, "not a list of fields", "name: text"),
    ("no title", {"statement.en.md": "---\nsummary: x\n---\nText.\n"}, "statement.en.md", 1, "`title` is missing", "title: "),
    ("title too long", {"statement.en.md": f"---\ntitle: {'x' * 151}\n---\nText.\n"}, "statement.en.md", 2, "151 characters", "At most 150"),
    ("summary too long", front(f"summary: {'x' * 501}"), "statement.en.md", 3, "501 characters", "At most 500"),
    ("no text", {"statement.en.md": "---\ntitle: x\n---\n\n"}, "statement.en.md", 4, "There is no text", "below"),
    ("unknown field", front("sumary: x"), "statement.en.md", 3, "`sumary` is not known", "`summary`"),
    ("field twice", front("title: again"), "statement.en.md", 3, "twice", "one of them"),
    ("list for a text", front("summary: [a, b]"), "statement.en.md", 3, "must be one text", "quotes"),
    ("day", front("date: tomorrow"), "statement.en.md", 3, "'tomorrow'", "2026-12-01"),
    ("status", front("status: final"), "statement.en.md", 3, "'final'", "community, machine, official"),
    ("translates", front("translates: first"), "statement.en.md", 3, "'first'", "whole number"),
    ("demand without text", front("demands:", "  - text: Water", "  - to: Governments"), "statement.en.md", 5, "A demand has no text", "- text:"),
    ("empty demand", front("demands:", "  - Water", "  -"), "statement.en.md", 5, "A demand has no text", "- text:"),
    ("field of a demand", front("demands:", "  - text: Water", "    from: us"), "statement.en.md", 5, "`from` is not known", "`to:`"),
    ("too many demands", front("demands:", *["  - Water"] * 31), "statement.en.md", 3, "31 items", "At most 30"),
    ("demand too long", front("demands:", f"  - {'x' * 501}"), "statement.en.md", 4, "501 characters", "At most 500"),
    ("HTML block", {"statement.en.md": "---\ntitle: x\n---\nText.\n\n<div>x</div>\n"}, "statement.en.md", 6, "HTML in the Markdown: <div>", "**bold**"),
    ("HTML in a line", {"statement.en.md": "---\ntitle: x\n---\nText\nand <b>more</b>.\n"}, "statement.en.md", 5, "HTML in the Markdown: <b>", "**bold**"),
    ("HTML comment", {"statement.en.md": "---\ntitle: x\n---\n\n<!-- x -->\nText\n"}, "statement.en.md", 5, "HTML in the Markdown: <!--", "**bold**"),
    ("venue without country", venue("a,square,,,Nairobi,,,,Square"), "venues.csv", 2, "has no country", "KE"),
    ("venue's country", venue("a,square,,QQ,Nairobi,,,,Square"), "venues.csv", 2, "'QQ' is not a country", "ISO 3166-1"),
    ("venue's operator", venue("a,mission,QQ,KE,Nairobi,,,,Square"), "venues.csv", 2, "operator 'QQ'", "ISO 3166-1"),
    ("venue without id", venue(",square,,KE,Nairobi,,,,Square"), "venues.csv", 2, "has no id", "`id`"),
    ("venue's id", venue("a b,square,,KE,Nairobi,,,,Square"), "venues.csv", 2, "'a b'", "letters"),
    ("venue twice", venue("a,,,KE,,,,,One\na,,,KE,,,,,Two"), "venues.csv", 3, "stands in line 2", "own id"),
    ("venue without name", venue("a,square,,KE,Nairobi,,,,"), "venues.csv", 2, "has no name", "`name`"),
    ("venue's type", venue("a,palace,,KE,Nairobi,,,,Square"), "venues.csv", 2, "'palace'", "parliament"),
    ("half a point", venue("a,square,,KE,Nairobi,,1,,Square"), "venues.csv", 2, "only one of lat and lon", "both"),
    ("latitude", venue("a,square,,KE,Nairobi,,91,36,Square"), "venues.csv", 2, "lat is '91'", "-90 to 90"),
    ("cells", venue("a,square,,KE,Nairobi,Street, 5,1,36,Square"), "venues.csv", 2, "more cells", "quotes"),
    ("column", {"venues.csv": "id,county,name\n"}, "venues.csv", 1, "'county' is not known", "country"),
    ("missing column", {"venues.csv": "id,name\n"}, "venues.csv", 1, "column country is missing", "first line"),
    ("semicolons", {"venues.csv": "id;country;name\n"}, "venues.csv", 1, "not separated by commas", "commas"),
    ("open quote", venue('a,square,,KE,Nairobi,"Street'), "venues.csv", 2, "not CSV", "quote"),
    ("too many rows", {"venues.csv": "id,country,name\n" + "".join(f"v{n},KE,x\n" for n in range(10_001))}, "venues.csv", 10_002, "too long", "10000 rows"),
    ("event's venue", event("Rally,a,KE,Nairobi,,2026-12-10T18:00,,en,rally,,"), "events.csv", 2, "a is not in venues.csv", "venue_id"),
    ("event without title", event(",,KE,Nairobi,,2026-12-10T18:00,,en,rally,,"), "events.csv", 2, "has no title", "`title`"),
    ("event without country", event("Rally,,,Nairobi,,2026-12-10T18:00,,en,rally,,"), "events.csv", 2, "has no country", "KE"),
    ("event without city", event("Rally,,KE,,,2026-12-10T18:00,,en,rally,,"), "events.csv", 2, "has no city", "nearest"),
    ("event without start", event("Rally,,KE,Nairobi,,,,en,rally,,"), "events.csv", 2, "has no starts_at", "`starts_at`"),
    ("event's start", event("Rally,,KE,Nairobi,,2026-12-10T18:00Z,,en,rally,,"), "events.csv", 2, "starts_at is '2026-12-10T18:00Z'", "without a zone"),
    ("impossible day", event("Rally,,KE,Nairobi,,2026-02-30T18:00,,en,rally,,"), "events.csv", 2, "2026-02-30", "2026-12-10T18:00"),
    ("clocks jump", event("Rally,,DE,Berlin,,2027-03-28T02:30,,en,rally,,"), "events.csv", 2, "does not exist in Europe/Berlin", "later"),
    ("ends too early", event("Rally,,KE,Nairobi,,2026-12-10T18:00,,en,rally,2026-12-10T17:00,"), "events.csv", 2, "ends before", "two hours"),
    ("zone", event("Rally,,KE,Nairobi,,2026-12-10T18:00,EAT,en,rally,,"), "events.csv", 2, "'EAT'", "Africa/Nairobi"),
    ("no zone known", event("Rally,,US,Nowhere at all,,2026-12-10T18:00,,en,rally,,"), "events.csv", 2, "zone of this place is not known", "`zone`"),
    ("event's language", event("Rally,,KE,Nairobi,,2026-12-10T18:00,,xx,rally,,"), "events.csv", 2, "'xx'", "BCP 47"),
    ("event's kind", event("Rally,,KE,Nairobi,,2026-12-10T18:00,,en,party,,"), "events.csv", 2, "'party'", "vigil"),
    ("event's title too long", event(f"{'x' * 101},,KE,Nairobi,,2026-12-10T18:00,,en,rally,,"), "events.csv", 2, "101 characters", "At most 100"),
    ("event id twice", event("A,,KE,Nairobi,,2026-12-10T18:00,,en,rally,,1\nB,,KE,Nairobi,,2026-12-10T18:00,,en,rally,,1"), "events.csv", 3, "stands in line 2", "own id"),
    ("event twice", event("A,,KE,Nairobi,,2026-12-10T18:00,,en,rally,,\nA,,KE,nairobi,,2026-12-11T18:00,,en,rally,,"), "events.csv", 3, "Line 2 has the same", "`id`"),
    ("IBAN", {"give.en.md": GIVE.format(iban="DE88370400440532013000")}, "give.en.md", 4, "not an IBAN", "bank"),
    ("other IBAN", {"give.en.md": GIVE.format(iban=GOOD_IBAN), "give.fr.md": GIVE.format(iban=OTHER_IBAN)}, "give.fr.md", 4, "differs from that in give.en.md", "same one"),
    ("BIC", {"give.en.md": GIVE.format(iban=GOOD_IBAN).replace("---\nT", "bic: X\n---\nT")}, "give.en.md", 5, "not a BIC", "8 or 11"),
    ("no beneficiary", {"give.en.md": f"---\ntitle: Give\niban: {GOOD_IBAN}\n---\n"}, "give.en.md", 3, "no `beneficiary`", "whose account"),
    ("beneficiary too long", {"give.en.md": f"---\ntitle: Give\nbeneficiary: {'x' * 71}\n---\n"}, "give.en.md", 3, "71 characters", "At most 70"),
    ("link of giving", {"give.en.md": "---\ntitle: Give\nlinks:\n  - text: Card\n    url: http://example.org\n---\n"}, "give.en.md", 5, "not a safe address", "https://"),
    ("half a link", {"give.en.md": "---\ntitle: Give\nlinks:\n  - text: Card\n---\n"}, "give.en.md", 4, "no text or no url", "url:"),
    ("update's day", {"updates/soon.en.md": SMALLEST["statement.en.md"]}, "updates/soon.en.md", 1, "'soon' is not a day", "2026-12-01.en.md"),
    ("update's language", {"updates/2026-12-01.xx.md": SMALLEST["statement.en.md"]}, "updates/2026-12-01.xx.md", 1, "'xx'", "BCP 47"),
    ("update without title", {"updates/2026-12-01.en.md": "---\n---\nText.\n"}, "updates/2026-12-01.en.md", 1, "`title` is missing", "title: "),
    ("no picture", {"picture.jpg": b"not a picture"}, "picture.jpg", 1, "cannot be read", "JPEG"),
    ("41 megapixels", {"picture.jpg": png(8200, 5000)}, "picture.jpg", 1, "8200 × 5000", "40 megapixels"),
    ("a bomb", {"picture.jpg": png(20_000, 20_000)}, "picture.jpg", 1, "pixels", "40 megapixels"),
    ("20 MB", {"picture.jpg": b"x" * 20_000_001}, "picture.jpg", 1, "20.0 MB", "At most 20 MB"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "changes", "file", "line", "wrong", "right"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_told_where_it_stands(
    what: str, changes: dict[str, str | bytes | None], file: str, line: int, wrong: str, right: str
) -> None:
    """File, line, what is wrong, what would be right; and nothing comes of the call."""
    reading = read(changes)

    found = [one for one in reading.problems.mistakes if one.file == file and one.line == line]
    assert any(wrong in one.wrong and right in one.right for one in found), "\n".join(
        map(str, reading.problems.mistakes)
    )
    with pytest.raises(CallWrong):
        _ = reading.checked_call


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody should launch ten times to find ten mistakes."""
    reading = read(
        {**toml('accent = "blue"'), **venue("a,square,,,,,,,"), **event("Rally,x,,,,never,,,,,"), "picture.jpg": b"x"}
    )

    assert {one.file for one in reading.problems.mistakes} == {
        "campaign.toml",
        "venues.csv",
        "events.csv",
        "picture.jpg",
    }
    with pytest.raises(CallWrong) as told:
        _ = reading.checked_call
    assert isinstance(told.value, ClarionError)
    assert str(told.value).splitlines() == [str(one) for one in told.value.problems]
    assert list(told.value.problems) == sorted(told.value.problems)


DOUBTS: list[tuple[str, dict[str, str | bytes | None], str, int, str]] = [
    ("closed already", toml("closes_at = 2026-11-01T00:00:00Z"), "campaign.toml", 1, "has passed"),
    ("no coordinates", venue("a,square,,KE,Nairobi,,,,Square"), "venues.csv", 2, "no coordinates"),
    ("pin elsewhere", venue("a,square,,KE,Nairobi,,48.85,2.35,Square"), "venues.csv", 2, "outside KE"),
    ("event has passed", event("Rally,,KE,Nairobi,,2026-11-10T18:00,,en,rally,,"), "events.csv", 2, "has passed"),
    ("city not known", event("Rally,,KE,Nowhere at all,,2026-12-10T18:00,,en,rally,,"), "events.csv", 2, "not among the cities"),
    ("unsafe link", {"statement.en.md": "---\ntitle: x\n---\nSee [it](http://example.org).\n"}, "statement.en.md", 4, "text only"),
    ("update in another language", {"updates/2026-12-01.fr.md": SMALLEST["statement.en.md"]}, "updates/2026-12-01.fr.md", 1, "no statement in this language"),
    ("giving in another language", {"give.fr.md": GIVE.format(iban=GOOD_IBAN)}, "give.fr.md", 1, "no statement in this language"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "changes", "file", "line", "doubt"), DOUBTS, ids=[d[0] for d in DOUBTS])
def test_a_doubt_is_only_a_warning(
    what: str, changes: dict[str, str | bytes | None], file: str, line: int, doubt: str
) -> None:
    """What may be meant so does not stop a launch."""
    reading = read(changes)

    assert any(one.file == file and one.line == line and doubt in one.wrong for one in reading.problems.warnings)
    assert reading.checked_call.settings.slug == "clean-water"


def test_the_smallest_call_has_neither_mistake_nor_doubt() -> None:
    """Everything else has a default."""
    reading = read({})

    assert reading.problems.mistakes == reading.problems.doubts == []
    assert reading.checked_call.title == "Clean water in every school"
    assert reading.checked_call.settings.takes_signatures
    assert reading.checked_call.settings.minimum_age == 16


def test_words_that_yaml_takes_for_something_else_stay_words() -> None:
    """`no` is Norwegian for no, and a title may be a year."""
    statement = read({"statement.en.md": "---\ntitle: 2030\nsummary: no\n---\nText.\n"}).checked_call.statements[0]

    assert (statement.title, statement.summary) == ("2030", "no")


def write(folder: Path, files: dict[str, str]) -> Path:
    """A folder with these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def mistakes_of(folder: Path) -> list[Problem]:
    """What is wrong with a folder."""
    return read_call_folder(folder, now=NOW).problems.mistakes


def test_a_link_out_of_the_folder_is_a_mistake_and_is_not_followed(tmp_path: Path) -> None:
    """A call that someone was sent must not publish the host's own files."""
    secret = tmp_path / "secret.md"
    secret.write_text(SMALLEST["statement.en.md"], encoding="utf-8")
    folder = write(tmp_path / "call", SMALLEST)
    (folder / "statement.fr.md").symlink_to(secret)
    (folder / "updates").symlink_to(tmp_path)

    problems = Problems()
    files = read_folder(folder, problems)

    assert sorted(files) == ["campaign.toml", "statement.en.md"]
    assert [(one.file, one.line) for one in sorted(problems.mistakes)] == [("statement.fr.md", 1), ("updates", 1)]
    assert all("leads out of the folder" in one.wrong for one in problems.mistakes)


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    """It shows nothing that is not in the call anyway."""
    folder = write(tmp_path / "call", SMALLEST)
    (folder / "statement.fr.md").symlink_to(folder / "statement.en.md")

    assert mistakes_of(folder) == []


def test_something_that_is_no_file_is_a_mistake(tmp_path: Path) -> None:
    """A folder, or a pipe that would never end."""
    folder = write(tmp_path / "call", SMALLEST)
    (folder / "venues.csv").mkdir()

    assert [(one.file, one.wrong) for one in mistakes_of(folder)] == [
        ("venues.csv", "This is not a file that can be read.")
    ]


@pytest.mark.parametrize(
    ("name", "size_bytes", "said"),
    [("statement.en.md", 256_001, "256 kB"), ("venues.csv", 5_000_001, "5 MB"), ("picture.jpg", 20_000_001, "20 MB")],
)
def test_a_file_that_is_too_large_is_not_even_read(tmp_path: Path, name: str, size_bytes: int, said: str) -> None:
    """Its size is looked at first."""
    folder = write(tmp_path / "call", SMALLEST)
    with (folder / name).open("wb") as file:
        file.truncate(size_bytes)

    assert f"At most {said} are taken." in [one.right for one in mistakes_of(folder) if one.file == name]


def test_too_many_files_are_told(tmp_path: Path) -> None:
    """Somebody named the wrong folder."""
    folder = write(tmp_path / "call", SMALLEST)
    for number in range(2_000):
        (folder / f"{number}.txt").touch()

    assert any("2002 files" in one.wrong and "At most 2000" in one.right for one in mistakes_of(folder))


def test_a_folder_that_is_none_or_no_call_says_so(tmp_path: Path) -> None:
    """The first thing that goes wrong for everyone."""
    assert mistakes_of(tmp_path / "nowhere")[0].wrong == "There is no such folder."
    assert mistakes_of(tmp_path) == [
        Problem("campaign.toml", 1, "The file is missing.", "Begin with `clarion new`, or copy the smallest call.")
    ]


def test_a_file_that_is_no_part_of_a_call_is_a_warning(tmp_path: Path) -> None:
    """A slip in a name must not pass in silence; a README may lie there."""
    folder = write(tmp_path / "call", {**SMALLEST, "statment.fr.md": "x", "README.md": "x", ".gitignore": "x"})

    reading = read_call_folder(folder, now=NOW)
    assert reading.problems.mistakes == []
    assert [one.file for one in reading.problems.warnings] == ["statment.fr.md"]
