"""What a preview shows besides the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.journal.records import State

if TYPE_CHECKING:
    from campaign.channels import Channel
    from campaign.channels.preview import MessagePreview
    from campaign.journal import PlannedRow


@dataclass(frozen=True, slots=True)
class PreviewContext:
    """What is the same for every row.

    Attributes:
        campaign: the campaign's name.
        channel: the channel, which knows how its messages look.
        server: the base URL that the messages would go to.
        recipients: the recipients file, and its sheet where it has sheets, for display.
        template: the template's file name, for display.
        headers: the headers as displayed, in sheet order.
    """

    campaign: str
    channel: Channel
    server: str
    recipients: str
    template: str
    headers: tuple[str, ...]

    def preview(self, row: PlannedRow) -> MessagePreview | None:
        """What the recipient of a row sees; None where there is no message."""
        return None if row.payload is None else self.channel.preview(row.payload)


def note(row: PlannedRow) -> str:
    """Why a row will not be sent although it is valid; "" if it will be."""
    return f"{row.reason}: will be skipped" if row.state is State.SKIPPED else ""
