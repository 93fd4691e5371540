from __future__ import annotations

from campaign.cluster.lease import Lease
from campaign.journal.cluster import LeaseTimes


def test_a_request_leaves_only_while_its_end_is_within_the_lease() -> None:
    now = [100.0]
    lease = Lease(LeaseTimes(60.0), began=100.0, clock=lambda: now[0])
    assert lease.may_send(30.0)
    now[0] = 125.0
    assert lease.may_send(30.0)
    now[0] = 125.1
    assert not lease.may_send(30.0)
    assert lease.may_send(29.0)
    assert not lease.is_fresh
    lease.renew(110.1)
    assert lease.is_fresh


def test_a_beat_counts_from_its_beginning_and_an_earlier_one_not_at_all() -> None:
    now = [100.0]
    lease = Lease(LeaseTimes(60.0), began=100.0, clock=lambda: now[0])
    lease.renew(120.0)
    lease.renew(110.0)
    now[0] = 145.0
    assert lease.may_send(30.0)
    now[0] = 146.0
    assert not lease.may_send(30.0)


def test_a_lease_that_was_lost_is_never_good_again() -> None:
    lease = Lease(LeaseTimes(60.0), began=0.0, clock=lambda: 0.0)
    lease.lost = True
    lease.renew(0.0)
    assert not lease.may_send(1.0)
