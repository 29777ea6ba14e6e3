"""The office behind a web server that ends TLS: a process of its own, since an address is read once."""

import json
import os
import subprocess
import sys
from pathlib import Path

ASK = """
import django; django.setup()
import json
from django.test import Client
answer = Client().get("/healthz", headers={"host": "office.example.org", "x-forwarded-proto": "https"})
print(json.dumps({name.lower(): value for name, value in answer.headers.items()}))
"""


def test_browsers_are_told_never_to_come_without_tls(tmp_path: Path) -> None:
    settings = {"CLARION_DATA": str(tmp_path), "CLARION_OFFICE_URL": "https://office.example.org"}
    asked = subprocess.run(
        [sys.executable, "-c", ASK], env=os.environ | settings, capture_output=True, text=True, check=True
    )
    sent = json.loads(asked.stdout)

    assert sent["strict-transport-security"] == "max-age=31536000"
    assert sent["x-content-type-options"] == "nosniff"
