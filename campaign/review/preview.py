"""The preview: the message of each row as its recipient will see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from campaign.errors import Problem
from campaign.journal import State

if TYPE_CHECKING:
    from campaign.channels import Channel
    from campaign.channels.preview import MessagePreview
    from campaign.journal import PlannedMessage
    from campaign.messages import RenderedRow
    from campaign.sheets import Row


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
        remark: what the channel says about every message; "" for nothing.
    """

    campaign: str
    channel: str
    server: str
    recipients: str
    template: str
    headers: tuple[str, ...]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row.

    Attributes:
        row: the row's number as a spreadsheet program shows it.
        destination: the conversation; "" if there is no message.
        payload: the JSON body without the id that delivery gives it; None if there is no message.
        problems: why there is no message, by cell.
        note: why the message will not be sent although it is valid; "" if it will be.
        cells: the cells as displayed, in sheet order.
        preview: what the recipient sees; None if there is no message.
    """

    row: int
    destination: str
    payload: dict[str, Any] | None
    problems: tuple[Problem, ...]
    note: str
    cells: tuple[str, ...]
    preview: MessagePreview | None = None


def preview_row(channel: Channel, row: Row, message: RenderedRow, planned: PlannedMessage) -> PreviewRow:
    """The preview of what `campaign.planning.planned_rows` gives for one row."""
    note = f"{planned.reason}: will be skipped" if planned.state is State.SKIPPED else ""
    if planned.state is not State.INVALID and message.payload is not None:
        shown = channel.preview(message.payload)
        return PreviewRow(row.number, planned.destination, message.payload, (), note, row.texts, shown)
    problems = message.problems or (Problem("", planned.reason),)
    return PreviewRow(row.number, "", None, problems, note, row.texts)
