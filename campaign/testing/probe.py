"""The part of the conformance suite about the harmless request of `campaign doctor`, for channels that offer one."""

# ruff: noqa: S101 - a test suite consists of assertions

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, get_args

from campaign.channels.base import Fatal, Indeterminate, NoResponse, Response, Throttled, Unreachable
from campaign.channels.probe import Answered, ProbeVerdict, probe_of
from campaign.testing.look_up import PAGES

if TYPE_CHECKING:
    from campaign.channels import Channel


class ProbeConformance:
    """Tests of a channel's probe; a channel without one passes them all."""

    channel: ClassVar[Channel]

    def test_the_probe_reads_and_holds_no_credentials(self) -> None:
        """Its request is a GET or a HEAD without a body, relative, and the same each time."""
        probe = probe_of(self.channel)
        if probe is None:
            return
        request = probe.request()
        assert request == probe.request()
        assert request.method in ("GET", "HEAD")
        assert request.body is None
        assert request.url.startswith("/")
        assert request.url.isascii()

    def test_no_trouble_is_taken_for_the_right_server(self) -> None:
        """Nothing that a proxy or another program answers shows that the server is the right one."""
        probe = probe_of(self.channel)
        if probe is None:
            return
        assert isinstance(probe.read(NoResponse("no response", request_left=True)), Indeterminate)
        assert isinstance(probe.read(NoResponse("connection refused", request_left=False)), Unreachable)
        for page in PAGES:
            for status in (200, 302, 401, 429, 500, 502):
                verdict = probe.read(Response(status, {}, page))
                assert isinstance(verdict, get_args(ProbeVerdict)), status
                assert not isinstance(verdict, Answered), status
            for status in (302, 401):
                assert isinstance(probe.read(Response(status, {}, page)), Fatal), status
            assert isinstance(probe.read(Response(429, {}, page)), Throttled)
