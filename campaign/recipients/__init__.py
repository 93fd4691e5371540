"""Use the rows of a sheet as recipients: template variables for columns, and warnings about damaged cells."""

from __future__ import annotations

from campaign.recipients.lint import Linter
from campaign.recipients.variables import missing_header_warning, variable_name

__all__ = ["Linter", "missing_header_warning", "variable_name"]
