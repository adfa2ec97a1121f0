"""Who asks: an address, as a proxy that the operator trusts gives it, and how often it may."""

from ipaddress import IPv6Address, ip_address, ip_network

LOOPBACK = ("127.0.0.1", "::1")
"""A proxy on the machine of the service is trusted: it is the usual one, and nobody else can speak from there."""

NO_LIMIT = "non"
RATE = rf"^({NO_LIMIT}|[1-9][0-9]{{0,5}}/(second|minute|hour|day))$"
"""A setting such as ``60/minute``."""


def read_proxies(value: object) -> tuple[str, ...]:
    """Addresses and networks of trusted proxies, as a list or as one text separated by spaces.

    Raises:
        ValueError: One of them is neither.
    """
    given = value.split() if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        raise ValueError(f"not a list: {value!r}")
    return tuple(str(ip_network(str(each))) if "/" in str(each) else str(ip_address(str(each))) for each in given)


def network(host: str) -> str:
    """The address of a client; of an IPv6 one, the /64 that one subscriber has whole.

    >>> network("2001:db8:1:2:3:4:5:6")
    '2001:db8:1:2::'
    """
    try:
        address = ip_address(host)
    except ValueError:  # a Unix socket, a name
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))
