"""Records from one database into another, table by table in chunks: copied, noted how far, and compared row by row."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignKey, Model

from clarion.kernel.errors import ClarionError

SOURCE, TARGET = "source", "default"
CHUNK = 2000  # rows
# What Django writes itself into an empty database; the source's own, with its numbers, takes its place.
MADE_BY_DJANGO = ("django_content_type", "auth_permission")

Row = tuple[Any, ...]
Told = Callable[[int], None]  # rows, since it was last told


class RowsDiffer(ClarionError):
    """What was copied is not what lies in the source."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table, as its model describes it."""

    model: type[Model]

    @property
    def name(self) -> str:
        """Its name in the database."""
        return self.model._meta.db_table

    @property
    def fields(self) -> Sequence["Field[Any, Any]"]:
        """Its columns; the key is one of them."""
        return self.model._meta.concrete_fields

    def count(self, alias: str) -> int:
        """How many rows it has."""
        return self.model._base_manager.using(alias).count()

    def chunk(self, after: str | None) -> list[Row]:
        """The next rows of the source, by key; `after` is the last key of the chunk before, as text."""
        rows = self.model._base_manager.using(SOURCE).order_by("pk")
        if after is not None:
            rows = rows.filter(pk__gt=self.key_field.to_python(after))
        return list(rows.values_list(*self._names)[:CHUNK])

    def same_rows(self, rows: Sequence[Row]) -> list[Row]:
        """The target's rows with the keys of `rows`, in that order; those that are missing are left out."""
        keys = [row[self.key_place] for row in rows]
        found = self.model._base_manager.using(TARGET).filter(pk__in=keys).values_list(*self._names)
        by_key = {row[self.key_place]: row for row in found}
        return [by_key[key] for key in keys if key in by_key]

    @property
    def _names(self) -> list[str]:
        return [field.attname for field in self.fields]

    @property
    def key_field(self) -> "Field[Any, Any]":
        """The primary key."""
        return self.model._meta.pk

    @property
    def key_place(self) -> int:
        """Which of the fields is the key."""
        return list(self.fields).index(self.key_field)


def tables() -> list[Table]:
    """Every table of every app, each after those it refers to."""
    waiting = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    placed: list[type[Model]] = []
    while waiting:
        ready = [model for model in waiting if all(other in placed or other is model for other in _referred(model))]
        if not ready:
            raise RuntimeError("tables refer to each other in a circle")
        placed += ready
        waiting = [model for model in waiting if model not in ready]
    return [Table(model) for model in placed]


def _referred(model: type[Model]) -> Iterator[type[Model]]:
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey):
            yield field.related_model._meta.concrete_model or field.related_model


def write_rows(table: Table, rows: Sequence[Row]) -> None:
    """Add these rows to the target. In the caller's transaction."""
    target = connections[TARGET]
    quote = target.ops.quote_name
    columns = ", ".join(quote(field.column or field.attname) for field in table.fields)
    with target.cursor() as cursor, cursor.copy(f"COPY {quote(table.name)} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([_prepared(field, value, target) for field, value in zip(table.fields, row, strict=True)])


def _prepared(field: "Field[Any, Any]", value: Any, target: BaseDatabaseWrapper) -> Any:
    return field.get_db_prep_save(value, target)


def digest_of(rows: Sequence[Row]) -> bytes:
    """16 bytes that are the same where every value of every row is the same, whichever database said it."""
    digest = hashlib.blake2b(digest_size=16)
    for row in rows:
        digest.update("\x1f".join(map(_written, row)).encode("utf-8", "surrogatepass") + b"\x1e")
    return digest.digest()


def _written(value: Any) -> str:
    match value:
        case memoryview() | bytes():
            return f"b{bytes(value).hex()}"
        case datetime():
            return f"t{value.astimezone(UTC).isoformat()}"
        case dict() | list():
            return f"j{json.dumps(value, sort_keys=True)}"
        case _:
            return f"{type(value).__name__}{value!r}"


def compare(table: Table, told: Told) -> None:
    """Compare every row of the source with the target's; raises `RowsDiffer`."""
    ours, theirs = table.count(SOURCE), table.count(TARGET)
    if ours != theirs:
        raise RowsDiffer(f"{table.name} has {ours} rows here and {theirs} there.")
    last: str | None = None
    while rows := table.chunk(last):
        if digest_of(rows) != digest_of(table.same_rows(rows)):
            raise RowsDiffer(f"{table.name}: rows after number {last or 0} are not the same here and there.")
        last = str(rows[-1][table.key_place])
        told(len(rows))


@transaction.atomic
def count_on(placed: Sequence[Table]) -> None:
    """Let new rows be numbered after those that were copied."""
    target = connections[TARGET]
    statements = target.ops.sequence_reset_sql(no_style(), [table.model for table in placed])
    with target.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
