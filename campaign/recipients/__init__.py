"""What makes the rows of a sheet recipients: template variables for its columns, and warnings about its cells."""

from __future__ import annotations

from campaign.recipients.lint import Linter
from campaign.recipients.variables import doubt_by_names, variable_name

__all__ = ["Linter", "doubt_by_names", "variable_name"]
