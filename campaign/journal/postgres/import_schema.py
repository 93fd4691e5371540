"""The step of the schema for imports: which journal files were copied into the database."""

from __future__ import annotations

from typing import LiteralString

# `journal` is the file's id, by which it is known wherever it is and whatever it is called, and its copies too: none is
# imported twice. `last_attempt` tells whether messages were sent from one of them since.
IMPORTED: LiteralString = """
CREATE TABLE campaign.imported (
    journal text PRIMARY KEY,
    campaign text NOT NULL,
    last_attempt bigint NOT NULL,
    runs integer NOT NULL,
    rows bigint NOT NULL,
    by text NOT NULL,
    at double precision NOT NULL
)
"""
