"""The small parts of the bench in which a figure could lie."""

import json
from pathlib import Path

import pytest

from bench.crowd import address_of, quantile, sign_request
from bench.history import keep, last_values
from bench.sink import read_mail, split_mails
from bench.table import Bar, Row, cells
from bench.usage import ticks_of

_PLAIN = (
    b"127.0.0.1\nX-Rcpt-Args: <amina.7@example.org>\nSubject: x\n\n"
    b"--=id=\nOpen https://call.example.org/clean-water/en/confirm/AbC-_9 now\n--=id=--\n\n"
)


def test_a_demand_is_met_by_more_or_by_less_as_its_aim_lies() -> None:
    assert [Bar(0.2, 0.4).verdict(value) for value in (0.19, 0.2, 0.4)] == ["MISSED", "must", "aim"]
    assert [Bar(5, 1).verdict(value) for value in (5.1, 5, 1)] == ["MISSED", "must", "aim"]


def test_a_change_shows_as_a_ratio_to_the_last_run_that_had_the_row(tmp_path: Path) -> None:
    row = Row("road", "the road", "500/s", 0.03)
    (tmp_path / "20260101T000000.json").write_text(json.dumps({"rows": [{"key": "road", "judged": 0.02}]}))
    (tmp_path / "20260102T000000.json").write_text("half a fi")

    assert cells(row, last_values(tmp_path).get("road"))[-1] == "1.50"
    keep([row], {"date": "today"}, tmp_path)
    assert last_values(tmp_path) == {"road": 0.03}


def test_cpu_time_is_read_past_a_name_with_brackets_and_blanks() -> None:
    assert ticks_of("1 (a) b c) S 1 1 1 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0") == 127


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99, 1.0])
def test_a_quantile_is_one_of_the_values(part: float) -> None:
    assert quantile([3.0, 1.0, 2.0], part) in (1.0, 2.0, 3.0)
    assert quantile([], part) == 0.0


def test_no_client_address_sends_as_many_forms_as_would_go_to_the_slow_lane() -> None:
    """The figures are those behind a trusted proxy: many people, none of them a flood."""
    addresses = [address_of(n) for n in range(50_000)]

    assert max(addresses.count(one) for one in set(addresses[:50])) == 1
    assert len(set(addresses)) == len(addresses)
    assert all(0 <= int(part) <= 255 for one in addresses[:1000] for part in one.split("."))
    assert address_of(4711).encode() in sign_request(4711, "127.0.0.1:1")


@pytest.mark.parametrize("cut", [1, 60, len(_PLAIN) - 1, len(_PLAIN)])
def test_a_mail_is_read_whole_however_it_arrives(cut: int) -> None:
    whole, begun = split_mails(b"X-Client-Addr: " + _PLAIN + b"X-Client-Addr: " + _PLAIN[:cut])
    more, left = split_mails(begun + _PLAIN[cut:])

    mails = [read_mail(mail) for mail in [*whole, *more]]
    assert [(mail.to, mail.language, mail.token) for mail in mails] == [("amina.7@example.org", "en", "AbC-_9")] * 2
    assert left == b""


def test_a_link_is_found_in_quoted_printable_and_in_base64() -> None:
    folded = _PLAIN.replace(b"AbC-_9", b"AbC=\n-_9")
    encoded = b"X-Rcpt-Args: <a@b.c>\nContent-Transfer-Encoding: base64\n\nL2FyL2NvbmZpcm0vQWJDLV85Cg==\n--=id=--\n\n"

    assert read_mail(folded).token == "AbC-_9"
    assert (read_mail(encoded).language, read_mail(encoded).token) == ("ar", "AbC-_9")
