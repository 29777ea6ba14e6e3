"""What `deploy/` hands to a host keeps what the program promises: no logs of people, nothing of theirs on a disk."""

from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def settings(path: Path) -> list[str]:
    """The lines of a file that are in force: without comments, each trimmed."""
    return [line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["Caddyfile", "Caddyfile.compose"])
def test_caddy_logs_no_request(name: str) -> None:
    """Neither those that failed nor those whose visitor left, and there is no access log."""
    lines = settings(DEPLOY / name)

    (excluded,) = (line.split()[1:] for line in lines if line.startswith("exclude "))
    assert {"http.log.error", "http.handlers.reverse_proxy"} <= set(excluded)
    assert [line for line in lines if line.split()[:1] == ["log"]] == ["log default {"]


def test_nginx_logs_no_request() -> None:
    lines = settings(DEPLOY / "nginx.conf")

    servers = lines.count("server {")
    assert servers == lines.count("access_log off;") == lines.count("error_log /dev/null;") == 3
