"""Runs the office's export of signatures to nowhere: `python -m bench.export_signatures` on `CLARION_DATA`."""

import json
import os
import time

os.environ["DJANGO_SETTINGS_MODULE"] = "clarion.settings"

from clarion.office.wsgi import application  # noqa: I001 - sets Django up, with all that the office holds

from clarion.campaigns.models import Campaign
from clarion.kernel.keys import read_key_ring
from clarion.office.csv_cells import csv_pieces
from clarion.office.views.exports import TABLES
from clarion.settings import ENV

assert application

table = TABLES["signatures"]
rows = table.rows(Campaign.objects.get(slug="clean-water"), read_key_ring(ENV.data.keys, "field"))
started, lines, size = time.monotonic(), 0, 0
for piece in csv_pieces(table.header, rows):
    body = piece.encode()
    lines, size = lines + body.count(b"\r\n"), size + len(body)
print(json.dumps(
    {"rows": lines - 1, "bytes": size, "seconds": time.monotonic() - started, "cpu": time.process_time()}
))  # fmt: skip
