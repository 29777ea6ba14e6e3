"""What `deploy/` hands to a host keeps what the program promises: no logs of people, nothing of theirs on a disk."""

import re
import subprocess
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

from clarion.cli.roles import PROCESSES
from clarion.kernel.files import DataFolder

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def blocks(lines: list[str], head: str) -> list[list[str]]:
    """The lines within each block of nginx's that begins with `head`."""
    found = []
    for place, line in enumerate(lines):
        if line.startswith(head):
            depth, end = 1, place
            while depth:
                end += 1
                depth += lines[end].count("{") - lines[end].count("}")
            found.append(lines[place + 1 : end])
    return found


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


def test_nginx_writes_nothing_of_anybody_to_its_disk() -> None:
    """Neither a form that is longer than its buffer, nor an export that is read more slowly than it is written."""
    public, office = blocks(settings(DEPLOY / "nginx.conf"), "server {")[1:]

    sizes = [line.split()[1] for line in public if line.startswith(("client_max_body_size", "client_body_buffer_size"))]
    assert len(sizes) == 2
    assert sizes[0] == sizes[1]
    assert "proxy_buffering off;" in office


def test_nginx_counts_connections_for_all_its_processes_together() -> None:
    for upstream in blocks(settings(DEPLOY / "nginx.conf"), "upstream "):
        if any("max_conns=" in line for line in upstream):
            assert any(line.startswith("zone ") for line in upstream)


def unit(name: str) -> dict[str, list[str]]:
    """What a unit sets: the words of each setting."""
    found: dict[str, list[str]] = {}
    for line in settings(DEPLOY / "systemd" / name):
        key, equals, value = line.partition("=")
        if equals:
            found.setdefault(key, []).extend(value.split())
    return found


def test_the_public_unit_reads_what_is_published_and_writes_its_inbox_alone(tmp_path: Path) -> None:
    """It holds where Landlock is missing too."""
    public = unit("clarion-public.service")
    data = DataFolder(Path("/var/lib/clarion"))
    needed = {data.site, data.manage, data.policy, data.inbox.parent}

    assert public["ProtectSystem"] == ["strict"]
    assert public["ReadWritePaths"] == [str(data.inbox.parent)]
    assert "StateDirectory" not in public  # it would open the whole data folder for writing
    assert {Path(one) for one in public["InaccessiblePaths"]} == set(folders_of(data, tmp_path)) - needed - {data.root}


def folders_of(data: DataFolder, scratch: Path) -> list[Path]:
    """Every folder of a data folder, as it is made."""
    made = DataFolder(scratch / "data")
    made.make()
    below = [path.relative_to(made.root) for path in made.root.rglob("*")]
    return [data.root, *(data.root / path for path in below)]


def test_every_folder_that_a_unit_names_is_made_by_the_page_on_units() -> None:
    """systemd does not start a unit of which a path is missing."""
    page = (DEPLOY.parent / "docs" / "operate" / "systemd.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"install -d .* /var/lib/clarion /var/lib/clarion/\{(.*)\}", page)
    made = {"/var/lib/clarion", "/var/backups/clarion", *(f"/var/lib/clarion/{name}" for name in line.split(","))}
    for file in (DEPLOY / "systemd").glob("*.service"):
        said = unit(file.name)
        for path in said.get("ReadWritePaths", []) + said.get("InaccessiblePaths", []):
            assert path.startswith("-") or path in made, (file.name, path)


def commands_of(page: str, beginning: str, root: Path) -> str:
    """The commands of a block of a page, from a line on, in the files of another root and by whoever runs them."""
    text = (DEPLOY.parent / "docs" / "operate" / page).read_text(encoding="utf-8")
    (found,) = re.findall(rf"^ *({re.escape(beginning)}.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return str(found).replace("/etc/", f"{root}/").replace("-o clarion -g clarion ", "")


def test_the_roles_passwords_come_back_from_the_files_of_the_units(tmp_path: Path) -> None:
    """They were removed once the units had them; a restore onto a new server needs them again."""
    passwords = {role: f"{number}a{role}" for number, role in enumerate(PROCESSES)}
    (tmp_path / "clarion-passwords").mkdir()
    for role, password in passwords.items():
        (tmp_path / "clarion-passwords" / role).write_text(f"{password}\n", encoding="utf-8")
    (tmp_path / "clarion-mail.env").write_text("CLARION_MAIL_URL=smtp://clarion:p@mail.example.org\n", encoding="utf-8")

    for page, beginning in (
        ("postgresql.md", "(umask 077\n"),
        ("backup.md", "install -d -o clarion -g clarion -m 0700 /etc"),
    ):
        subprocess.run(["sh", "-ec", commands_of(page, beginning, tmp_path)], check=True)

    found = {file.name: file.read_text(encoding="utf-8").strip() for file in (tmp_path / "clarion-passwords").iterdir()}
    assert found == passwords


class Wrapper:
    """`deploy/systemd/clarion` on a machine where `systemd-run` says what it was told, and nothing is run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.give("systemd-run", 'for one; do echo "$one"; done')
        self.give("runuser", 'shift 3; exec "$@"')

    def give(self, name: str, script: str) -> None:
        """Let a program be there."""
        (self.programs / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (self.programs / name).chmod(0o755)

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run it in the folder."""
        environ = {"PATH": f"{self.programs}:/usr/bin:/bin"} | variables
        command = ["sh", str(DEPLOY / "systemd" / "clarion"), *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, cwd=self.folder)


@pytest.fixture
def wrapper(tmp_path: Path) -> Wrapper:
    return Wrapper(tmp_path)


def test_the_command_runs_with_the_units_settings_and_one_more_file(wrapper: Wrapper) -> None:
    owner = wrapper.folder / "owner file.env"
    owner.touch()

    told = wrapper.run("publish", "a b", ALSO=str(owner)).stdout.splitlines()

    files = [line for line in told if line.startswith("EnvironmentFile=")]
    assert files[-1] == f"EnvironmentFile={owner}"  # systemd: the last one wins
    assert files[0] == "EnvironmentFile=/etc/clarion.env"
    assert told[-3:] == ["/opt/clarion/bin/clarion", "publish", "a b"]
    assert "EnvironmentFile=" not in told


def test_settings_of_the_shell_which_would_not_reach_the_command_are_refused(wrapper: Wrapper) -> None:
    """Somebody who exported the owner's address would otherwise work on another database than they believe."""
    done = wrapper.run("database", "migrate", CLARION_DATABASE_URL="postgresql://clarion:s3cret@db/clarion")

    assert (done.returncode, done.stdout) == (2, "")
    assert "CLARION_DATABASE_URL" in done.stderr
    assert "ALSO=" in done.stderr
    assert "s3cret" not in done.stderr
    assert wrapper.run("doctor", ALSO="owner.env").returncode == 2


def test_the_command_runs_in_this_folder_if_its_user_may_enter_it(wrapper: Wrapper) -> None:
    assert f"--working-directory={wrapper.folder}" in wrapper.run("doctor").stdout

    wrapper.give("runuser", "exit 1")
    assert "--working-directory=/\n" in wrapper.run("doctor").stdout


def test_the_only_trusted_proxies_of_the_containers_are_in_their_networks() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))

    network = compose["networks"]["default"]
    subnets = [one["subnet"] for one in network["ipam"]["config"]]
    assert compose["services"]["clarion"]["environment"]["CLARION_TRUSTED_PROXIES"].split(",") == subnets
    assert {ip_network(one).version for one in subnets} == {4, 6}
    assert network["enable_ipv6"]


def test_the_image_holds_what_was_tested() -> None:
    """Versions and hashes of uv.lock; the program itself asks for nothing more."""
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    makefile = (DEPLOY.parent / "Makefile").read_text(encoding="utf-8")

    assert "export --quiet --frozen --no-dev --no-emit-project --output-file dist/requirements.txt" in makefile
    installs = re.findall(r"pip install .*", dockerfile)
    assert len(installs) == 2
    assert "--require-hashes -r" in installs[0]
    assert "--no-deps --no-index" in installs[1]
