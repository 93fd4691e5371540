"""The preview: each row's message as its recipient will see it, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from campaign.channels import LIVECHAT
from campaign.errors import Problem
from campaign.journal import State

if TYPE_CHECKING:
    from campaign.journal import PlannedMessage
    from campaign.messages import Message
    from campaign.sheets import Row

# Rocket.Chat's public source: apps/meteor/app/livechat/server/api/v1/message.ts and .../lib/functions/sendMessage.ts.
LIVECHAT_REMARK = (
    "Rocket.Chat stores a livechat message under the visitor’s own name, whatever agent it names, so it stands on the "
    "visitor’s side of the conversation. When it is sent, it also gets an _id."
)


@dataclass(frozen=True, slots=True)
class PreviewFacts:
    """What is the same for every row.

    Attributes:
        campaign: the campaign's name.
        channel: the channel's name.
        server: the base URL that the messages would go to.
        recipients: the recipients file, and its sheet where it has sheets, for people.
        template: the template's file name, for people.
        headers: the headers as displayed, in sheet order.
    """

    campaign: str
    channel: str
    server: str
    recipients: str
    template: str
    headers: tuple[str, ...]

    @property
    def remark(self) -> str:
        """What surprises people about the channel; "" where nothing does."""
        return LIVECHAT_REMARK if self.channel == LIVECHAT.name else ""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row.

    Attributes:
        row: the row's number as a spreadsheet program shows it.
        destination: the conversation; "" where there is no message.
        payload: the JSON body without the id that delivery gives it; None where there is no message.
        problems: why there is no message, by cell.
        note: why the message will not be sent although nothing is wrong with it; "" where it will be.
        cells: the cells as displayed, in sheet order.
    """

    row: int
    destination: str
    payload: dict[str, Any] | None
    problems: tuple[Problem, ...]
    note: str
    cells: tuple[str, ...]


def preview_row(row: Row, message: Message, planned: PlannedMessage) -> PreviewRow:
    """Put together what `campaign.plan.planned_rows` gives for one row."""
    note = f"{planned.reason}: will be skipped" if planned.state is State.SKIPPED else ""
    if planned.state is not State.INVALID:
        return PreviewRow(row.number, planned.destination, message.payload, (), note, row.texts)
    problems = message.problems or (Problem("", planned.reason),)
    return PreviewRow(row.number, "", None, problems, note, row.texts)
