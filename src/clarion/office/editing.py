"""Editing a call part by part: what is saved, what is drafted, and what is wrong with it, in the folder's own words."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clarion.calls.call import Call
from clarion.calls.check import check_call
from clarion.calls.problems import Problem, Problems
from clarion.calls.stored import statement_text
from clarion.calls.texts import read_statement
from clarion.calls.write import edited_statement
from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import latest_version, statements_in
from clarion.campaigns.rules import StatementText


@dataclass(frozen=True, slots=True)
class Texts:
    """The statements of a campaign by language, the default first: as saved, and as drafts would make them."""

    saved: Mapping[str, StatementText]
    drafted: Mapping[str, StatementText]
    version: int
    saved_follow: Mapping[str, int]  # the version that each saved text translates, also where its file names none
    drafts: Mapping[str, str]  # as they are kept, by language

    def follows(self, language: str) -> int | None:
        """The version that a text translates; None where that is decided when it is saved."""
        text = self.drafted.get(language) or self.saved[language]
        is_saved = language in self.saved and self.saved[language].raw == text.raw
        return self.saved_follow[language] if is_saved else text.translates

    @property
    def changed(self) -> tuple[str, ...]:
        """The languages whose bytes a save would change, added and dropped ones included."""
        tags = [*self.saved, *(tag for tag in self.drafted if tag not in self.saved)]
        return tuple(tag for tag in tags if self.raw_before(tag) != self.raw_after(tag))

    @property
    def mark(self) -> str:
        """What a save would make, as a mark: it is another one once a draft, or the version beneath, is another."""
        return hashlib.sha256(repr((self.version, sorted(self.drafts.items()))).encode()).hexdigest()

    def draft_mark(self, language: str) -> str:
        """What is drafted in one language, as a mark; empty where nothing is."""
        draft = self.drafts.get(language)
        return "" if draft is None else hashlib.sha256(draft.encode()).hexdigest()

    def raw_before(self, language: str) -> str:
        """The file as saved; empty where there is none."""
        return self.saved[language].raw.decode() if language in self.saved else ""

    def raw_after(self, language: str) -> str:
        """The file as a save would make it; empty where there will be none."""
        return self.drafted[language].raw.decode() if language in self.drafted else ""


def texts_of(campaign: Campaign) -> Texts:
    """What is saved and what is drafted."""
    version = latest_version(campaign)
    statements = statements_in(version, campaign) if version else {}
    saved = {tag: statement_text(one) for tag, one in statements.items()}
    drafted = dict(saved)
    drafts = {draft.language: draft.text for draft in campaign.drafts.all()}
    for language, draft in drafts.items():
        text = parsed_draft(language, draft)
        if text is None:
            drafted.pop(language, None)
        else:
            drafted[language] = text
    follow = {tag: one.translates for tag, one in statements.items()}
    return Texts(saved, drafted, version.number if version else 0, follow, drafts)


def parsed_draft(language: str, text: str) -> StatementText | None:
    """A draft as a statement, mistakes and all; None where it takes the language away."""
    return read_statement(f"statement.{language}.md", text.encode(), text, Problems()) if text else None


def written_anew(old: StatementText | None, new: StatementText) -> StatementText:
    """`new` as its file, byte for byte that of `old` where it says the same."""
    return edited_statement(old, replace(new, raw=b""))


def statement_problems(text: StatementText) -> tuple[Problem, ...]:
    """What is wrong with one statement."""
    problems = Problems()
    read_statement(f"statement.{text.language}.md", text.raw, text.raw.decode(), problems)
    return tuple(sorted(set(problems.mistakes)))


def problems_in(call: Call, files: Sequence[str], *, now: datetime) -> tuple[Problem, ...]:
    """The mistakes in these files of a call; what is wrong elsewhere was there before."""
    reading = check_call(call, now=now)
    return tuple(sorted({one for one in reading.problems.mistakes if one.file in files}))
