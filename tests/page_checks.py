"""What every page must be for everyone: axe-core, and what it does not see."""

from collections.abc import Iterator
from typing import Any

from real_site import violations

ZOOMED = {"width": 320, "height": 256}
"""A screen of 1280 by 1024 zoomed to 400 %."""

# What a page is to the eye and to a screen reader; each list names the offenders.
LOOK = r"""() => {
  const all = [...document.querySelectorAll("*")];
  const style = (e) => getComputedStyle(e);
  const seen = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && style(e).clipPath !== "inset(50%)";
  const name = (e) => `${e.tagName} ${e.id} ${e.className} ${e.textContent.trim().slice(0, 30)}`;
  const size = (e) => e.getBoundingClientRect();
  /* WCAG excepts the links within a sentence. */
  const within = (e) => e.tagName === "A" && style(e).display === "inline"
    && [...e.parentElement.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const seconds = (value) => Math.max(...value.split(",").map(parseFloat));
  const titles = [...document.querySelectorAll("h1, h2, h3, h4")].filter(seen).map((e) => Number(e.tagName[1]));
  return {
    lang: document.documentElement.lang,
    h1: document.querySelectorAll("h1").length,
    "levels skipped": titles.filter((level, i) => i && level > titles[i - 1] + 1),
    main: document.querySelectorAll("main").length,
    footer: document.querySelectorAll("body > footer").length,
    "wider than the window": document.documentElement.scrollWidth > innerWidth,
    "too small": all.filter((e) => e.matches("a[href], button, input, textarea, summary, [tabindex='0']")
      && seen(e) && !within(e) && (size(e).width < 24 || size(e).height < 24)).map(name),
    "out of its box": all.filter((e) => e.matches("main :is(a, button)") && seen(e)
      && size(e).right > size(e.parentElement.closest("form, div, section, main, ul")).right + 1).map(name),
    "moving": all.filter((e) => seconds(style(e).transitionDuration) > 0
      || style(e).animationName !== "none" && seconds(style(e).animationDuration) > 0).map(name),
    "out of order": all.filter((e) => e.tabIndex > 0).map(name),
  };
}"""
SOUND = {
    "lang": "fr",
    "h1": 1,
    "levels skipped": [],
    "main": 1,
    "footer": 1,
    "wider than the window": False,
    "too small": [],
    "out of its box": [],
    "moving": [],
    "out of order": [],
}
_DEEPEST = """() => {
  let e = document.activeElement;
  while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  return e;
}"""
# Shown by an outline, in the window, and under nothing else, within two seconds: a frame is told a little later that
# the focus is in it, and until then its ``:focus`` applies to nothing.
_INDICATED = """async (e) => {
  const hidden = () => {
    const { outlineStyle, outlineWidth } = getComputedStyle(e);
    if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) return "no outline";
    const { left, top, width, height } = e.getClientRects()[0];
    const [x, y] = [left + Math.min(width / 2, 12), top + Math.min(height / 2, 12)];
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return "out of the window";
    const over = e.getRootNode().elementFromPoint(x, y);
    return over && (e.contains(over) || over.contains(e)) ? "" : `under ${over?.outerHTML.slice(0, 80)}`;
  };
  for (let tries = 0; tries < 100 && hidden(); tries++) await new Promise((again) => setTimeout(again, 20));
  return hidden();
}"""
_NAME = """(e) => (e.getAttribute("aria-label") ?? e.labels?.[0]?.innerText ?? e.innerText ?? e.title).trim()"""


def look(page: Any) -> dict[str, Any]:
    """The page zoomed to 400 %, to be compared with ``SOUND``."""
    before = page.viewport_size
    page.wait_for_load_state()  # words are there before the styles are
    page.set_viewport_size(ZOOMED)
    page.emulate_media(reduced_motion="reduce")
    found: dict[str, Any] = page.evaluate(LOOK)
    page.set_viewport_size(before)
    return found


def axe(page: Any) -> dict[str, list[str]]:
    """Violations in the page and in its frames, on each screen that has any."""
    found = {}
    # Other rules than that of contrast see no colours, which are the same at any width.
    for width, scheme, rules in ((390, "light", ()), (1280, "light", ()), (1280, "dark", ("color-contrast",))):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        frames = [frame for frame in page.frames if frame.url.startswith("http")]
        found[f"{width} {scheme}"] = [rule for frame in frames for rule in violations(frame, *rules)]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return {screen: rules for screen, rules in found.items() if rules}


def focused(page: Any) -> Any:
    """What has the focus, in a shadow tree or in a frame if need be."""
    element = page.evaluate_handle(_DEEPEST).as_element()
    frame = element.content_frame()
    return focused(frame) if frame else element


def name_of(element: Any) -> str:
    name: str = element.evaluate(_NAME)
    return " ".join(name.split())


def assert_indicated(element: Any) -> None:
    """The focus shows there."""
    hidden = element.evaluate(_INDICATED)
    assert hidden == "", f"{hidden}: {element.evaluate('e => e.outerHTML.slice(0, 200)')}"


def stops(page: Any) -> Iterator[Any]:
    """What Tab reaches, one after the other, until it leaves the page."""
    page.evaluate("() => { document.activeElement?.blur?.(); scrollTo(0, 0); }")
    for _ in range(200):
        page.keyboard.press("Tab")
        element = focused(page)
        if element.evaluate("e => e === document.body"):
            return
        yield element
    raise AssertionError("Tab goes on for ever")


def tab_to(page: Any, name: str, *, back: bool = False) -> Any:
    """Press Tab until the focus is on what is so named; it must show at each step."""
    passed = []
    for _ in range(60):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        element = focused(page)
        if element.evaluate("e => e === document.body"):
            continue
        assert_indicated(element)
        passed.append(name_of(element))
        if passed[-1].casefold().startswith(name.casefold()):
            return element
    raise AssertionError(f"{name} is not among {passed}")
