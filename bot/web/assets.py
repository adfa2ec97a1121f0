"""Our templates; our styles, scripts and icon, put together for each page and named by their hash, to be kept."""

from base64 import b64encode
from functools import cache
from hashlib import sha256, sha384
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from corpus.errors import typeset

_STATIC = Path(__file__).parent / "static"
_BUNDLES = {
    "chat.css": ("chat.css", "theme.css", "proof.css"),
    "chat.js": ("shared.js", "quote.js", "chat.js"),
    "panel.css": ("theme.css", "proof.css", "panel.css"),
    "panel.js": ("shared.js", "quote.js", "panel.js"),
    "quote.js": ("shared.js", "quote.js"),
    "pages.css": ("theme.css", "pages.css", "proof.css"),
}
"""What a page loads as one file; the order is that of the cascade."""
TYPES = {
    path.name: {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}[path.suffix]
    for path in _STATIC.iterdir()
}
"""Names of our files, and their types."""


def templates(folder: Path) -> Environment:
    """The templates of a folder: what they show is escaped, and a name that is not there is an error."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typeset"] = typeset
    return environment


@cache
def content(name: str) -> bytes:
    """The bytes of a file of ours, or of the files that a page loads as one."""
    return b"\n".join((_STATIC / part).read_bytes() for part in _BUNDLES.get(name, (name,)))


@cache
def fingerprint(name: str) -> str:
    """What changes when the file does."""
    return sha256(content(name)).hexdigest()[:12]


@cache
def integrity(name: str) -> str:
    """The value of the attribute ``integrity`` of a script or a style."""
    return f"sha384-{b64encode(sha384(content(name)).digest()).decode()}"


def asset(name: str) -> str:
    """The address of a file of ours from the root of the site; one that browsers may keep for ever."""
    return f"motamot/{name}?v={fingerprint(name)}"
