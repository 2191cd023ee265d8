"""Simulated time: microseconds since the world's beginning, a Monday at 00:00 UTC. No wall clock anywhere."""

from __future__ import annotations

import re
from functools import lru_cache

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 24 * 3600 * SECOND
WEEK = 7 * DAY

WORK_BEGINS, WORK_ENDS = 9 * HOUR, 18 * HOUR
WORKDAYS = 5

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@lru_cache(1 << 14)  # a list of messages says the same few moments again and again
def shown(moment: int) -> str:
    """Return a moment as people and tools write it: week, day and time, in UTC.

    >>> shown(9 * DAY + 9 * HOUR + 30 * MINUTE)
    'W2 Wed 09:30:00'
    """
    week, rest = divmod(moment, WEEK)
    day, rest = divmod(rest, DAY)
    seconds = rest // SECOND
    return f"W{week + 1} {DAYS[day]} {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def read(text: str) -> int:
    """Return the moment that `shown` writes; seconds may be left out.

    >>> shown(read("W2 Wed 09:30"))
    'W2 Wed 09:30:00'

    Raises
    ------
    ValueError
        Where the text is no such moment.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or found[2] not in DAYS or int(found[3]) > 23:
        raise ValueError(f"{text[:40]!r} is no moment; write it like 'W2 Wed 09:30'")
    week, _, hours, minutes, seconds = found.groups(default="0")
    place = (int(week) - 1) * WEEK + DAYS.index(found[2]) * DAY
    return place + int(hours) * HOUR + int(minutes) * MINUTE + int(seconds) * SECOND


_WRITTEN = re.compile(r"W([1-9]\d{0,3})\s+(\w+)\s+(\d{1,2}):([0-5]?\d)(?::([0-5]?\d))?", re.ASCII)
"""Week (of two hundred years), day, time."""


def at_work(moment: int, zone: int = 0) -> bool:
    """Say whether it is between 9 and 18 on a weekday, `zone` hours east of UTC.

    >>> at_work(9 * HOUR), at_work(9 * HOUR, zone=-8), at_work(5 * DAY + 12 * HOUR)
    (True, False, False)
    """
    local = moment + zone * HOUR
    return local // DAY % 7 < WORKDAYS and WORK_BEGINS <= local % DAY < WORK_ENDS


def next_work(moment: int, zone: int = 0) -> int:
    """Return the first moment from this one on that is within working hours.

    >>> shown(next_work(5 * DAY))
    'W2 Mon 09:00:00'
    """
    if at_work(moment, zone):
        return moment
    local = moment + zone * HOUR
    begins = local // DAY * DAY + WORK_BEGINS
    if begins < local:
        begins += DAY
    while begins // DAY % 7 >= WORKDAYS:
        begins += DAY
    return begins - zone * HOUR
