"""Fixtures that these tests share with those of the commands."""

from __future__ import annotations

from tests.integration.conftest import api_key, command, server, start_sandbox

__all__ = ["api_key", "command", "server", "start_sandbox"]
