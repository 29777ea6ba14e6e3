"""Fakes and real ones have the methods of their protocol."""

import inspect
from inspect import Parameter, Signature

import pytest

from clarion.gateways.mail import FolderMailer, Mailer, SmtpMailer
from clarion.inbox.ends import ReadingEnd, WritingEnd
from clarion.inbox.postgres_reader import PostgresReader
from clarion.inbox.postgres_writer import PostgresWriter
from clarion.inbox.reader import InboxReader
from clarion.inbox.writer import InboxWriter
from clarion.mirrors.road import SharedRoad
from clarion.worker.roads import NoRoad, Road
from tests.fakes import FakeMailer

STANDING_IN: tuple[tuple[type, type], ...] = (
    (Mailer, SmtpMailer),
    (Mailer, FolderMailer),
    (Mailer, FakeMailer),
    (WritingEnd, InboxWriter),
    (WritingEnd, PostgresWriter),
    (ReadingEnd, InboxReader),
    (ReadingEnd, PostgresReader),
    (Road, NoRoad),
    (Road, SharedRoad),
)


def methods(protocol: type) -> dict[str, Signature]:
    """What a protocol promises, by name."""
    public = {name: one for name, one in vars(protocol).items() if inspect.isfunction(one) and name[0] != "_"}
    return {name: inspect.signature(one) for name, one in public.items()}


@pytest.mark.parametrize(("protocol", "one"), STANDING_IN, ids=lambda one: one.__name__)
def test_each_has_the_methods_that_its_protocol_promises(protocol: type, one: type) -> None:
    """With the same parameters; further ones have a default."""
    promised = methods(protocol)
    assert promised
    for name, signature in promised.items():
        found = inspect.signature(getattr(one, name))
        given = dict(found.parameters)
        for parameter in signature.parameters.values():
            assert given.pop(parameter.name, None) == parameter, (name, parameter.name)
        assert all(left.default is not Parameter.empty for left in given.values()), name
        assert found.return_annotation == signature.return_annotation, name
