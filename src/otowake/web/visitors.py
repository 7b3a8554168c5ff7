"""Group visitors by their network address."""

from __future__ import annotations

import ipaddress


def address_of(host: str | None) -> str:
    """Name the visitors of a host: an IPv4 address, or the /64 network of an IPv6 one.

    A provider gives each customer at least a /64, so a limit on one IPv6 address has no effect.

    Examples
    --------
    >>> address_of("192.0.2.7"), address_of("::ffff:192.0.2.7"), address_of("2001:db8::1:2:3:4")
    ('192.0.2.7', '192.0.2.7', '2001:db8::')
    """
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return (host or "")[:64]  # a proxy's value, or a socket without an address
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)).network_address)
