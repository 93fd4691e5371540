"""What a run was planned with, as journals store it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from campaign.journal.origin import Origin
from campaign.journal.records import RunManifest
from campaign.recipients.suppression import SuppressionRule
from campaign.schedule import Schedule
from campaign.settings import DeliverySettings, GateSettings, PaceSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

REHEARSAL_SERVER = "the sandbox"
"""What journals written before version 0.2 hold as the server of a rehearsal."""


def encode_manifest(manifest: RunManifest) -> str:
    """A manifest as JSON."""
    settings, in_file = manifest.settings, manifest.pace_in_file
    names = ("timeout", "give_up_after", "on_doubt", "settle", "stop_after_refusals")
    delivery = {name: getattr(settings, name) for name in names}
    changed = {
        "settings": {**_encoded_pace(settings), "delivery": delivery},
        "pace_in_file": _encoded_pace(in_file) if in_file else None,
    }
    return json.dumps({**asdict(manifest), **changed})


def decode_manifest(text: str) -> RunManifest:
    """The manifest of `encode_manifest`.

    Raises:
        ValueError: it is not one.
        TypeError: likewise.
        LookupError: likewise.
    """
    stored = json.loads(text)
    for name in ("channel", "server", "template", "recipients"):
        require(stored[name], str)
    require(stored.get("by", ""), str)
    sections, in_file = stored.pop("settings"), stored.pop("pace_in_file", None)
    rehearsal = stored.pop("rehearsal", stored["server"] == REHEARSAL_SERVER)
    return RunManifest(
        **{
            **stored,
            "headers": tuple(stored["headers"]),
            "server": "" if rehearsal else stored["server"],
            "origin": Origin(**stored.get("origin") or {}),
            "key": tuple(stored.get("key") or ()),
            "key_headers": tuple(stored.get("key_headers") or ()),
            "suppress": tuple(SuppressionRule(**rule) for rule in stored.get("suppress") or ()),
        },
        settings=DeliverySettings(**_decoded_pace(sections), **sections.get("delivery", {})),
        pace_in_file=PaceSettings(**_decoded_pace(in_file)) if in_file else None,
        rehearsal=rehearsal,
    )


def require(value: object, *types: type) -> None:
    """Check that a value is of one of some types.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(value, types):
        raise TypeError(f"{type(value).__name__} instead of {types[0].__name__}")


def _encoded_pace(settings: DeliverySettings | PaceSettings) -> dict[str, object]:
    return {
        "throttle": {"rate": settings.rate, "concurrency": settings.concurrency},
        "schedule": settings.schedule.as_json(),
        "gate": settings.gate._asdict() if settings.gate else None,
    }


def _decoded_pace(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of `_encoded_pace`; earlier journals have neither a schedule nor a gate."""
    gate = stored.get("gate")
    return {
        **stored.get("throttle", {}),
        "schedule": Schedule.from_json(stored.get("schedule") or {}),
        "gate": GateSettings(**gate) if gate else None,
    }
