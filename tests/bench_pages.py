"""Print what each page costs a visitor: requests, kilobytes, layout shift, time to the first answer on a slow phone.

    python tests/bench_pages.py

The whole site is served on this machine with an assistant that answers at once: what is timed is the page. The phone
has a processor four times slower than this one, a screen of 390 by 800, and 1.6 Mbit/s down, 0.75 up, 150 ms away.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from conversing import ANSWERS, SHIFTS, box, expect, send
from real_site import chromium
from whole_site import BLOCK, BUTTON, WholeSite, whole_site

RUNS = 3
PHONE = {"width": 390, "height": 800}
SCREEN = {"width": 1280, "height": 800}
SLOW_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
SLOWER = 4


@dataclass(frozen=True, slots=True)
class Cost:
    requests: int
    kilobytes: float
    again: float
    """Kilobytes of a second visit."""
    shift: float
    seconds: float
    """From the click, or from the address, to the answer."""


def chat(page: Any, site: WholeSite, path: str) -> Any:
    page.goto(site.url + path, wait_until="commit")
    return page


def panel(page: Any, site: WholeSite, path: str) -> Any:
    page.goto(site.host + path)
    page.get_by_role("button", name="Poser une question").click()
    return page.frame_locator("dialog iframe")


def block(page: Any, site: WholeSite, path: str) -> Any:
    page.goto(site.host + path)
    return page.frame_locator("motamot-chat iframe")


WAYS: dict[str, tuple[Callable[[Any, WholeSite, str], Any], str]] = {
    "chat page": (chat, ""),
    "light page": (chat, "panneau"),
    "panel in a page": (panel, ""),
    "block in a page": (block, "bench"),
}


def measure(browser: Any, site: WholeSite, name: str) -> Cost:
    way, path = WAYS[name]
    loaded, again, shifts = [], [], []
    for viewport in (SCREEN, PHONE):
        context = browser.new_context(viewport=viewport, reduced_motion="reduce")
        page = context.new_page()
        page.add_init_script(SHIFTS)
        sizes = listen(page)
        place = way(page, site, path)
        expect(box(place)).to_be_visible()
        page.wait_for_load_state("networkidle")
        loaded.append(list(sizes))
        sizes.clear()
        send(place, "dépôt")
        expect(place.locator(ANSWERS)).to_have_count(1)
        page.wait_for_timeout(500)
        shifts.append(max(frame.evaluate("window.shift ?? 0") for frame in page.frames))
        sizes.clear()
        page.evaluate("sessionStorage.clear()")  # or the panel would be open already
        expect(box(way(page, site, path))).to_be_visible()
        page.wait_for_load_state("networkidle")
        again.append(sum(sizes) / 1000)
        context.close()
    first = loaded[0]
    return Cost(
        len(first), sum(first) / 1000, min(again), max(shifts), median(slow(browser, site, name) for _ in range(RUNS))
    )


def listen(page: Any) -> list[int]:
    """Bytes of each answer as it comes over the network, ours only."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    return sizes


def slow(browser: Any, site: WholeSite, name: str) -> float:
    way, path = WAYS[name]
    context = browser.new_context(viewport=PHONE, reduced_motion="reduce")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    begun: list[float] = []
    if way is panel:
        page.goto(site.host + path)
        begun.append(time.perf_counter())
        page.get_by_role("button", name="Poser une question").click()
        place = page.frame_locator("dialog iframe")
    else:
        begun.append(time.perf_counter())
        place = way(page, site, path)
    expect(place.locator("html.mm-scripted")).to_be_attached()  # Enter before is a line break
    expect(box(place)).to_be_visible()
    send(place, "dépôt")
    expect(place.locator(ANSWERS)).to_have_count(1)
    taken: float = time.perf_counter() - begun[0]
    context.close()
    return taken


def main() -> None:
    print(f"{'':18}requests   kB first   kB again   shift   slow phone, s")
    with tempfile.TemporaryDirectory() as folder, whole_site(Path(folder)) as site, chromium() as browser:
        site.host_page("bench", BUTTON.replace(" defer", ""), BLOCK)
        for name in WAYS:
            cost = measure(browser, site, name)
            print(
                f"{name:18}{cost.requests:8}{cost.kilobytes:11.1f}{cost.again:11.1f}{cost.shift:8.3f}{cost.seconds:16.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
