"""A server that listens before its site is loaded, and takes up the settings of pages without a restart."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
from fake_assistant import HOSTILE, About, FakeAssistant
from fastapi import FastAPI
from real_site import free_port, served, waited_for

from bot.web.branding import Branding
from bot.web.server import Loading, build_app, configuration

PERSON = {"accept": "text/html"}


def test_while_the_site_is_loading_it_says_so_and_then_answers() -> None:
    loaded, ready = threading.Event(), threading.Event()

    def load() -> FastAPI:
        assert loaded.wait(60)
        return build_app(FakeAssistant({}, About((HOSTILE.source,))))

    port = free_port()
    app = Loading(load, lambda: Branding("Ville de Test"), ready.set, "")
    with served(app, port), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        probe = client.get("/readyz")
        assert (probe.status_code, probe.json(), probe.headers["retry-after"]) == (503, {"status": "loading"}, "5")
        asked = client.post("/api/ask", json={"question": "q"})
        assert (asked.status_code, asked.headers["retry-after"]) == (503, "5")
        assert asked.json()["detail"].startswith("Le service démarre\u00a0: il sera prêt dans quelques instants.")
        page = client.get("/", headers=PERSON)
        assert (page.status_code, page.headers["retry-after"]) == (503, "5")
        assert "Le service démarre" in page.text
        assert page.headers["x-content-type-options"] == "nosniff"
        assert client.get("/motamot/theme.css").status_code == 200
        loaded.set()
        assert ready.wait(60)

        assert client.get("/readyz").json()["status"] == "ready"
        assert client.post("/api/ask", json={"question": "q"}).json()["kind"] == "refuse"
        assert "mm-log" in client.get("/", headers=PERSON).text
        assert "Ville de Test s’engage" in client.get("/accessibilite", headers=PERSON).text


def test_what_keeps_the_site_from_being_loaded_ends_the_server() -> None:
    def load() -> FastAPI:
        raise RuntimeError("no index")

    stopped = threading.Event()
    app = Loading(load, Branding, lambda: None, "")
    app.stop = stopped.set
    with served(app, free_port()):
        assert stopped.wait(60)

    assert str(app.failure) == "no index"
    assert configuration(app, "127.0.0.1", 1).log_config is None


def test_a_site_that_is_loaded_after_the_stop_is_let_go_in_silence() -> None:
    stopped, loading = threading.Event(), list[threading.Thread]()

    def load() -> FastAPI:
        loading.append(threading.current_thread())
        assert stopped.wait(60)
        return FastAPI()

    with served(Loading(load, Branding, lambda: None, ""), free_port()):
        pass
    stopped.set()
    loading[0].join(60)  # what is raised in a thread fails a test

    assert not loading[0].is_alive()


SERVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from fake_assistant import HOSTILE, About, FakeAssistant
from bot.web.branding import Branding
from bot.web.server import Loading, build_app, serve
from corpus.errors import SettingsError

def branding():
    contact = Path(sys.argv[3]).read_text()
    if not contact:
        raise SettingsError("nothing")
    return Branding(contact=contact, embedded_by=("https://" + contact,))

def load():
    app = build_app(FakeAssistant({}, About((HOSTILE.source,))))
    assert not {"mcp", "scipy.stats", "torch"} & set(sys.modules)  # seconds more until it answers
    return app

serve(Loading(load, branding, lambda: None, ""), "127.0.0.1", int(sys.argv[2]))
"""


def test_at_sighup_the_settings_of_pages_are_read_again_and_what_is_wrong_changes_nothing(tmp_path: Path) -> None:
    contact = tmp_path / "contact"
    contact.write_text("un.example")
    port = free_port()
    command = [sys.executable, "-c", SERVER, str(Path(__file__).parent), str(port), str(contact)]
    with subprocess.Popen(command) as server, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        try:

            def until(said: str) -> httpx.Response:
                def shown() -> httpx.Response | None:
                    page = client.get("/reponse?question=q", headers=PERSON)
                    return page if page.is_success and said in page.text else None

                return waited_for(shown, server)

            until("un.example")
            contact.write_text("deux.example")
            os.kill(server.pid, signal.SIGHUP)
            page = until("deux.example")
            assert "un.example" not in page.text
            assert page.headers["content-security-policy"].endswith("frame-ancestors 'self' https://deux.example")
            contact.write_text("")
            os.kill(server.pid, signal.SIGHUP)
            client.post("/api/ask", json={"question": "q"})
            until("deux.example")
        finally:
            server.terminate()
    assert server.returncode in (0, -signal.SIGTERM)


def test_under_a_prefix_too() -> None:
    port = free_port()
    app = Loading(lambda: time.sleep(60) or FastAPI(), Branding, lambda: None, "/faq")  # type: ignore[func-returns-value]
    with served(app, port), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        page = client.get("/faq/", headers=PERSON)

    assert page.status_code == 503
    assert 'href="/faq/motamot/pages.css?v=' in page.text
