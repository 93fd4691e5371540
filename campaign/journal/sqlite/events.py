"""The view by which the writer puts lines on record: one of its own connection, whose triggers write them."""

from __future__ import annotations

from campaign.journal.sqlite.schema import OTHER_SESSION

COLUMNS = 13
"""Columns of the view, and fields of an `events.Line`."""

_VIEW = """
CREATE TEMP VIEW event AS
    SELECT attempt, run, seq, what, started_at, ended_at, outcome, attempt.http_status, detail, state, kind,
        message_id, latency
    FROM attempt JOIN status USING (run, seq);

CREATE TEMP TRIGGER attempt_begins INSTEAD OF INSERT ON event WHEN NEW.ended_at IS NULL BEGIN
    SELECT raise(ABORT, '{other}') WHERE {refused};
    INSERT INTO attempt (attempt, run, seq, what, started_at)
        VALUES (NEW.attempt, NEW.run, NEW.seq, NEW.what, NEW.started_at);
    UPDATE status SET state = NEW.state, attempts = attempts + 1, at = NEW.started_at
        WHERE run = NEW.run AND seq = NEW.seq AND NEW.what = 'send';
END;

CREATE TEMP TRIGGER attempt_is_withdrawn INSTEAD OF INSERT ON event
    WHEN NEW.ended_at IS NOT NULL AND NEW.outcome IS NULL
BEGIN
    UPDATE status SET state = NEW.state, attempts = attempts - 1, at = NULL
        WHERE run = NEW.run AND seq = NEW.seq AND EXISTS (SELECT 1 FROM attempt WHERE attempt = NEW.attempt);
    DELETE FROM attempt WHERE attempt = NEW.attempt;
END;

CREATE TEMP TRIGGER attempt_ends INSTEAD OF INSERT ON event WHEN NEW.outcome IS NOT NULL BEGIN
    SELECT raise(ABORT, '{other}') WHERE NEW.what NOT IN ('send', 'undo') AND {refused};
    INSERT INTO attempt (attempt, run, seq, what, started_at, ended_at, outcome, http_status, detail)
        VALUES (NEW.attempt, NEW.run, NEW.seq, NEW.what, NEW.started_at, NEW.ended_at, NEW.outcome, NEW.http_status,
            NEW.detail)
        ON CONFLICT (attempt) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome,
            http_status = excluded.http_status, detail = excluded.detail;
    UPDATE status SET state = NEW.state, kind = NEW.kind, reason = NEW.detail, message_id = NEW.message_id,
        http_status = NEW.http_status, at = NEW.ended_at, latency = NEW.latency
        WHERE run = NEW.run AND seq = NEW.seq AND NEW.what <> 'undo';
    UPDATE status SET state = NEW.state, kind = NEW.kind, reason = NEW.detail
        WHERE run = NEW.run AND seq = NEW.seq AND NEW.what = 'undo' AND NEW.kind <> '';
END;
"""


def view(refused: str) -> str:
    """The SQL of the view and its triggers.

    Args:
        refused: the condition in SQL on which no request may begin, nor the result of one be new on record.
    """
    return _VIEW.format(other=OTHER_SESSION, refused=refused)
