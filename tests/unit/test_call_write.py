"""A call written out and read again is the same call; the office's edits keep every byte that nobody touched."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import Base

from clarion.calls.call import Call
from clarion.calls.check import check_call, read_call_files, read_call_folder
from clarion.calls.compare import changed_since, what_changed
from clarion.calls.pictures import read_picture
from clarion.calls.problems import Problems
from clarion.calls.write import FolderTaken, edited_statement, files_of, write_folder
from clarion.campaigns.rules import CampaignSettings, Demand, StatementText

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
SAMPLE = Path(__file__).resolve().parents[2] / "src" / "clarion" / "sample" / "clean-water"


@pytest.fixture(scope="module")
def sample() -> Call:
    """The demo's call."""
    return read_call_folder(SAMPLE, now=NOW).checked_call


def test_the_sample_call_is_written_and_read_without_loss(sample: Call, tmp_path: Path) -> None:
    """Statements byte for byte, everything else in meaning; and writing again changes nothing."""
    write_folder(sample, tmp_path / "call")
    again = read_call_folder(tmp_path / "call", now=NOW).checked_call

    assert again.statements == sample.statements
    assert replace(again, picture=sample.picture, venues=(), events=()) == replace(sample, venues=(), events=())
    assert sorted(again.venues, key=lambda one: one.ref) == sorted(sample.venues, key=lambda one: one.ref)
    assert sorted(again.events, key=lambda one: one.row) == sorted(sample.events, key=lambda one: one.row)
    assert files_of(replace(again, picture=sample.picture)) == files_of(sample)


def test_statements_keep_their_bytes_whatever_they_are(tmp_path: Path) -> None:
    """A byte order mark, other line ends, blanks at the end: the hash must stay that of the launched file."""
    raw = b"\xef\xbb\xbf---\r\ntitle:   Water\r\n---\r\n\r\nText.  \r\n\r\n"
    call = Call(
        CampaignSettings("clean-water", "en", "Committee", "office@example.org"), (StatementText("en", raw, "", ""),)
    )

    write_folder(call, tmp_path)
    read = read_call_folder(tmp_path, now=NOW).checked_call

    assert (tmp_path / "statement.en.md").read_bytes() == raw
    assert (read.statements[0].raw, read.statements[0].title) == (raw, "Water")


def test_every_setting_survives_writing() -> None:
    """What a folder can say, an export says."""
    settings = CampaignSettings(
        slug="clean-water", default_language="en", organiser_name='A "quoted" \\ name', organiser_email="o@example.org",
        organiser_url="https://example.org", authoritative_language="en", controller_name="Legal",
        controller_address="Street 1", privacy_contact="p@example.org", accent="#0b6e99",
        opens_at=datetime(2026, 12, 1, tzinfo=UTC), closes_at=datetime(2027, 1, 1, tzinfo=UTC),
        keep_until=date(2028, 1, 1), minimum_age=14, is_discreet=True, takes_signatures=False, takes_events=False,
        takes_gifts=False, count_threshold=1, never_shown=("CH", "KE"),
    )  # fmt: skip
    call = Call(settings, (StatementText("en", b"---\ntitle: x\n---\nText.\n", "x", "Text."),))

    assert check_call(call, now=NOW).checked_call.settings == settings


def test_an_edit_writes_a_file_that_says_it() -> None:
    """Colons, quotes and demands come back as they were typed."""
    new = StatementText(
        "fr", b"", "L’eau: pour “tous”", "Texte.\n\n## Suite", summary='Un "résumé"', dated_on=date(2026, 12, 1),
        demands=(Demand("Une: chose", "Gouvernements"), Demand("Rien")), translator="Hélène", status="community",
        translates=2, picture_alt="- image",
    )  # fmt: skip
    edited = edited_statement(None, new)

    read = read_call_files(
        {"statement.fr.md": edited.raw, "campaign.toml": b'slug = "ab"\ndefault_language = "fr"\n'}, now=NOW
    )
    assert read.call is not None
    assert read.call.statements == (edited,)


def test_an_edit_that_changes_nothing_keeps_the_bytes() -> None:
    """No version is made of a form that was saved as it was opened."""
    old = StatementText("en", b"---\ntitle:  Water\n---\nText.\n", "Water", "Text.")

    assert edited_statement(old, replace(old, raw=b"")) is old
    assert edited_statement(old, replace(old, raw=b"", title="Waters")).raw != old.raw


def test_what_changed_is_told_file_by_file(sample: Call) -> None:
    """With the lines, but for pictures."""
    french = replace(sample.statements[0], raw=sample.statements[0].raw + b"More.\n")
    new = replace(sample, statements=(french, *sample.statements[1:]), picture=None, updates=())

    changes = {change.file: change for change in what_changed(sample, new)}

    assert changes["picture.jpg"].state == "removed"
    assert changes["picture.jpg"].diff == ()
    assert changes[f"statement.{french.language}.md"].diff[-1] == "+More."
    assert {change.state for name, change in changes.items() if name.startswith("updates/")} == {"removed"}
    assert what_changed(sample, sample) == ()


@pytest.mark.parametrize(
    ("launched", "stored", "new", "expected"),
    [
        ({"a": "1"}, {"a": "1"}, {"a": "2"}, ()),  # only the folder changed
        ({"a": "1"}, {"a": "2"}, {"a": "1"}, ("a",)),  # only the office
        ({"a": "1"}, {"a": "2"}, {"a": "2"}, ()),  # both alike: an export was launched
        ({"a": "1"}, {"a": "2"}, {"a": "3"}, ("a",)),
        ({"a": "1"}, {}, {"a": "1"}, ("a",)),  # the office took it away
        ({}, {"a": "1"}, {}, ("a",)),  # the office added it
    ],
)
def test_what_the_office_changed_is_told_from_what_the_folder_changed(
    launched: dict[str, str], stored: dict[str, str], new: dict[str, str], expected: tuple[str, ...]
) -> None:
    """Hashes by file: at the last launch, in the records now, in the new folder."""
    assert changed_since(launched, stored, new) == expected


def test_a_folder_with_something_else_is_not_written_over(tmp_path: Path, sample: Call) -> None:
    """And in a call's own folder, what is no longer part of the call goes."""
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(FolderTaken):
        write_folder(sample, tmp_path)

    folder = tmp_path / "call"
    write_folder(sample, folder)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    write_folder(replace(sample, gives=(), updates=()), folder)
    assert not list(folder.glob("give.*")) and not list(folder.glob("updates/*"))  # noqa: PT018
    assert (folder / "notes.txt").exists()


def picture(*, size: tuple[int, int] = (3200, 1000), mode: str = "RGB", form: str = "JPEG") -> bytes:
    """A picture with a place and a comment in its metadata."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[Base.ImageDescription] = "canary: at home"
    exif[Base.Orientation] = 6
    Image.new(mode, size).save(out, form, exif=exif)
    return out.getvalue()


def test_a_picture_is_encoded_anew_without_metadata() -> None:
    """Upright, at most 1600 pixels wide, and nothing of what the camera wrote."""
    problems = Problems()
    read = read_picture(picture(), problems)

    assert read is not None and problems.mistakes == []  # noqa: PT018
    assert b"canary" not in read.jpeg
    with Image.open(io.BytesIO(read.jpeg)) as image:
        assert (image.format, image.size) == ("JPEG", (1000, 3200))
        assert not image.getexif()
    wide = read_picture(picture(size=(1000, 3200)), problems)
    assert wide is not None
    with Image.open(io.BytesIO(wide.jpeg)) as image:
        assert image.size == (1600, 500)


def test_a_transparent_picture_stands_on_white() -> None:
    """JPEG knows no transparency."""
    read = read_picture(picture(size=(8, 8), mode="RGBA", form="PNG"), Problems())

    assert read is not None
    with Image.open(io.BytesIO(read.jpeg)) as image:
        assert image.getpixel((4, 4)) == (255, 255, 255)


def test_the_same_picture_is_always_the_same_bytes() -> None:
    """Launching again must not change the site."""
    assert read_picture(picture(), Problems()) == read_picture(picture(), Problems())


def test_a_picture_is_told_by_its_content_not_by_its_name() -> None:
    """Formats with a long history of holes are not opened."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "TIFF")
    problems = Problems()

    assert read_picture(out.getvalue(), problems) is None
    assert "JPEG, PNG or WebP" in problems.mistakes[0].right
