"""Who is hung up on, and when: connections whose waits the test sets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from kubewise_site.web.limits import Limits, Wait
from kubewise_site.web.ward import Ward

SHORT = Limits(header_seconds=10, body_seconds=30, reader_seconds=30, connections=20)


@dataclass(eq=False)
class Caller:
    """A connection; `wait` is what it waits for now."""

    wait: Wait = Wait.HEADERS
    place: str = "10.0.0.1"
    gone: bool = False

    def address(self) -> str:
        return self.place

    def waits_for(self) -> Wait:
        return self.wait

    def hang_up(self) -> None:
        self.gone = True


class Clock(Ward):
    """A ward whose clock the test moves; each move is a tick."""

    seconds = 0.0

    def _now(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        for _ in range(round(seconds * 2)):
            self.seconds += 0.5
            self._tick()


def on_a_loop(play: Callable[[Clock], None], limits: Limits = SHORT) -> None:
    async def run() -> None:
        play(Clock(limits))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("wait", "seconds"), [(Wait.HEADERS, 10), (Wait.BODY, 30), (Wait.READER, 30)]
)
def test_each_wait_has_its_time_however_much_comes_meanwhile(wait: Wait, seconds: int) -> None:
    def play(ward: Clock) -> None:
        caller = Caller(wait)
        ward.admit(caller)
        ward.pass_by(seconds - 1)
        assert not caller.gone
        ward.pass_by(3)
        assert caller.gone

    on_a_loop(play)


def test_a_listener_that_reads_is_never_hung_up() -> None:
    def play(ward: Clock) -> None:
        listener = Caller(Wait.NOTHING)
        ward.admit(listener)
        ward.pass_by(3600)
        assert not listener.gone

    on_a_loop(play)


def test_requests_one_after_another_each_have_the_whole_time() -> None:
    def play(ward: Clock) -> None:
        caller = Caller()
        ward.admit(caller)
        for _ in range(5):
            ward.pass_by(8)
            ward.answered(caller)
        assert not caller.gone
        ward.pass_by(11)
        assert caller.gone

    on_a_loop(play)


def test_where_all_places_are_taken_those_who_waited_longest_make_room() -> None:
    def play(ward: Clock) -> None:
        crowd = []
        for _ in range(SHORT.connections):
            crowd.append(Caller())
            ward.admit(crowd[-1])
            ward.pass_by(0.5 if len(crowd) < 10 else 0)
        newest = Caller()
        ward.admit(newest)
        assert not newest.gone
        assert [caller.gone for caller in crowd] == [True, True] + [False] * 18

    on_a_loop(play)


def test_a_crowd_from_one_address_costs_no_other_address_its_place() -> None:
    def play(ward: Clock) -> None:
        others = [Caller(place=f"10.0.1.{n}") for n in range(5)]
        for caller in others:
            ward.admit(caller)
        ward.pass_by(1)
        crowd = [Caller() for _ in range(500)]
        for caller in crowd:
            ward.admit(caller)
        assert not any(caller.gone for caller in others)
        assert sum(not caller.gone for caller in crowd) <= SHORT.connections

    on_a_loop(play)


def test_listeners_make_no_room_but_the_waiting_do() -> None:
    def play(ward: Clock) -> None:
        listeners = [Caller(Wait.NOTHING) for _ in range(SHORT.connections - 1)]
        waiting = Caller()
        for caller in (*listeners, waiting):
            ward.admit(caller)
        ward.admit(Caller())
        assert waiting.gone
        assert not any(caller.gone for caller in listeners)

    on_a_loop(play)


def test_where_nobody_waits_the_newcomer_is_refused_and_the_limit_holds() -> None:
    def play(ward: Clock) -> None:
        listeners = [Caller(Wait.NOTHING) for _ in range(SHORT.connections)]
        for caller in listeners:
            ward.admit(caller)
        newcomer = Caller()
        ward.admit(newcomer)
        assert newcomer.gone
        assert not any(caller.gone for caller in listeners)

    on_a_loop(play)
