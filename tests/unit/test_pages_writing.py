"""Published files: whole or not at all, compressed beside, and left alone where nothing changed."""

import gzip
from pathlib import Path

import brotli
import pytest

from clarion.pages.writing import Folder

PAGE = b"<p>water</p>" * 2000


def test_a_page_lies_there_with_its_compressed_siblings(tmp_path: Path) -> None:
    """All three say the same."""
    assert Folder(tmp_path).write("water/en/index.html", PAGE)

    page = tmp_path / "water/en/index.html"
    assert page.read_bytes() == PAGE
    assert brotli.decompress(page.with_name("index.html.br").read_bytes()) == PAGE
    assert gzip.decompress(page.with_name("index.html.gz").read_bytes()) == PAGE
    assert sorted(path.name for path in page.parent.iterdir()) == ["index.html", "index.html.br", "index.html.gz"]


def test_a_page_that_gzip_brings_into_the_first_flight_has_no_other_form(tmp_path: Path) -> None:
    """Tens of thousands of events' pages are so small that a second form saves nobody anything."""
    page = b"<p>water</p>" * 1000
    Folder(tmp_path).write("page.html", page)

    assert gzip.decompress((tmp_path / "page.html.gz").read_bytes()) == page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "page.html.gz"]


def test_the_same_bytes_are_not_written_again(tmp_path: Path) -> None:
    """Mirrors and caches see no change where there is none."""
    Folder(tmp_path).write("page.html", PAGE)
    before = (tmp_path / "page.html").stat().st_ino

    assert not Folder(tmp_path).write("page.html", PAGE)

    assert (tmp_path / "page.html").stat().st_ino == before


def test_a_page_that_shrank_leaves_no_stale_sibling(tmp_path: Path) -> None:
    """A server that prefers the compressed file must not show the former text."""
    Folder(tmp_path).write("page.html", PAGE)

    Folder(tmp_path).write("page.html", b"short")

    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_what_was_not_written_in_a_whole_run_goes(tmp_path: Path) -> None:
    """The page of a hidden event does not stay behind, nor its folder; other campaigns are not touched."""
    first = Folder(tmp_path)
    for file in ("water/en/index.html", "water/en/events/old/index.html", "other/en/index.html"):
        first.write(file, PAGE)
    second = Folder(tmp_path)
    second.write("water/en/index.html", PAGE)

    assert second.keep_only_present("water") == 1

    assert not (tmp_path / "water/en/events").exists()
    assert (tmp_path / "water/en/index.html.br").is_file()
    assert (tmp_path / "other/en/index.html.gz").is_file()


@pytest.mark.parametrize("picture", ["a.jpg", "b.png"])
def test_pictures_are_not_compressed_again(tmp_path: Path, picture: str) -> None:
    """They are already."""
    Folder(tmp_path).write(picture, PAGE)

    assert [path.name for path in tmp_path.iterdir()] == [picture]
