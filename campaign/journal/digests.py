"""What makes two messages the same."""

from __future__ import annotations

import json
from hashlib import blake2b


def digest_of(body: bytes | None) -> bytes | None:
    """The digest of a message of which none is stored: that of its body without `_id`."""
    if body is None:
        return None
    payload = json.loads(body)
    if isinstance(payload, dict):
        payload.pop("_id", None)
    plain = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return blake2b(plain, digest_size=16).digest()
