"""Print what a start, a command and a question cost: build, ready, whole ``ask``, time of an answer, memory.

    python tests/bench_serve.py [MOTAMOT …]

``MOTAMOT`` is a command, by default the ``motamot`` of this Python; several (another version, say) are measured in turn
and printed side by side. Everything is made from nothing in temporary data directories, on the corpus that each ships.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles

import httpx
from real_site import free_port, resident, waited_for

KNOWN = Path(__file__).parent / "known_questions" / "tune.jsonl"
RUNS = 3
"""Of what is short and noisy: its median is printed."""
Costs = dict[str, list[float]]


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of a command, seconds."""
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - begun


def measure_builds(motamot: str, environment: dict[str, str], costs: Costs) -> None:
    other = str(Path(environment["MOTAMOT_HOME"]) / "other-index")
    costs["first build, unpacking the model, s"].append(timed([motamot, "build"], environment))
    costs["build of the shipped corpus, s"].append(timed([motamot, "build", "--index", other], environment))
    costs["build, nothing new, s"].append(timed([motamot, "build"], environment))


def measure_start(motamot: str, environment: dict[str, str], costs: Costs, *, ask: bool) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    begun = time.perf_counter()
    server = subprocess.Popen([motamot, "serve", "--port", str(port)], env=environment, stderr=subprocess.DEVNULL)
    try:
        waited_for(lambda: httpx.get(f"{url}/healthz").is_success, server)
        costs["serve, /healthz after, s"].append(time.perf_counter() - begun)
        waited_for(lambda: httpx.get(f"{url}/readyz").is_success, server)
        costs["serve, ready after, s"].append(time.perf_counter() - begun)
        if ask:
            measure_answers(url, costs)
            costs["resident memory of serve, MiB"].append(resident(server.pid))
    finally:
        server.terminate()
        server.wait(timeout=30)


def measure_answers(url: str, costs: Costs) -> None:
    """Ask every known question over HTTP; ``elapsed_ms`` is the time inside the server."""
    rows = [json.loads(line) for line in KNOWN.read_text(encoding="utf-8").splitlines()]
    inside, outside = [], []
    with httpx.Client(base_url=url) as client:
        for row in rows:
            begun = time.perf_counter()
            body = {"question": row["turns"][-1], "history": row["turns"][:-1]}
            answer = client.post("/api/ask", json=body).raise_for_status().json()
            outside.append((time.perf_counter() - begun) * 1000)
            if answer["kind"] != "smalltalk":
                inside.append(answer["elapsed_ms"])
    for name, times in (("in the server", inside), ("over HTTP", outside)):
        costs[f"one question {name}, median, ms"].append(median(times))
        costs[f"one question {name}, p95, ms"].append(quantiles(times, n=20)[-1])


def main() -> None:
    commands = sys.argv[1:] or [str(Path(sys.executable).parent / "motamot")]
    found: list[Costs] = [defaultdict(list) for _ in commands]
    with tempfile.TemporaryDirectory() as folder:
        # The rate limit is made for visitors, who do not ask two hundred questions in a row.
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MOTAMOT_")}
        environments = [
            {**kept, "MOTAMOT_HOME": f"{folder}/{number}", "MOTAMOT_RATE_LIMIT": "non"}
            for number in range(len(commands))
        ]
        measured = list(zip(commands, environments, found, strict=True))
        for motamot, environment, costs in measured:
            measure_builds(motamot, environment, costs)
        for run in range(RUNS):  # by turns: what else the machine does burdens all alike
            for motamot, environment, costs in measured:
                asked = [motamot, "ask", "Peut-on modifier un CTI en cours par avenant ?"]
                costs["ask, whole process, s"].append(timed(asked, environment))
                measure_start(motamot, environment, costs, ask=run == RUNS - 1)
    for number, command in enumerate(commands):
        print(f"[{number + 1}] {command}")
    print(f"{'':40}" + "".join(f"{f'[{number + 1}]':>10}" for number in range(len(commands))))
    for name in found[0]:
        print(f"{name:40}" + "".join(f"{median(costs[name]):10.1f}" for costs in found))


if __name__ == "__main__":
    main()
