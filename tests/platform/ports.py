"""Ports for servers that are told theirs before they bind it."""

from __future__ import annotations

import random
import socket
from pathlib import Path

GIVEN_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a port that is free, and that the kernel gives to nobody who asks for any.

    A port taken from the kernel and let go again may be anybody's by the time the server binds it: each
    connection of a test that runs beside takes one.
    """
    lowest = int(GIVEN_OUT.read_text().split()[0]) if GIVEN_OUT.exists() else 32_768
    ours = range(10_000, lowest) if lowest > 12_000 else range(61_000, 65_535)
    while True:
        port = random.SystemRandom().choice(ours)  # tests set the seed of the other one
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
