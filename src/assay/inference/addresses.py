"""Which addresses a server may be sent to by people who use it from elsewhere.

A person who may name a model's address makes our machine open connections. Models in the same house (loopback
and private networks) are what many want; the addresses at which clouds hand out their machines' keys are not.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable

from assay.inference.endpoint import Endpoint, InferenceError
from assay.wording import say

_METADATA = (
    ipaddress.ip_address("100.100.100.200"),
    ipaddress.ip_address("192.0.0.192"),
    ipaddress.ip_address("fd00:ec2::254"),
    ipaddress.ip_address("168.63.129.16"),
)
"""Where clouds keep what a machine knows of itself, beside the link-local 169.254.169.254."""


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host.

    >>> resolved("127.0.0.1", 80)
    ['127.0.0.1']
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return sorted({str(each[4][0]) for each in found})


def check(endpoint: Endpoint, *, resolve: Callable[[str, int], Iterable[str]] = resolved) -> None:
    """Refuse an endpoint whose name leads to where no model lives; a name that leads nowhere passes.

    Raises
    ------
    InferenceError
        Where one of its addresses is link-local, a group's, or a cloud's own.

    >>> check(Endpoint("http://127.0.0.1:8000", "tiny"))
    >>> check(Endpoint("http://169.254.169.254/latest", "tiny"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    assay.inference.endpoint.InferenceError: '169.254.169.254' is not where models answer; ...
    """
    import httpx

    url = httpx.URL(endpoint.base_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = list(resolve(url.host, port))
    except (OSError, UnicodeError):
        return  # asking it will say that nothing answers there
    for address in found:
        ip = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip in _METADATA:
            raise InferenceError(
                say("{host!r} is not where models answer; give the address of a model", host=url.host)
            )
