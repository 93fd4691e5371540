"""Messages of rows in doubt, messages that are known to be sent, and what a list of messages says of the former.

Times are in seconds since the epoch by the local clock, as it was when they were put on record.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from campaign.channels.look_up import Sought


class DoubtfulMessage(NamedTuple):
    """A message of a row in doubt.

    Attributes:
        seq: the row's place in the run.
        sought: its conversation and content.
        began: when its earliest attempt without a conclusive outcome began.
        last: when its latest such attempt began.
        ended: when that ended, at the latest; infinite where no such attempt is on record.
        until: after this time no other message can be this one in another form.
        is_first: whether no message of its run is known to be sent before it.
    """

    seq: int
    sought: Sought
    began: float
    last: float
    ended: float
    until: float = math.inf
    is_first: bool = True


class SentMessage(NamedTuple):
    """A message that the server has confirmed, or that is counted as sent.

    Attributes:
        sought: its conversation and content.
        message_id: its id, where the server gave one.
        began: when its attempt began.
        ended: when that had ended; None where that is not on record.
        confirmed: whether it ended with a response that confirms it, rather than being found in a list.
        must_be_listed: it was sent long enough ago for a list that is complete to contain it.
        may_come: it was sent in the period of the list, and so lately that it may still come.
    """

    sought: Sought
    message_id: str | None
    began: float
    ended: float | None
    confirmed: bool = True
    must_be_listed: bool = False
    may_come: bool = False


class Found(NamedTuple):
    """The row's message is there."""

    seq: int
    message_id: str
    error: str


class Absent(NamedTuple):
    """The row's message is not there, although it should be if the server had it.

    Attributes:
        seq: the row's place in the run.
        apart: seconds that have to pass until a second list says the same: by then the message is as old as others
            that were in this one.
        last: whether the list shows no message from after the row's attempt. Then it may end just before it.
    """

    seq: int
    apart: float = 0.0
    last: bool = False


class Unclear(NamedTuple):
    """It cannot be told whether the row's message is there.

    Attributes:
        seq: the row's place in the run.
        why: in plain words.
        later: whether a later list may tell.
    """

    seq: int
    why: str
    later: bool = False


Match: TypeAlias = Found | Absent | Unclear
