"""Nothing leaves: the main job runs whole where every way out of the machine is closed, and tries none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_corpus import FAQ, FEW, write_corpus

WANTED = {
    "HF_HUB_OFFLINE": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "TOKENIZERS_PARALLELISM": "false",
    "ORT_DISABLE_TELEMETRY": "1",
}
"""What libraries read once, when they are imported."""

JOB = '''
import ipaddress, json, os, socket, sys, threading, time
from pathlib import Path

QUESTION = sys.argv[1]
attempted = []


def is_loopback(host):
    if host in ("localhost", "", None, b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False  # a name: only a resolver outside knows it


def closed(name, host_of):
    """Replaces socket.<name>: anything but this machine is noted, and refused."""
    owner = socket.socket if hasattr(socket.socket, name) else socket
    real = getattr(owner, name)

    def guarded(*arguments, **named):
        host = host_of(*arguments, **named)
        if not is_loopback(host):
            attempted.append(f"{name} {host}")
            raise OSError(f"{name} {host}: closed by the test")
        return real(*arguments, **named)

    setattr(owner, name, guarded)


def address(_, where, *rest):
    return where[0] if isinstance(where, tuple) else None  # a path: a socket of this machine


for name in ("connect", "connect_ex"):
    closed(name, address)
closed("sendto", lambda _, data, *rest: address(_, rest[-1]))
for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
    closed(name, lambda host, *rest, **named: host)


def ask(port, path, body=None):
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request("POST" if body else "GET", path, body, headers)
    response = connection.getresponse()
    return response.status, response.read().decode()


def run(*arguments):
    """The command, as typed; its exit code."""
    from bot.cli import main
    sys.argv = ["motamot", *arguments]
    try:
        main()
    except SystemExit as exited:
        return exited.code or 0
    return 0


codes = [run("build"), run("ask", QUESTION, "--json")]

from bot.cli_index import open_assistant
from bot.web.server import build_app
from bot.settings import read_settings
import uvicorn

app = build_app(open_assistant(read_settings()))
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
thread = threading.Thread(target=server.run)
thread.start()
while not server.started:
    assert thread.is_alive()
    time.sleep(0.05)
page = ask(port, "/")
answer, refusal = (
    ask(port, "/api/ask", json.dumps({"question": asked})) for asked in (QUESTION, "quelle est la capitale du Pérou ?")
)
server.should_exit = True
thread.join(20)

# Proof that the doors are closed, and that the test would see someone try them.
tried = list(attempted)
for attempt in (lambda: socket.create_connection(("192.0.2.1", 80), 1), lambda: socket.getaddrinfo("example.org", 80)):
    try:
        attempt()
    except OSError:
        pass
report = {"codes": codes, "page": page[0], "answer": answer, "refusal": refusal, "tried": tried}
report["doors"] = len(attempted) - len(tried)
Path(os.environ["REPORT"]).write_text(json.dumps(report), encoding="utf-8")
'''
QUESTION = "amende si retard ?"


@pytest.mark.model
def test_build_ask_refuse_and_serve_work_without_a_network_and_try_no_way_out(
    model_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("offline")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOTAMOT_")}
    environment |= {
        "MOTAMOT_HOME": str(model_home),
        "MOTAMOT_CORPUS": str(write_corpus(folder / "corpus", phrasings=FEW)),
        "MOTAMOT_INDEX": str(folder / "index"),
        "REPORT": str(folder / "report.json"),
        "HOME": str(folder / "home"),
        "XDG_CACHE_HOME": str(folder / "home"),
        # What a developer's machine may have set must not be what keeps it offline.
        **dict.fromkeys(WANTED, ""),
    }
    done = subprocess.run(
        [sys.executable, "-c", JOB, QUESTION],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    job = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    status, body = job["answer"]
    assert job["codes"] == [0, 0]
    assert json.loads(job["refusal"][1])["kind"] == "refuse"
    assert (job["page"], status) == (200, 200)
    assert json.loads(body)["quotes"][0]["text"] == FAQ["retard"][1]
    assert job["tried"] == []
    # The reports of a library in C++ are not seen by the doors, but it numbers the machine before it sends any.
    assert [path for path in (folder / "home").rglob("*") if path.is_file()] == []
    assert job["doors"] == 2, "the doors were not closed: this test proves nothing"


SEEN = """
import os, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("gradio", "huggingface_hub", "onnxruntime", "tokenizers", "transformers", "torch"):
            print(name, *(os.environ.get(key) for key in sys.argv[1:]))
            os._exit(0)

sys.meta_path.insert(0, Watch())
"""
"""Prints the environment at the first import of a library that reads it."""


@pytest.mark.parametrize(
    "entry",
    [
        "import bot.cli; import gradio",
        "import bot.web.gradio_page",
        "import index.sentence_transformer; import sentence_transformers",
        "import index.e5.onnx_encoder; import onnxruntime",
        "import bot.evaluation.pytest_plugin; import bot.cli; import torch",
    ],
)
def test_the_environment_is_set_before_any_library_reads_it(entry: str) -> None:
    environment = {**os.environ, **dict.fromkeys(WANTED, "")}

    seen = subprocess.run(
        [sys.executable, "-c", SEEN + entry, *WANTED], env=environment, capture_output=True, text=True, check=True
    )

    assert seen.stdout.split()[1:] == list(WANTED.values())
