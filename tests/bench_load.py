"""What 200 visitors at once cost: times, errors, fairness, processor and memory of a real ``motamot serve``.

    python tests/bench_load.py [--seconds 60] [--rate 20] [--visitors 200] [--soak 20000]

Starts the server on a free port over the shipped corpus (in ``MOTAMOT_HOME``), asks it the known questions over HTTP,
and prints figures; nothing is asserted. First ``--rate`` questions a second, each visitor in turn (arrivals do not wait
for answers); then every visitor asks again as soon as it is answered; then all of them in the same instant; then
``--soak`` questions, four at a time, with the memory every 1,000. The clients run on the same cores as the server. No
question is asked twice in the same words: what the model made of them is kept. Beside times, which depend on what else
the machine does, stands the processor time of the server for each question.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import numpy as np
from real_site import free_port, resident, waited_for

KNOWN = Path(__file__).parent / "known_questions"


@dataclass
class Phase:
    """What the visitors of one phase saw."""

    name: str
    seconds: dict[int, list[float]] = field(default_factory=dict)
    """Visitor -> times of the answers."""
    statuses: Counter[str] = field(default_factory=Counter)
    refusals: list[float] = field(default_factory=list)
    """Times of the answers 503."""
    wall: float = 0.0
    processor: float = 0.0
    """Seconds that the server's process worked."""

    def report(self) -> None:
        every = np.asarray([s for own in self.seconds.values() for s in own]) * 1000
        if not len(every):
            print(f"{self.name}: nothing answered, {dict(self.statuses)}")
            return
        medians = [float(np.median(own)) * 1000 for own in self.seconds.values()]
        p50, p95, p99 = np.percentile(every, [50, 95, 99])
        print(
            f"{self.name}: {dict(self.statuses)}, {len(every) / self.wall:.1f} answers a second; ms: median {p50:.0f}, "
            f"p95 {p95:.0f}, p99 {p99:.0f}, longest {every.max():.0f}; slowest visitor's median over the median of all "
            f"{max(medians) / p50:.2f}; {1000 * self.processor / len(every):.1f} ms of processor a question"
            + (f"; refused in {1000 * np.median(self.refusals):.0f} ms" if self.refusals else ""),
            flush=True,
        )


def different(questions: Sequence[str]) -> Iterator[str]:
    """The questions, again and again, from the second time on each with a number."""
    yield from questions
    for n in count():
        yield f"{questions[n % len(questions)]} {n}"


async def ask(client: httpx.AsyncClient, phase: Phase, visitor: int, question: str) -> None:
    begun = time.perf_counter()
    try:
        response = await client.post("/api/ask", json={"question": question})
    except (httpx.ReadError, httpx.RemoteProtocolError):
        # The server closed an idle connection in the instant of its use: browsers ask again on a new one.
        phase.statuses["asked again"] += 1
        await ask(client, phase, visitor, question)
        return
    except httpx.HTTPError as error:
        phase.statuses[type(error).__name__] += 1
        return
    taken = time.perf_counter() - begun
    phase.statuses[str(response.status_code)] += 1
    if response.status_code == 200:
        phase.seconds.setdefault(visitor, []).append(taken)
    elif response.status_code == 503:
        phase.refusals.append(taken)


async def open_loop(client: httpx.AsyncClient, questions: Iterator[str], args: argparse.Namespace) -> Phase:
    phase = Phase(f"{args.rate} questions a second, {args.visitors} visitors")
    begun, tasks = time.perf_counter(), []
    for n in range(args.rate * args.seconds):
        await asyncio.sleep(max(0.0, begun + n / args.rate - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(client, phase, n % args.visitors, next(questions))))
    await asyncio.gather(*tasks)
    phase.wall = time.perf_counter() - begun
    return phase


async def closed_loop(client: httpx.AsyncClient, questions: Iterator[str], args: argparse.Namespace) -> Phase:
    phase = Phase(f"{args.visitors} visitors who do not pause")
    begun = time.perf_counter()

    async def visitor(own: int) -> None:
        while time.perf_counter() - begun < args.seconds:
            await ask(client, phase, own, next(questions))

    await asyncio.gather(*(visitor(n) for n in range(args.visitors)))
    phase.wall = time.perf_counter() - begun
    return phase


async def burst(client: httpx.AsyncClient, questions: Iterator[str], n: int) -> Phase:
    phase, begun = Phase(f"{n} in the same instant"), time.perf_counter()
    await asyncio.gather(*(ask(client, phase, own, q) for own, q in zip(range(n), questions, strict=False)))
    phase.wall = time.perf_counter() - begun
    return phase


async def soak(client: httpx.AsyncClient, questions: Iterator[str], wanted: int, pid: int) -> None:
    phase = Phase("soak")

    async def visitor(own: int) -> None:
        for _ in range(250):
            await ask(client, phase, own, next(questions))

    for last in range(1000, wanted + 1, 1000):
        await asyncio.gather(*(visitor(own) for own in range(4)))
        print(f"after {last} questions: {resident(pid):.0f} MiB, {dict(phase.statuses)}", flush=True)


def worked(pid: int) -> float:
    """Processor time of a process, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(address: str, pid: int, args: argparse.Namespace) -> None:
    files = [(KNOWN / f"{name}.jsonl").read_text("utf-8") for name in ("tune", "held")]
    questions = different([json.loads(line)["turns"][-1] for file in files for line in file.splitlines()])
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)

    def client() -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=address, timeout=120, limits=limits)

    async with client() as first:
        for _ in range(20):
            await ask(first, Phase("warm"), 0, next(questions))
    before = resident(pid)
    # Connections of their own: those that a phase leaves idle are closed by the server.
    for phase_of in (
        lambda visitors: open_loop(visitors, questions, args),
        lambda visitors: closed_loop(visitors, questions, args),
        lambda visitors: burst(visitors, questions, args.visitors),
        lambda visitors: burst(visitors, questions, 2 * args.visitors),
    ):
        async with client() as visitors:
            before_phase = worked(pid)
            phase = await phase_of(visitors)
            phase.processor = worked(pid) - before_phase
            phase.report()
    print(f"resident: {before:.0f} MiB before, {resident(pid):.0f} after; load {os.getloadavg()[0]:.1f}", flush=True)
    async with client() as visitors:
        await soak(visitors, questions, args.soak, pid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("seconds", 60), ("rate", 20), ("visitors", 200), ("soak", 0)):
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    address = f"http://127.0.0.1:{(port := free_port())}"
    env = {**os.environ, "MOTAMOT_RATE_LIMIT": "non"}
    command = [sys.executable, "-c", "from bot.cli import main; main()", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=env)
    try:
        waited_for(lambda: httpx.get(f"{address}/readyz", timeout=30).is_success, server)
        asyncio.run(measure(address, server.pid, args))
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    main()
