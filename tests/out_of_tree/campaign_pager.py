"""A channel of another distribution: a pager gateway, `POST /pager/send` with two headers for authentication."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from campaign.channels.base import (
    FieldProblem,
    Indeterminate,
    NoResponse,
    Payload,
    Quota,
    ReadBack,
    Refused,
    Request,
    Response,
    Sent,
    Verdict,
)
from campaign.channels.credentials import Credential
from campaign.channels.preview import Bubble, MessagePreview, Part
from campaign.channels.responses import excerpt, server_trouble, without_response, wrong_server
from campaign.channels.responses import retry_after as wait_of
from campaign.channels.sandbox_api import (
    Destination,
    Reply,
    RouteSettings,
    SandboxRequest,
    SandboxRoute,
    StoredMessage,
    json_reply,
    text_of,
)

FIELDS = ("number", "text")


class Pager:
    """The gateway's API. It accepts no message id and has no read-back."""

    name = "pager"
    default_url = "https://pager.example.com"
    endpoint = "/pager/send"
    credentials = (
        Credential("user", "PAGER_USER", "user name"),
        Credential("token", "PAGER_TOKEN", "access token"),
    )
    can_read_back = False
    destination_fields = (("number",),)
    remark = "A pager shows the first 80 letters."
    starter = Path(__file__).parent / "starter"

    def auth_headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        return {"X-Pager-User": values["user"], "Authorization": f"Bearer {values['token']}"}

    def recognises(self, body: Payload) -> bool:
        return "number" in body

    def problems(self, payload: Payload) -> Sequence[FieldProblem]:
        unknown = [FieldProblem((name,), "is not a field", takes_text=False) for name in payload if name not in FIELDS]
        missing = [FieldProblem((name,), "is missing", missing=True) for name in FIELDS if name not in payload]
        blank = [name for name in FIELDS if name in payload and not str(payload[name]).strip()]
        return [*unknown, *missing, *(FieldProblem((name,), "is blank") for name in blank)]

    def destination(self, payload: Payload) -> str:
        return str(payload["number"])

    def stamp(self, payload: Payload, message_id: str) -> Payload:  # noqa: ARG002
        return payload

    def preview(self, payload: Payload) -> MessagePreview:
        return MessagePreview(("Control room",), "left", (Bubble((Part("text", payload["text"]),)),))

    def send_request(self, body: bytes) -> Request:
        return Request("POST", self.endpoint, body)

    def read_response(self, response: Response | NoResponse, body: bytes, *, again: bool) -> Verdict:  # noqa: ARG002
        if isinstance(response, NoResponse):
            return without_response(response)
        if trouble := server_trouble(response, wait_of):
            return trouble
        answer = response.json()
        if not isinstance(answer, dict):
            is_2xx = response.status < 300
            return Indeterminate("no JSON") if is_2xx else wrong_server(response, "the pager's")
        if response.status == 200 and isinstance(answer.get("id"), str):
            return Sent(answer["id"])
        return Refused("refused", f"the gateway refused the page: {excerpt(response)}")

    def read_back_request(self, body: bytes) -> Request:
        raise NotImplementedError

    def read_back(self, response: Response | NoResponse, body: bytes) -> ReadBack:
        raise NotImplementedError

    def quota(self, response: Response) -> Quota | None:  # noqa: ARG002
        return None

    def sandbox_routes(self, settings: RouteSettings) -> Sequence[SandboxRoute]:
        return (Send(settings),)


class Send(SandboxRoute):
    """POST /pager/send."""

    path = "/pager/send"

    def destination(self, request: SandboxRequest) -> Destination:
        return Destination("pager", text_of(request.body, "number"))

    def respond(self, request: SandboxRequest, stored: Callable[[str], StoredMessage | None]) -> Reply:  # noqa: ARG002
        window = self.hit()
        if window is not None and not window.allowed:
            return self.throttled({})
        user = request.headers.get("X-Pager-User")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not self._settings.accepts("user", user) or not self._settings.accepts("token", token):
            return self.failed(401, "unauthorized")
        if not text_of(request.body, "number") or not text_of(request.body, "text"):
            return self.failed(400, "number and text are required")
        page_id = uuid.uuid4().hex
        return json_reply(200, {"id": page_id})._replace(message_id=page_id, taken=True)


PAGER = Pager()
