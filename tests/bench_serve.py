"""Print what a start and a question cost: unpack, build, ready, time of an answer, memory.

    python tests/bench_serve.py

Everything is made from nothing in a temporary data directory; each figure comes from this one run, on this machine.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import httpx

QUESTIONS = Path(__file__).parent / "known_questions" / "tune.jsonl"
MOTAMOT = [sys.executable, "-c", "from bot.cli import main; main()"]
UNPACK = """
import time
import sentence_transformers
from index.e5.unpack import unpack_default_model
from index.paths import data_home
begun = time.perf_counter()
unpack_default_model(data_home() / "models")
print(time.perf_counter() - begun)
"""


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of a command, seconds."""
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - begun


def memory(pid: int) -> float:
    """Resident memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def wait_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the server answers."""
    while True:
        try:
            httpx.get(f"{url}/healthz").raise_for_status()
            return
        except httpx.HTTPError:
            if process.poll() is not None:
                raise SystemExit(f"the server stopped with code {process.returncode}") from None
            time.sleep(0.1)


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "MOTAMOT_HOME": home}
        unpack = subprocess.run([sys.executable, "-c", UNPACK], env=environment, capture_output=True, check=True)
        print(f"unpack the model              {float(unpack.stdout):8.1f} s")
        print(f"motamot build, all included   {timed([*MOTAMOT, 'build'], environment):8.1f} s")
        print(f"motamot build, nothing new    {timed([*MOTAMOT, 'build'], environment):8.1f} s")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        begun = time.perf_counter()
        server = subprocess.Popen([*MOTAMOT, "serve", "--port", str(port)], env=environment, stderr=subprocess.DEVNULL)
        try:
            wait_ready(url, server)
            print(f"motamot serve, ready after    {time.perf_counter() - begun:8.1f} s")
            measure_answers(url, server.pid)
        finally:
            server.terminate()
            server.wait(timeout=10)


def measure_answers(url: str, pid: int) -> None:
    """Ask every known question over HTTP; ``elapsed_ms`` is the time inside the server."""
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    inside, outside = [], []
    with httpx.Client(base_url=url) as client:
        for row in rows:
            begun = time.perf_counter()
            body = {"question": row["turns"][-1], "history": row["turns"][:-1]}
            answer = client.post("/api/ask", json=body).raise_for_status().json()
            outside.append((time.perf_counter() - begun) * 1000)
            if answer["kind"] != "smalltalk":
                inside.append(answer["elapsed_ms"])
    for name, times in (("inside the server", inside), ("over HTTP", outside)):
        print(f"one question, {name:17} {median(times):6.1f} ms median, {quantiles(times, n=20)[-1]:6.1f} ms p95")
    print(f"resident memory               {memory(pid):8.0f} MiB after {len(rows)} questions")


if __name__ == "__main__":
    main()
