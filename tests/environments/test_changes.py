"""What a step changed is recorded as SQLite's own sessions record it, and can be applied and inverted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.environments import schema
from assay.environments.changes import Record

Do = Callable[[apsw.Connection], object]

TICKET = "INSERT INTO ticket (id, board, title, priority, due) VALUES (?, ?, ?, ?, ?)"


@pytest.fixture
def held() -> Iterator[apsw.Connection]:
    with made() as one:
        yield one


def made() -> apsw.Connection:
    one = apsw.Connection(":memory:")
    for statement in schema.statements():
        one.execute(statement)
    one.execute(TICKET, ("OPS-1", "OPS", "Disk", "low", 5))
    one.execute(TICKET, ("OPS-2", "OPS", "Ünïcode", None, 2**40))
    one.execute("INSERT INTO metric (service, name, at, value) VALUES ('api', 'errors', 1, 2.5)")
    return one


def recorded(held: apsw.Connection, do: Do) -> bytes:
    with Record(held) as record:
        do(held)
    return record.changes


def by_session(do: Do) -> bytes:
    held = made()
    session = apsw.Session(held, "main")
    session.table_filter(schema.SURFACES.__contains__)
    session.attach()
    do(held)
    return session.changeset()


def rows(changes: bytes) -> set[tuple[object, ...]]:
    return {(each.name, each.op, each.old, each.new) for each in apsw.Changeset.iter(changes)}


def several(*statements: tuple[str, tuple[object, ...]]) -> Do:
    def do(held: apsw.Connection) -> None:
        for statement, values in statements:
            try:
                held.execute(statement, values)
            except apsw.ConstraintError:
                continue

    return do


CASES = {
    "insert": [(TICKET, ("OPS-3", "OPS", "New\0er", "", -1))],
    "update": [("UPDATE ticket SET priority = 'high', due = NULL WHERE id = 'OPS-1'", ())],
    "delete": [("DELETE FROM ticket WHERE board = 'OPS'", ())],
    "number to fraction": [("UPDATE metric SET value = 3, at = 1.5", ())],
    "another type alike": [("UPDATE ticket SET due = 5.0 WHERE id = 'OPS-1'", ())],
    "there and back": [("UPDATE ticket SET due = 6", ()), ("UPDATE ticket SET due = 5 WHERE due = 6", ())],
    "made and removed": [(TICKET, ("X-1", "X", "", "", 0)), ("DELETE FROM ticket WHERE id = 'X-1'", ())],
    "removed and made": [("DELETE FROM ticket", ()), (TICKET, ("OPS-1", "OPS", "Disk", "low", 6))],
    "refused": [(TICKET, ("OPS-1", "OPS", "Twice", "", 0)), (TICKET, ("OPS-9", "OPS", "", "", 0))],
    "renamed": [("UPDATE ticket SET id = 'OPS-7' WHERE id = 'OPS-1'", ())],
    "hidden": [("INSERT INTO truth (subject, key, value) VALUES ('a', 'b', 'c')", ())],
    "long": [("INSERT INTO doc (id, text) VALUES ('d', ?)", ("ä" * 30_000,))],
    "bytes": [("INSERT INTO doc (id, text) VALUES ('d', ?)", (b"\x00\xff" * 200,))],
    "many": [("INSERT INTO message (channel, text) VALUES ('c', 'm')", ())] * 30,
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_recorded_is_what_a_session_records(held: apsw.Connection, case: str):
    do = several(*CASES[case])

    assert rows(recorded(held, do)) == rows(by_session(do))


VALUES = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=300)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just(TICKET), st.tuples(st.sampled_from(["OPS-1", "A", "B"]), *[VALUES] * 4)),
        st.tuples(st.just("UPDATE ticket SET due = ? WHERE id = ?"), st.tuples(VALUES, st.just("OPS-1"))),
        st.tuples(st.just("UPDATE ticket SET title = ?"), st.tuples(VALUES)),
        st.tuples(st.just("DELETE FROM ticket WHERE id = ?"), st.tuples(st.sampled_from(["OPS-2", "A"]))),
        st.tuples(st.just("INSERT INTO message (text, thread) VALUES (?, ?)"), st.tuples(VALUES, VALUES)),
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whatever_is_done_the_record_is_a_sessions_and_takes_it_back(steps: list[tuple[str, tuple]]):
    do, held = several(*steps), made()
    looks = ("SELECT * FROM ticket", "SELECT * FROM message")
    before = {look: held.execute(look).fetchall() for look in looks}

    changes = recorded(held, do)

    assert rows(changes) == rows(by_session(do))
    if changes:
        apsw.Changeset.apply(apsw.Changeset.invert(changes), held)
    for look, was in before.items():
        assert sorted(held.execute(look).fetchall()) == sorted(was)


def test_what_is_done_outside_of_a_record_is_in_none(held: apsw.Connection):
    first = recorded(held, several(*CASES["update"]))
    held.execute("DELETE FROM ticket")

    assert {each[1] for each in rows(first)} == {"UPDATE"}
    assert recorded(held, lambda _: None) == b""
