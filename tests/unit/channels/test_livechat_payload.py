from __future__ import annotations

import pytest

from campaign.channels.base import FieldProblem, Path, Payload
from campaign.channels.livechat import LIVECHAT

BODY: Payload = {"token": "t", "rid": "r", "msg": "Hello World!"}
AGENT: Payload = {"agentId": "CkCPNcvsvCDfmWLqC", "username": "kim.jane"}


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(BODY, id="smallest"),
        pytest.param({**BODY, "agent": AGENT}, id="with an agent"),
        pytest.param({**BODY, "msg": " dòng một\n\n🎉 " + "x" * 100_000}, id="100 kB"),
        pytest.param({**BODY, "msg": "{{ 7 * 7 }}"}, id="looks like a template"),
    ],
)
def test_what_the_document_allows_is_no_problem(payload: Payload) -> None:
    assert not LIVECHAT.problems(payload)


@pytest.mark.parametrize(
    ("change", "path", "what"),
    [
        pytest.param({"msg": ""}, ("msg",), "is blank, and the API requires it", id="empty text"),
        pytest.param({"msg": " \n\t"}, ("msg",), "is blank, and the API requires it", id="blank text"),
        pytest.param({"token": 5}, ("token",), "must be text", id="number"),
        pytest.param({"rid": None}, ("rid",), "must be text", id="null"),
        pytest.param({"rid": ["r"]}, ("rid",), "must be text", id="list"),
        pytest.param({"msg": "\ud83d"}, ("msg",), "holds half of a character, which no server can take", id="half"),
        pytest.param({"alias": "Kim"}, ("alias",), "is not a field of this API", id="field beyond the document"),
        pytest.param({"agent": None}, ("agent",), "must be an object", id="no agent as null"),
        pytest.param({"agent": "kim"}, ("agent",), "must be an object", id="agent by name"),
        pytest.param(
            {"agent": {**AGENT, "name": "Kim"}}, ("agent", "name"), "is not a field of this API", id="agent with more"
        ),
        pytest.param(
            {"agent": {**AGENT, "username": " "}},
            ("agent", "username"),
            "is blank, and the API requires it",
            id="blank half of an agent",
        ),
        pytest.param({"agent": {**AGENT, "agentId": 7}}, ("agent", "agentId"), "must be text", id="agent's number"),
    ],
)
def test_what_the_server_would_refuse_is_a_problem(change: Payload, path: Path, what: str) -> None:
    [problem] = LIVECHAT.problems({**BODY, **change})
    assert (problem.path, problem.what) == (path, what)


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in BODY])
def test_a_required_field_must_be_there(name: str) -> None:
    payload = {key: value for key, value in BODY.items() if key != name}
    assert LIVECHAT.problems(payload) == [FieldProblem((name,), "is missing, and the API requires it", missing=True)]


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in AGENT])
def test_an_agent_is_whole_or_absent(name: str) -> None:
    half = {key: value for key, value in AGENT.items() if key != name}
    assert LIVECHAT.problems({**BODY, "agent": half}) == [
        FieldProblem(("agent", name), "is missing, and the API requires it", missing=True)
    ]


def test_all_problems_are_named_at_once() -> None:
    found = LIVECHAT.problems({"_id": "mine", "rid": 5, "msg": " ", "agent": {}, "extra": 1})
    assert {problem.path for problem in found} == {
        ("_id",),
        ("token",),
        ("rid",),
        ("msg",),
        ("agent", "agentId"),
        ("agent", "username"),
        ("extra",),
    }


def test_only_campaign_itself_sets_the_id() -> None:
    [problem] = LIVECHAT.problems({**BODY, "_id": "mine"})
    assert problem.what.startswith("must be left out: campaign sets it")


def test_the_stamped_payload_holds_the_id_and_is_otherwise_the_same() -> None:
    payload = {**BODY, "agent": AGENT}
    assert LIVECHAT.stamp(payload, "abc") == {"_id": "abc", **payload}
    assert "_id" not in payload


def test_visitor_and_room_are_the_destination() -> None:
    assert LIVECHAT.destination(BODY) == "t/r"


@pytest.mark.parametrize(
    ("body", "recognised"),
    [
        pytest.param({"msg": "x"}, True, id="msg"),
        pytest.param({"rid": "x"}, True, id="rid"),
        pytest.param({"token": "x"}, True, id="token"),
        pytest.param({"pageId": "x"}, False, id="kitechat's"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_a_body_is_recognised_by_its_fields(body: Payload, *, recognised: bool) -> None:
    assert LIVECHAT.recognises(body) is recognised


def test_livechat_needs_no_key() -> None:
    assert LIVECHAT.credentials == ()
    assert LIVECHAT.auth_headers({}) == {}
