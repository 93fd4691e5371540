from __future__ import annotations

from campaign.cluster.database_clock import DatabaseClock
from tests.unit.delivery.fake_clock import FakeClock

NOON = 1_800_000_000.0


class Elapsed:
    """A clock that goes on with each question, by the time that the answer takes."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def answer(self, told: float, seconds: float) -> float:
        """The database's time, in the middle of the time that the answer takes."""
        self.now += seconds
        return told


def test_the_time_of_day_of_the_machine_does_not_matter_once_the_database_has_told_its_own() -> None:
    machine, elapsed = FakeClock(NOON + 3600), Elapsed()
    clock = DatabaseClock(machine, elapsed)
    assert clock.epoch() == NOON + 3600
    clock.measure(lambda: elapsed.answer(NOON, 0.2))
    assert abs(clock.epoch() - (NOON + 0.1)) < 1e-6
    elapsed.now += 60
    machine.set_ahead(-7200)
    assert abs(clock.epoch() - (NOON + 60.1)) < 1e-6


def test_an_answer_that_took_long_counts_only_once_the_better_one_is_old() -> None:
    elapsed = Elapsed()
    clock = DatabaseClock(FakeClock(NOON), elapsed)
    clock.measure(lambda: elapsed.answer(NOON, 0.002))
    clock.measure(lambda: elapsed.answer(NOON + 500, 0.2))
    assert clock.epoch() < NOON + 1
    elapsed.now += 2000
    clock.measure(lambda: elapsed.answer(NOON + 5000, 0.2))
    assert clock.epoch() > NOON + 4999


async def test_the_rest_is_the_machines_own() -> None:
    machine = FakeClock(NOON)
    clock = DatabaseClock(machine)
    began = clock.now()
    await machine.run(clock.sleep(5.0))
    assert clock.now() - began >= 5.0
