"""What is shipped to run the service: container, systemd unit and nginx lines that say what the program can do."""

import fnmatch
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
import yaml
from conftest import ROOT
from fake_assistant import HOSTILE, About, FakeAssistant
from real_command import MOTAMOT, Places, confined, serving
from real_site import behind_nginx, free_port, nginx_with, served, waited_for

from bot import cli, site
from bot.settings import Settings
from bot.web.server import build_app

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
UNIT = (ROOT / "deploy" / "motamot.service").read_text(encoding="utf-8")


def instructions(name: str) -> list[str]:
    """What follows a word of the Dockerfile, continued lines joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.split(None, 1)[1] for line in joined.splitlines() if line.split(None, 1)[:1] == [name]]


def setting(name: str) -> list[str]:
    """The values of a key of the unit."""
    return [line.partition("=")[2] for line in UNIT.splitlines() if line.startswith(f"{name}=")]


def assert_is_understood(command: list[str]) -> None:
    """The command line is one of ours: names of options, and values of the right form."""
    assert Path(command[0]).name == "motamot"
    app = typer.main.get_command(cli.app)
    with app.make_context("motamot", command[1:]) as context:
        subcommand = app.get_command(context, command[1])  # type: ignore[attr-defined]
        with subcommand.make_context(command[1], command[2:]) as inner:
            assert inner.args == []


# --- what is installed -------------------------------------------------------------------------


def test_everyone_is_told_the_same_about_the_cpu_build() -> None:
    index, uv = "https://download.pytorch.org/whl/cpu", PROJECT["tool"]["uv"]

    assert f"pip install -e . --extra-index-url {index}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"ARG PIP_EXTRA_INDEX_URL={index}" in DOCKERFILE
    assert uv == {
        "index": [{"name": "pytorch-cpu", "url": index, "explicit": True}],
        "sources": {"torch": {"index": "pytorch-cpu"}},
    }


# --- the container -----------------------------------------------------------------------------


def test_the_container_runs_our_command_without_root_and_is_watched_where_it_listens() -> None:
    [*_, user] = instructions("USER")
    [command] = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)

    assert int(user.split(":")[0]) > 0
    assert_is_understood(tomllib.loads(f"command = {command}")["command"])
    [exposed], [check] = instructions("EXPOSE"), instructions("HEALTHCHECK")

    assert f"http://127.0.0.1:{exposed}/healthz" in check
    assert f'"--port", "{exposed}"' in DOCKERFILE
    program = tomllib.loads(f"c = {check[check.index('[') :]}")["c"][-1]
    compile(program, "HEALTHCHECK", "exec")


def test_the_container_gets_all_that_the_wheel_is_made_of() -> None:
    needed = {*PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"], "pyproject.toml", "README.md"}
    needed |= set(PROJECT["project"]["license-files"])
    copied = {name for line in instructions("COPY") for name in line.split()[:-1]}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()

    assert needed <= copied
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} >= needed
    assert [name for name in needed if any(fnmatch.fnmatch(name, line) for line in ignored[1:])] == []


# --- the unit ----------------------------------------------------------------------------------


def test_the_unit_runs_our_command_without_root_in_a_folder_of_its_own() -> None:
    [start], [user], [folder] = setting("ExecStart"), setting("User"), setting("StateDirectory")

    assert_is_understood(shlex.split(start))
    assert user not in ("root", "nobody")
    assert f"MOTAMOT_HOME=/var/lib/{folder}" in setting("Environment")
    assert f"/var/lib/{folder}" in (ROOT / "deploy" / "motamot.sysusers.conf").read_text(encoding="utf-8")
    assert setting("ProtectSystem") == ["strict"]
    assert setting("NoNewPrivileges") == ["yes"]
    assert setting("ExecReload") == ["/bin/kill -HUP $MAINPID"]


def test_the_unit_leaves_the_answers_under_way_the_time_that_the_server_gives_them() -> None:
    server = (ROOT / "bot" / "web" / "server.py").read_text(encoding="utf-8")
    [graceful] = re.findall(r"timeout_graceful_shutdown=(\d+)", server)

    assert int(setting("TimeoutStopSec")[0]) > 2 * int(graceful)


# --- a read-only system, without privileges: with a journal, in test_privacy.py ------------------


@pytest.mark.privileged
@pytest.mark.model
def test_what_is_built_answers_from_a_folder_that_is_read_only_too(where: Places) -> None:
    settings = {"INDEX": str(where.root / "index")}
    if not (before := confined(where, "tmp")):
        pytest.skip("this system lets nobody mount folders read-only: run as root, or with user namespaces")

    with serving(where, settings, before=before) as site:
        assert site.send("/api/ask", b'{"question": "Peut-on modifier un CTI en cours par avenant ?"}')[0] == 200

    assert b"Index construit" not in where.printed
    environment = where.environment() | {"MOTAMOT_INDEX": settings["INDEX"]}
    for command, words in [
        (("serve", "--port", str(free_port())), ".sqlite3"),
        (("build",), "« --index »\u00a0; l’index précédent reste en service"),
    ]:
        done = subprocess.run(
            [*before, MOTAMOT, *command], env=environment | {"MOTAMOT_JOURNAL": "true"}, cwd=where.root,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr.startswith("Erreur\u00a0: ")
        assert done.stderr.count("\n") == 1
        assert "système de fichiers en lecture seule" in done.stderr
        assert words.replace("« ", "«\u00a0").replace(" »", "\u00a0»") in done.stderr


# --- nginx -------------------------------------------------------------------------------------

LINES = [ROOT / "deploy" / "nginx.conf", ROOT / "bot" / "web" / "templates" / "nginx.conf"]


@pytest.fixture(params=LINES, ids=["shipped", "integration page"])
def proxied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path, int]]:
    """The address of nginx with the lines that we give, its folder, and the port of the service behind it."""
    port, behind = free_port(), free_port()
    lines = request.param.read_text(encoding="utf-8").replace("127.0.0.1:7860", f"127.0.0.1:{behind}")
    with behind_nginx(tmp_path, f"server {{ listen 127.0.0.1:{port}; {lines} }}"):
        yield f"http://127.0.0.1:{port}/assistant", tmp_path, behind


def status(url: str) -> int:
    """Of a GET; waits for a server that is starting."""
    return waited_for(lambda: httpx.get(url, timeout=20, verify=False).status_code)


def test_no_question_reaches_the_logs_of_nginx(proxied: tuple[str, Path, int]) -> None:
    address, folder, behind = proxied
    assert status(f"{address}/reponse?question=zanzibar") == 502  # nobody is there yet, which is an error to log
    with served(build_app(FakeAssistant({}, About((HOSTILE.source,))), root_path="/assistant"), behind):
        found = [status(f"{address}{path}") for path in ("/", "/reponse?question=zanzibar", "/fiche?question=zanzibar")]
        counters = status(f"{address}/metrics")

    assert found == [200, 200, 200]
    assert counters in {403, 404}  # not through a proxy, whatever it says
    log = (folder / "access.log").read_text(encoding="utf-8")
    assert "GET /assistant/ " in log
    assert "zanzibar" not in log
    assert "zanzibar" not in (folder / "error.log").read_text(encoding="utf-8")


# --- several machines ------------------------------------------------------------------------------


def rendered() -> list[dict[str, Any]]:
    """The chart with its own values, as ``helm template`` would write it: it uses no more of the language than this."""
    chart = ROOT / "deploy" / "helm" / "motamot"
    values = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))

    def value(found: re.Match[str]) -> str:
        name, _, way = found[1].partition(" | ")
        text = str(values[name.removeprefix(".Values.")])
        if way == "indent 4":
            return "\n".join(f"    {line}" for line in text.splitlines())
        assert way in ("", "quote")
        return json.dumps(text) if way else text

    text = (chart / "templates" / "motamot.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load_all(re.sub(r"{{ (.+?) }}", value, text)))


def test_the_chart_starts_what_the_program_understands_and_asks_it_where_it_answers() -> None:
    config, deployment, service, budget, ingress = rendered()

    assert [each["kind"] for each in (config, deployment, service, budget, ingress)] == [
        *("ConfigMap", "Deployment", "Service", "PodDisruptionBudget", "Ingress")
    ]
    pod = deployment["spec"]["template"]
    [container] = pod["spec"]["containers"]
    assert_is_understood(container["command"])
    names = {each["name"].removeprefix("MOTAMOT_").lower() for each in container["env"]}
    assert names | set(tomllib.loads(config["data"]["motamot.toml"])) <= set(Settings.model_fields)
    port = container["ports"][0]
    assert str(port["containerPort"]) in container["command"]
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    probes = {container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert probes == {"/readyz", "/healthz"}
    labels = pod["metadata"]["labels"]
    assert labels == service["spec"]["selector"] == budget["spec"]["selector"]["matchLabels"]
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["spec"]["volumes"]}
    assert ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] == service["metadata"]["name"]
    # Seconds: the pause before the stop, the answers under way, and what the parent waits for.
    assert pod["spec"]["terminationGracePeriodSeconds"] > 5 + site._FINISH


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_the_chart_is_as_kubernetes_wants_it(version: str) -> None:
    import kubernetes_validate  # a second, in each process that collects tests

    for resource in rendered():
        kubernetes_validate.validate(resource, version, strict=True)


def test_compose_starts_what_the_program_understands() -> None:
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]

    for name in ("server", "build"):
        assert_is_understood(services[name]["command"])
        variables = {each.removeprefix("MOTAMOT_").lower() for each in services[name]["environment"]}
        assert variables <= set(Settings.model_fields)
    assert services["server"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", ["nginx-replicas.conf", "nginx-oauth2.conf"])
def test_nginx_reads_what_stands_in_front_of_several_servers(tmp_path: Path, name: str) -> None:
    lines = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    # Debian's nginx 1.22 resolves the names of an upstream when it starts, and cannot be told to do so later.
    lines = lines.replace("server server:7860 resolve", "server 127.0.0.1:7860").replace(
        "resolver 127.0.0.11", "resolver 127.0.0.1"
    )
    whole = lines if "upstream motamot" in lines else f"server {{ listen 18080; {lines} }}"
    ran = subprocess.run([*nginx_with(tmp_path, whole), "-t"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
