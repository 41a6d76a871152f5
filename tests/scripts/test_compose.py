"""The production files say what the code does: same commands, known variables, no privilege to spare."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from scripts import valkey
from scripts.place import Place
from scripts.postgres import ROLES_SQL, SETTINGS, find_binaries
from scripts.run import programs
from tests.scripts.conftest import ROOT
from tests.scripts.test_servers import rows

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
OURS = [name for name, service in SERVICES.items() if service["image"] == "ai-governance-portal"]
GIVEN = {
    "PORTAL_APP_PASSWORD": "apples",
    "PORTAL_OWNER_PASSWORD": "oranges",
    "POSTGRES_PASSWORD": "pears",
    "PORTAL_PUBLIC_URL": "https://portal.example",
    "PORTAL_SECRET_KEY": "plums" * 20,
}


def filled(value: str) -> str:
    """The value as Compose makes it from the environment above."""
    return re.sub(r"\$\{(\w+):([?-])([^}]*)\}", lambda found: GIVEN.get(found[1]) or found[3], value)


def environment(service: str) -> dict[str, str]:
    return {name: filled(str(value)) for name, value in SERVICES[service]["environment"].items()}


def test_production_has_the_five_services_and_a_migration_before_them() -> None:
    assert set(SERVICES) == {"web", "worker", "beat", "postgres", "redis", "migrate"}
    assert set(OURS) == {"web", "worker", "beat", "migrate"}
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_web_worker_and_beat_run_what_make_run_runs() -> None:
    everywhere = environment("web")["PORTAL_HOST"]
    here = Place(Path("/data"), everywhere, 8000, "https://portal.example", demo=False)
    commands = {program.name: ["python", *program.command[1:]] for program in programs(here)}
    (line,) = re.findall(r"^CMD (\[.*\])", DOCKERFILE, re.MULTILINE)
    assert json.loads(line) == commands["web"]
    assert "command" not in SERVICES["web"]
    assert SERVICES["worker"]["command"] == commands["worker"]
    assert SERVICES["beat"]["command"] == commands["beat"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_root_or_writes_outside_its_volumes(name: str) -> None:
    service = SERVICES[name]
    if name in OURS:
        assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE) == ["portal"]
    else:
        assert service["user"] in {"postgres", "valkey"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_data_live_in_named_volumes() -> None:
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert {source for source in mounted if not source.startswith(".")} == set(COMPOSE["volumes"])
    for source in mounted - set(COMPOSE["volumes"]):
        assert (ROOT / source).is_file()


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate", "beat"}))
def test_every_service_that_serves_is_asked_whether_it_does(name: str) -> None:
    kind, program, *arguments = SERVICES[name]["healthcheck"]["test"]
    assert kind == "CMD"
    if program == "python":
        assert importlib.util.find_spec(arguments[1]) is not None


@pytest.mark.parametrize("name", sorted(set(OURS)))
def test_every_variable_is_one_that_the_code_reads(name: str) -> None:
    code = "".join((ROOT / file).read_text() for file in ("portal/settings.py", "scripts/place.py"))
    for variable in environment(name):
        assert f'"{variable}"' in code, variable


def test_every_secret_must_be_given_and_none_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    required = set(re.findall(r"\$\{(\w+):\?\}", text))
    assert required == set(GIVEN)
    assert not {
        name for name in re.findall(r"\$\{(\w+):-[^}]", text) if re.search("PASSWORD|SECRET|KEY", name)
    }


def test_the_settings_accept_this_environment_as_production() -> None:
    ask = (
        "import json; from portal import settings as s;"
        " logins = [s.DATABASES[alias][part] for alias in ('default', 'owner')"
        "  for part in ('USER', 'PASSWORD', 'HOST', 'NAME')];"
        " told = [s.PRODUCTION, s.HTTPS, s.ALLOWED_HOSTS, logins, s.CELERY_BROKER_URL, str(s.PORTAL_HOME)];"
        " print(json.dumps(told))"
    )
    image = dict(
        pair.split("=", 1) for pair in shlex.split(DOCKERFILE.split("\nENV ")[-1].split("\nUSER")[0])
    )
    told = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=ROOT,
        env={**image, "PATH": os.environ["PATH"], **environment("web")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == [
        True,
        True,
        ["portal.example"],
        [
            *("portal_app", "apples", "postgres", "portal"),
            *("portal_owner", "oranges", "postgres", "portal"),
        ],
        "redis://redis:6379/0",
        "/data",
    ]


def test_the_servers_are_set_as_the_embedded_ones() -> None:
    redis = SERVICES["redis"]["command"]
    given = {name.removeprefix("--"): value for name, value in zip(redis[1::2], redis[2::2], strict=True)}
    assert given.items() <= valkey.SETTINGS.items()
    postgres = set(SERVICES["postgres"]["command"][2::2])
    assert postgres <= {f"{name}={value}" for name, value in SETTINGS.items()}


def test_the_roles_get_their_passwords_and_may_be_made_twice() -> None:
    sockets = Path(os.environ["REDIS_URL"].removeprefix("unix://")).parent
    as_superuser = f"host={sockets} user=postgres dbname=postgres"
    psql = [
        str(find_binaries() / "psql"),
        "-Xq",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        str(sockets),
        "-U",
        "postgres",
    ]
    for _ in range(2):
        subprocess.run(
            [*psql, "-d", "postgres", "-f", str(ROLES_SQL)], env=environment("postgres"), check=True
        )
    kept = "SELECT rolname, rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname LIKE 'portal%'"
    assert set(rows(as_superuser, kept)) == {("portal_owner", True), ("portal_app", True)}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_comes_back_by_itself_and_only_the_migration_runs_once(name: str) -> None:
    assert SERVICES[name]["restart"] == ("no" if name == "migrate" else "unless-stopped")


def test_what_the_image_copies_exists() -> None:
    for source in re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE):
        assert (ROOT / source).exists()


def test_every_file_that_a_build_step_names_exists() -> None:
    steps = " ".join(re.findall(r"^RUN (.*)$", DOCKERFILE, re.MULTILINE))
    named = re.findall(r"(?:-r|python) ([\w/]+\.(?:lock|py))", steps)
    assert set(named) == {"requirements/installer.lock", "requirements/runtime.lock", "manage.py"}
    for file in named:
        assert (ROOT / file).is_file()


@pytest.mark.parametrize("name", OURS)
def test_every_command_starts_a_module_or_a_file_that_there_is(name: str) -> None:
    (line,) = re.findall(r"^CMD (\[.*\])", DOCKERFILE, re.MULTILINE)
    python, first, *more = SERVICES[name].get("command", json.loads(line))
    assert python == "python"
    if first == "-m":
        assert importlib.util.find_spec(more[0]) is not None
    else:
        assert (ROOT / first).is_file()
        assert more[0] in get_commands()


def test_what_the_commands_need_is_not_kept_out_of_the_image() -> None:
    """Each pattern of .dockerignore, matched against what the running portal reads."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    read = [f"{area.replace('.', '/')}/area.py" for area in settings.PORTAL_AREAS]
    read += [
        "manage.py",
        "portal/settings.py",
        "scripts/probe.py",
        "templates/base.html",
        "static/css/app.css",
    ]
    kept_out = {
        (file, pattern)
        for file in read
        for pattern in patterns
        if fnmatch(file, pattern) or fnmatch(file.split("/", 1)[0], pattern)
    }
    assert kept_out == set()
