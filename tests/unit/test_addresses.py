"""What is an address, and which of them are one person."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.gateways.mime import mailbox
from clarion.kernel.addresses import MAX_LENGTH, ascii_domain, canonical, is_address, is_host

PARENTHESISED = [chr(point) for point in range(0x2474, 0x249C)]  # ⑴ to ⒛: (1) in mail, or "1." at the least
# Every sign that mail's own letters may come out of: what Unicode says is the same as something else.
SIGNS = [chr(c) for c in range(0x80, 0x30000) if unicodedata.normalize("NFKC", chr(c)) != chr(c)]


@pytest.mark.parametrize("sign", PARENTHESISED)
def test_one_mailbox_has_no_spellings_that_mail_reads_as_comments(sign: str) -> None:
    """`amina@gmail(1).com` is `amina@gmail.com` with a remark (RFC 5322): each would count, and reach her."""
    for address in (f"amina@gmail{sign}.com", f"amina@gm{sign}ail.com", f"amina@gmail.com{sign}"):
        assert not is_address(address) or canonical(address).partition("@")[2].replace(".", "").isalnum()


@given(st.sampled_from(SIGNS), st.integers(0, 9))
def test_the_domain_of_an_address_holds_in_mail_nothing_but_names(sign: str, at: int) -> None:
    address = f"amina@{'gmail.com'[:at]}{sign}{'gmail.com'[at:]}"
    if is_address(address):
        assert is_host(canonical(address).partition("@")[2])
        assert mailbox(address).partition("@")[2] == ascii_domain(address.partition("@")[2])


def test_no_letter_goes_to_a_domain_that_mail_would_read_otherwise() -> None:
    with pytest.raises(ValueError, match="no host"):
        mailbox("amina@gmail⑴.com")
    assert mailbox("clarion@[::1]") == "clarion@[::1]"  # a trial's sender, named after its address


@pytest.mark.parametrize(
    "address",
    ["amina@example.org", "a.b+c@mail.example.co.uk", "jörg@bücher.example", "सम्पर्क@डाटामेल.भारत", "x@उदाहरण.परीक्षा",
     "ಬೆಂಬಲ@ಡೇಟಾಮೇಲ್.ಭಾರತ", "用户@例子.广告"],
)  # fmt: skip
def test_an_address_in_any_script_is_one(address: str) -> None:
    assert is_address(address)
    assert mailbox(address).partition("@")[2].isascii()


@pytest.mark.parametrize(
    "address",
    ["", "amina", "amina@", "@example.org", "amina@nowhere", "amina@@example.org", "a b@example.org", ".a@example.org",
     "a..b@example.org", "amina@-a.example", "amina@a..example", "amina@example.org.", "amina@exam_ple.org",
     "a" * 65 + "@example.org", "a@" + "b" * 64 + ".org", "amina@[127.0.0.1]", "amina(x)@example.org"],
)  # fmt: skip
def test_what_has_another_shape_is_none(address: str) -> None:
    assert not is_address(address)


def test_an_address_is_no_longer_than_mail_allows() -> None:
    longest = "a" * 64 + "@" + ".".join(["b" * 60, "c" * 60, "d" * 58, "org"])
    assert is_address(longest)
    assert not is_address("a" * (MAX_LENGTH + 1))
    assert not is_address("a@" + "ü" * 60 + "." + "ü" * 60 + "." + "ü" * 60 + "." + "ü" * 60 + ".org")


@pytest.mark.parametrize(
    "spelling",
    ["Amina@Gmail.com", "a.mina@gmail.com", "amina+call@googlemail.com", " amina@gmail.com ", "amina@ｇｍａｉｌ.com",
     "amina@gmail。com"],
)  # fmt: skip
def test_one_person_is_known_by_every_spelling(spelling: str) -> None:
    assert canonical(spelling) == "amina@gmail.com"
