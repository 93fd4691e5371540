"""Use the rows of a sheet as recipients: template variables for columns, and warnings about damaged cells."""

from campaign.recipients.header_search import how_it_was_read
from campaign.recipients.lint import Linter
from campaign.recipients.variables import variable_name

__all__ = ["Linter", "how_it_was_read", "variable_name"]
