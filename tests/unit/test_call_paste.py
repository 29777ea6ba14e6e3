"""A text as people have it becomes a call: title, date, paragraphs; nothing else comes along."""
# ruff: noqa: E501 - texts stand on one line

from datetime import UTC, date, datetime

import pytest

from clarion.calls.check import check_call
from clarion.calls.paste import call_from_paste, format_of, read_paste, suggest_slug
from clarion.campaigns.markdown import render_markdown

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)

HTML = """<!doctype html><html><head><title>Site | Water</title><style>p{}</style></head><body>
<nav>Menu</nav><h1>Clean <em>water</em></h1><p>Geneva, 20 November 2026</p>
<p>Hello <b> bold </b>and <a href="https://example.org/a">a link</a>, <a href="javascript:x">no link</a>. 2 * 3 &lt;b&gt;</p>
<ul><li>one<li>two</ul><blockquote><p>Said</p></blockquote><h2>More</h2><p>line<br>two</p><script>alert(1)</script>
</body></html>"""

TEXTS: list[tuple[str, str, str, str, date | None, str]] = [
    ("English", "en", "Clean water\nGeneva, 20 November 2026\n\nFirst.\n\nSecond.", "Clean water", date(2026, 11, 20), "First.\n\nSecond."),
    ("American", "en", "Clean water\n\nNovember 20, 2026\n\nText.", "Clean water", date(2026, 11, 20), "Text."),
    ("French", "fr", "L’eau\n\nGenève, le 20 novembre 2026\n\nTexte.", "L’eau", date(2026, 11, 20), "Texte."),
    ("Spanish", "es", "Agua limpia\n\n20 de noviembre de 2026\n\nTexto.", "Agua limpia", date(2026, 11, 20), "Texto."),
    ("German", "de", "Sauberes Wasser\n\nGenf, 3. März 2026\n\nText.", "Sauberes Wasser", date(2026, 3, 3), "Text."),
    ("Russian", "ru", "Чистая вода\n\n20 ноября 2026 г.\n\nТекст.", "Чистая вода", date(2026, 11, 20), "Текст."),
    ("Arabic", "ar", "ماء نقي\n\n٢٠ نوفمبر ٢٠٢٦\n\nفقرة.", "ماء نقي", date(2026, 11, 20), "فقرة."),
    ("Chinese", "zh", "清洁的水\n\n2026年11月20日\n\n正文。", "清洁的水", date(2026, 11, 20), "正文。"),
    ("ISO", "en", "Clean water\n\n2026-11-20\n\nText.", "Clean water", date(2026, 11, 20), "Text."),
    ("no blank lines", "en", "Clean water\nFirst.\nSecond.", "Clean water", None, "First.\n\nSecond."),
    ("a date in a sentence stays", "en", "Water\n\nBy 1 May 2027 every school shall have it.", "Water", None, "By 1 May 2027 every school shall have it."),
    ("a day that may be two", "en", "Water\n\n3/4/2026\n\nText.", "Water", None, "3/4/2026\n\nText."),
]  # fmt: skip


@pytest.mark.parametrize(("what", "language", "text", "title", "day", "body"), TEXTS, ids=[row[0] for row in TEXTS])
def test_a_plain_text_gives_title_date_and_paragraphs(
    what: str, language: str, text: str, title: str, day: date | None, body: str
) -> None:
    """In many languages; what is a sentence stays in the text."""
    found = read_paste(text, language, format="text")

    assert (found.title, found.dated_on, found.body) == (title, day, body)


def test_markdown_keeps_its_marks() -> None:
    """Only the heading and the dateline are taken out."""
    text = "# L’eau *claire*\n\nGenève, le 20 novembre 2026\n\nTexte **gras**.\n\n## Suite\n\n- a\n- b\n"

    found = read_paste(text, "fr")

    assert (found.title, found.dated_on) == ("L’eau claire", date(2026, 11, 20))
    assert found.body == "Texte **gras**.\n\n## Suite\n\n- a\n- b"


def test_a_statement_file_can_be_pasted_too() -> None:
    """Title and date of its front matter win."""
    found = read_paste("---\ntitle: Water\ndate: 2026-11-20\n---\nText.\n", "en")

    assert (found.title, found.dated_on, found.body) == ("Water", date(2026, 11, 20), "Text.")


def test_html_becomes_markdown_without_scripts_styles_and_menus() -> None:
    """What a browser would show of the text, and no more."""
    found = read_paste(HTML, "en")

    assert (found.title, found.dated_on) == ("Clean water", date(2026, 11, 20))
    assert found.body == (
        "Hello **bold** and [a link](https://example.org/a), no link. 2 \\* 3 \\<b\\>\n\n"
        "- one\n- two\n\n> Said\n\n## More\n\nline  \ntwo"
    )


def test_plain_text_says_in_markdown_just_what_it_said() -> None:
    """Marks that mean nothing in a letter must mean nothing on the page."""
    found = read_paste("Water\n\n2 * 3 * 4, _x_, <b>, [a](b)\n\n# 1 of 3", "en", format="text")

    assert render_markdown(found.body) == "<p>2 * 3 * 4, _x_, &lt;b&gt;, [a](b)</p>\n<p># 1 of 3</p>\n"


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Water", "call.html", "html"), ("Water", "call.md", "markdown"), ("# Water", "call.txt", "text"),
        ("<p>Water</p>", "", "html"), ("# Water", "", "markdown"), ("Water < air", "", "text"),
    ],
)  # fmt: skip
def test_the_format_is_known_by_name_or_looks(text: str, name: str, expected: str) -> None:
    """A name's ending wins."""
    assert format_of(text, name) == expected


@pytest.mark.parametrize(
    ("texts", "slug"),
    [
        (("Clean water in every school",), "clean-water-in-every-school"),
        (("Clean water in every school by 2030, everywhere",), "clean-water-in-every-school-by-2030"),
        (("L’École",), "l-ecole"),
        (("ماء نقي", "Water Committee"), "water-committee"),
        (("ماء نقي COP30 للجميع في كل مكان", "Water Committee"), "water-committee"),
        (("ماء نقي", "لجنة الماء"), ""),
        (("Office", "Water Committee"), "water-committee"),
    ],
)
def test_a_slug_is_suggested_from_latin_letters_only(texts: tuple[str, ...], slug: str) -> None:
    """A title in another script gives none: then the organiser's name does, or someone must choose."""
    assert suggest_slug(*texts) == slug


@pytest.mark.parametrize("text", [HTML, 'Water\n\nText with "quotes", a: colon and <b>.', "# Water: now\n\nText."])
def test_a_pasted_text_is_a_call_without_mistakes(text: str) -> None:
    """It can be launched as it is."""
    call = call_from_paste(
        text,
        slug="clean-water",
        organiser_name='The "Water" Committee',
        organiser_email="office@example.org",
        language="en",
    )

    reading = check_call(call, now=NOW)
    assert reading.problems.mistakes == []
    assert reading.checked_call == call


@pytest.mark.parametrize("text", ["To the mayor\n\nOur park.", "To the mayor\n\nOur **park**."])
def test_a_first_line_stays_where_the_title_is_told_apart(text: str) -> None:
    call = call_from_paste(
        text, slug="park", organiser_name="Us", organiser_email="a@b.example", language="en", title="Benches"
    )

    assert call.statements[0].title == "Benches"
    assert call.statements[0].body.startswith("To the mayor\n\nOur")


@pytest.mark.parametrize("text", ["Benches\n\nOur park.", "# Other words\n\nOur **park**."])
def test_a_title_told_apart_stands_in_place_of_the_texts_own(text: str) -> None:
    call = call_from_paste(
        text, slug="park", organiser_name="Us", organiser_email="a@b.example", language="en", title="benches"
    )

    assert call.statements[0].title == "benches"
    assert call.statements[0].body.startswith("Our")
