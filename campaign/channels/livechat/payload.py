"""The body of Rocket.Chat's livechat message: what the server accepts, and what a recipient sees of it.

Facts from `apps/meteor/app/livechat/server/api/v1/message.ts` (below: message.ts) and
`apps/meteor/app/lib/server/functions/sendMessage.ts` (below: sendMessage.ts) of RocketChat/Rocket.Chat, version 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from campaign.channels.base import FieldProblem
from campaign.channels.preview import Bubble, MessagePreview, Part
from campaign.channels.schema import ABSENT, Strict, Text, field_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.channels.base import Payload

REMARK = (
    "Rocket.Chat stores a livechat message under the visitor’s own name, whatever agent it names, so it stands on the "
    "visitor’s side of the conversation. When it is sent, it also gets an _id."
)


class Agent(Strict):
    """The agent is whole or absent (message.ts: both required, additionalProperties false)."""

    agentId: Text
    username: Text


class LivechatBody(Strict):
    """The body without `_id`, which campaign sets itself."""

    token: Text
    rid: Text
    msg: Text
    agent: Agent = ABSENT


_validate = TypeAdapter(LivechatBody).validator.validate_python


def payload_problems(payload: Payload) -> Sequence[FieldProblem]:
    """What message.ts would reject with `invalid-params`."""
    if "_id" in payload:
        rest = {name: value for name, value in payload.items() if name != "_id"}
        what = "must be left out: campaign sets it, so that no retry sends twice"
        return [FieldProblem(("_id",), what, takes_text=False), *payload_problems(rest)]
    try:
        _validate(payload)
    except ValidationError as error:
        return [field_problem(each, each["loc"]) for each in error.errors(include_url=False)]
    return ()


def preview(payload: Payload) -> MessagePreview:
    """The message under the visitor's identity, whatever agent is named (sendMessage.ts)."""
    agent = payload.get("agent")
    sender = ("Visitor", f"agent {agent['username']}") if agent else ("Visitor",)
    return MessagePreview(sender, "right", (Bubble((Part("text", payload["msg"]),)),))
