"""Who may show our pages inside a page of theirs: the sites of the Content-Security-Policy ``frame-ancestors``."""

import re

SELF = "'self'"

# A scheme, a host (or all those under a name), a port; nothing that could end the directive or begin another.
_SITE = re.compile(
    r"https?:// (?: \*\. )? [a-z0-9] (?: [a-z0-9-]* [a-z0-9] )? (?: \. [a-z0-9] (?: [a-z0-9-]* [a-z0-9] )? )* "
    r"(?: : \d{1,5} )? /?",
    re.VERBOSE,
)


def read_frame_ancestors(value: object) -> tuple[str, ...]:
    """The sites that may embed, from a list or from words separated by spaces or commas.

    >>> read_frame_ancestors("https://intranet.example, https://*.ville.example")
    ('https://intranet.example', 'https://*.ville.example')

    Raises:
        ValueError: One of them is not the address of a site.
    """
    # The separators are those that a person types: a line break is not one, so that none reaches a header.
    sites = re.split(r"[ ,]+", value.strip(" ,")) if isinstance(value, str) else value
    if not isinstance(sites, list | tuple):
        raise ValueError(f"{value!r} is not a list of sites")
    return tuple(_read(site) for site in sites if site != "")


def _read(site: object) -> str:
    found = site.lower() if isinstance(site, str) else ""
    port = re.search(r":(\d+)/?\Z", found)
    if not _SITE.fullmatch(found) or (port and not 1 <= int(port[1]) <= 65535):
        raise ValueError(f"{site!r} is not the address of a site")
    return found.removesuffix("/")
