"""What else is known of a run, by name: for those who look closer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.review.phrases import rate, times
from campaign.review.workbook.cells import local_time, time_zone
from campaign.text import duration, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from campaign.journal import RunRecord, Tally

_LONGEST_TEMPLATE = 3000
_ON_DOUBT = {
    "ask": "stays in doubt until somebody decides",
    "look": "is looked up, and sent again if it is not there",
    "retry": "is sent again without looking",
}


def run_details(run: RunRecord, tally: Tally) -> Iterator[tuple[str, str | int | datetime]]:
    """Names and values; times are local ones of this computer, whose zone is one of the values."""
    manifest = run.manifest
    yield "Channel", manifest.channel
    yield "Server", manifest.server_name
    yield "Template", manifest.template
    if manifest.origin.template_text:
        yield "Template text", shorten(manifest.origin.template_text, _LONGEST_TEMPLATE)
    yield "Recipients", f"{manifest.recipients}, sheet “{manifest.sheet}”" if manifest.sheet else manifest.recipients
    yield "Planned", local_time(run.created_at)
    if tally.started_at is not None:
        yield "Delivery began", local_time(tally.started_at)
    if tally.ended_at is not None:
        yield "Delivery ended", local_time(tally.ended_at)
    yield "Time zone of all times", time_zone(run.created_at)
    yield "Time delivering", duration(tally.seconds)
    if speed := rate(tally):
        yield "Rate", speed
    yield "Requests", tally.requests
    yield "Asked to slow down", times(tally.throttled)
    settings = manifest.settings
    yield "Rate allowed", f"{settings.rate:g} a second" if settings.rate else "as the server allows"
    yield "Requests at once", settings.concurrency
    yield "A response is awaited for", duration(settings.timeout)
    yield "A row in doubt", _ON_DOUBT[settings.on_doubt]
    if run.stop_reason:
        yield "Stopped because", run.stop_reason
