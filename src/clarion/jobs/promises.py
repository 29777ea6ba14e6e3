"""A promise is a name and its arguments, kept as a row in the transaction that needs it.

The worker alone maps names to functions (`worker.publishing`), so that no app imports upward. Identical promises
that wait together are carried out once.
"""

from typing import Any

from django.db import connection
from django_tasks import task


@task()
def carry_out(name: str, arguments: dict[str, Any]) -> None:
    """The one task; the worker never calls it, but takes its rows (ADR 0005)."""
    raise NotImplementedError(f"{name} is carried out by the worker's publish loop")


def promise(name: str, **arguments: Any) -> None:
    """Promise a piece of coarse work. Must be called in the transaction that needs it; never `on_commit`."""
    if not connection.in_atomic_block:
        raise RuntimeError("a promise belongs to the transaction that needs it")
    carry_out.enqueue(name=name, arguments=arguments)
