"""What can be measured, by name: each function gives rows of the table."""

from collections.abc import Callable, Iterator

from bench.full import export, full
from bench.idle import idle
from bench.overload import overload
from bench.publishing import publish
from bench.reading import launch, page_weight, pages
from bench.references import references
from bench.road import road, road_on_postgresql
from bench.signing import beside, signatures
from bench.table import Row

ROWS: dict[str, Callable[[], Iterator[Row]]] = {
    "signatures": signatures,
    "beside": beside,
    "pages": pages,
    "page-weight": page_weight,
    "launch": launch,
    "road": road,
    "road-postgresql": road_on_postgresql,
    "full": full,
    "export": export,
    "publish": publish,
    "idle": idle,
    "overload": overload,
    "references": references,
}
