"""The files that a run was planned from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """The files that a run was planned from, so that a later difference can be said. "" where something is not known.

    Attributes:
        campaign: the name of the campaign file, or of the list where there was none, in the journal's folder.
        campaign_digest: the SHA-256 of its content.
        template_named: the template as the campaign file names it.
        recipients_named: the list as the campaign file names it.
        template: the absolute path of the template file.
        template_digest: the SHA-256 of its content.
        template_text: its content, or the beginning of a long one.
        recipients_digest: that of the list.
        header_row: the row of the list that has the headers.
        encoding: of a list that is a CSV, as the campaign names it; "" where it was found out.
        delimiter: likewise.
    """

    campaign: str = ""
    campaign_digest: str = ""
    template_named: str = ""
    template: str = ""
    template_digest: str = ""
    template_text: str = ""
    recipients_digest: str = ""
    recipients_named: str = ""
    header_row: int = 1
    encoding: str = ""
    delimiter: str = ""
