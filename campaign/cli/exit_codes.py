"""The exit codes of the commands."""

ALL_SENT = 0
SOME_NOT_SENT = 1
"""Finished, but some row is invalid, failed or in doubt."""
NOTHING_SENT = 2
"""Wrong usage, a missing key, a bad file, or invalid rows."""
STOPPED = 3
"""Stopped before the end."""
INTERNAL_FAULT = 4
"""A fault of campaign's own."""
INTERRUPTED = 130
