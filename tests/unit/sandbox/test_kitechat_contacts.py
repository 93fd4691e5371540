"""The sandbox's contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.sandbox import Fault, FaultPlan, ListSettings, RateLimit

from .conftest import KEY

if TYPE_CHECKING:
    from .conftest import Client, Open, Reply


async def contacts(client: Client, key: str = KEY["apikey"], **query: str) -> Reply:
    return await client.ask("GET", "/contacts", params=query, headers={"apikey": key})


async def test_every_lead_is_somebody(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=ListSettings())
    reply = await contacts(client, contactType="lead", leadId="l1")
    (person,) = reply.content
    assert (reply.status, person["leadId"], person["contactType"]) == (200, "l1", "lead")
    assert person["name"].startswith("Khách ")
    assert len(person["phones"][0]) == 12


@pytest.mark.parametrize("query", [{"leadId": "l1"}, {"contactType": "lead"}], ids=["no type", "no lead"])
async def test_without_a_lead_there_is_nobody(open_sandbox: Open, query: dict[str, str]) -> None:
    client = await open_sandbox(listing=ListSettings())
    assert (await contacts(client, **query)).content == []


@pytest.mark.parametrize(("key", "status"), [("", 401), ("messages-only-key", 403)])
async def test_a_key_that_may_not_read_contacts_is_refused(open_sandbox: Open, key: str, status: int) -> None:
    client = await open_sandbox(listing=ListSettings())
    assert (await contacts(client, key, contactType="lead", leadId="l")).status == status


async def test_over_the_limit_it_answers_503(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=ListSettings(), limit=RateLimit(1, 60.0))
    assert [(await contacts(client)).status for _ in range(2)] == [200, 503]


async def test_a_fault_of_the_proxy_answers_503(open_sandbox: Open) -> None:
    plan = FaultPlan(script=(Fault.THROTTLED_BEFORE,), on_read_back=True)
    client = await open_sandbox(listing=ListSettings(), faults=plan)
    assert (await contacts(client)).status == 503


async def test_a_sandbox_without_a_list_has_no_contacts(client: Client) -> None:
    assert (await contacts(client)).status == 404
