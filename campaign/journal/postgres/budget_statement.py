"""The statement that lends due times: it locks the rows of all keys in their order, once, and never for a round trip.

`told` is what this worker reports; `quota` the server's window with what the report says of it; `paced` the rates and
the first time that is free; `granted` what the worker gets. Each row keeps the next time that is free under its own
rate, so a slow run does not hold back a faster one that shares an address with it.
"""

from __future__ import annotations

from typing import LiteralString

SAME_WINDOW = 0.25
"""Seconds by which the stated end of one window may vary; as in `delivery.server_quota`."""

DRIFT = 0.0001
"""Seconds per second by which two clocks may drift apart; as in `delivery.server_quota`."""

# After a crash of the server, the last of these changes may be lost: only they are committed without the disk, by a
# setting of the transaction. "now" is read after the rows are locked, because that may have taken a while.
_HELD: LiteralString = """
quick AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true) AS commits
), held AS MATERIALIZED (
    SELECT budget.* FROM campaign.budget CROSS JOIN quick
    WHERE key = ANY(%(keys)s::text[]) ORDER BY key FOR UPDATE OF budget
), moment AS MATERIALIZED (
    SELECT extract(epoch FROM clock_timestamp())::float8 AS now FROM held
    HAVING count(*) = cardinality(%(keys)s::text[])
), told AS MATERIALIZED (
    SELECT key, due, greatest(paused_until, now + %(pause)s::float8) AS paused_until,
        CASE WHEN key <> %(trouble)s THEN factor
            WHEN %(slow)s AND coalesce(paused_until, 0) <= now
                THEN greatest(%(lowest)s::float8, coalesce(factor, 1) / 2)
            ELSE least(1, coalesce(factor, 1) + %(restored)s::float8) END AS factor
    FROM held CROSS JOIN moment
)
"""

# `others` are requests that the server has counted and that no worker was lent: in a window that is known, and in a
# later one before it was probed. They came from the same address, but for some that were late.
#
# A window is opened by the response to a probe alone: it was counted after all requests of the window before. A
# response that names a later window ends the one that is known.
_QUOTA: LiteralString = """
seen AS MATERIALIZED (
    SELECT held.*, now, coalesce(%(drift)s * (now - clock_at), 0) AS drift,
        coalesce(%(clock_least)s::float8 > clock_most + %(drift)s * (now - clock_at)
            OR %(clock_most)s::float8 < clock_least - %(drift)s * (now - clock_at), false) AS was_set,
        CASE WHEN NOT coalesce(window_ends > now, false) THEN
                CASE WHEN NOT %(probed)s THEN 'unknown' WHEN %(limit)s::integer IS NOT NULL THEN 'opened'
                    WHEN window_limit IS NULL THEN 'unlimited' ELSE 'unknown' END
            WHEN %(limit)s::integer IS NULL THEN 'known'
            WHEN abs(%(reset)s::float8 - window_reset) <= %(same)s THEN 'same'
            WHEN %(reset)s::float8 < window_reset THEN 'known'
            ELSE 'ended' END AS what
    FROM held CROSS JOIN moment WHERE key = %(ip)s
), learned AS MATERIALIZED (
    SELECT now, due AS ip_due,
        CASE WHEN what IN ('opened', 'same', 'ended') THEN %(limit)s::integer ELSE window_limit END AS window_limit,
        CASE what WHEN 'opened'
                THEN %(left)s::integer - CASE WHEN prober <> %(me)s AND probe_until > now THEN 1 ELSE 0 END
            WHEN 'same' THEN least(window_left, %(left)s::integer) ELSE window_left END AS window_left,
        CASE WHEN %(forgot)s THEN 0 WHEN what = 'same' THEN greatest(0, window_left - %(left)s::integer)
            WHEN what = 'opened' AND %(reset)s::float8 - window_reset > %(same)s
                THEN greatest(0, %(limit)s::integer - 1 - %(left)s::integer) ELSE 0 END AS others,
        CASE what WHEN 'opened' THEN %(reset)s::float8 WHEN 'same' THEN greatest(window_reset, %(reset)s::float8)
            ELSE window_reset END AS window_reset,
        CASE what WHEN 'opened' THEN now + %(ends_in)s::float8
            WHEN 'same' THEN least(window_ends, now + %(ends_in)s::float8)
            WHEN 'ended' THEN now WHEN 'unlimited' THEN 'Infinity' ELSE window_ends END AS window_ends,
        CASE WHEN what = 'opened' THEN %(spread)s::float8 ELSE rate END AS rate,
        CASE WHEN what NOT IN ('opened', 'unlimited') AND NOT (prober = %(me)s AND (%(probed)s OR %(failed)s))
            THEN prober END AS prober,
        probe_until,
        CASE WHEN was_set THEN %(clock_least)s::float8
            ELSE greatest(clock_least - drift, %(clock_least)s::float8) END AS clock_least,
        CASE WHEN was_set THEN %(clock_most)s::float8
            ELSE least(clock_most + drift, %(clock_most)s::float8) END AS clock_most
    FROM seen
), quota AS MATERIALIZED (
    SELECT now, ip_due, window_limit, window_left, others, window_reset, rate, prober, probe_until,
        clock_least, clock_most,
        CASE WHEN %(forgot)s AND window_limit IS NOT NULL AND window_left > 0 THEN least(window_ends, now)
            ELSE window_ends END AS window_ends
    FROM learned
)
"""

# No time is lent for later than `furthest`. Where one seems to have been, the database's clock was set back since.
_PACED: LiteralString = """
rates AS MATERIALIZED (
    SELECT quota.*, run_due, paused, factor, factor * coalesce(%(own)s::float8, rate, %(default)s::float8) AS run_rate,
        factor * rate AS ip_rate, coalesce(window_ends > now, false) AS known
    FROM quota CROSS JOIN (
        SELECT max(due) FILTER (WHERE key = %(run)s) AS run_due, max(paused_until) AS paused,
            coalesce(min(factor), 1) AS factor FROM told
    ) AS rows
), bounded AS MATERIALIZED (
    SELECT rates.*, least(run_rate, ip_rate) AS pace,
        now + %(ahead)s + greatest(%(slice)s, 1 / least(run_rate, ip_rate)) AS furthest
    FROM rates
), started AS MATERIALIZED (
    SELECT bounded.*, CASE WHEN ip_due > furthest THEN now ELSE ip_due END AS last_due,
        greatest(now + %(hold)s::float8, CASE WHEN run_due > furthest THEN now ELSE run_due END) AS run_start,
        greatest(now + %(hold)s::float8, CASE WHEN ip_due > furthest THEN now ELSE ip_due END) AS ip_start
    FROM bounded
), paced AS MATERIALIZED (
    SELECT started.*, greatest(run_start, CASE WHEN ip_rate IS NOT NULL THEN ip_start END) AS begins,
        (prober IS NULL OR prober = %(me)s OR probe_until <= now) AND NOT %(probing)s AS may_probe,
        CASE WHEN window_limit IS NULL THEN 0 ELSE last_due + %(settle)s END AS settled_at
    FROM started
)
"""

_GRANTED: LiteralString = """
counted AS MATERIALIZED (
    SELECT paced.*, (CASE
        WHEN %(wanted)s = 0 OR paused > now OR begins > now + %(ahead)s THEN 0
        WHEN NOT known THEN (may_probe AND coalesce(settled_at, 0) <= now)::integer
        WHEN window_limit IS NULL THEN least(%(wanted)s, greatest(1, floor(%(slice)s * pace)))
        ELSE greatest(0, least(%(wanted)s, greatest(1, floor(%(slice)s * pace)), window_left,
            greatest(%(waiting)s, window_left / %(spare)s::integer), ceil((window_ends - begins) * pace))) END
    )::integer AS n
    FROM paced
), granted AS MATERIALIZED (
    SELECT counted.*, NOT known AND n > 0 AS probes FROM counted
), written AS (
    UPDATE campaign.budget SET
        rate = CASE budget.key WHEN %(run)s THEN %(own)s::float8 WHEN %(ip)s THEN granted.rate ELSE budget.rate END,
        due = CASE WHEN n = 0 THEN told.due WHEN budget.key = %(run)s THEN run_start + n / run_rate
            WHEN budget.key <> %(ip)s THEN told.due WHEN ip_rate IS NULL THEN begins + (n - 1) / pace
            ELSE ip_start + n / ip_rate END,
        paused_until = told.paused_until,
        factor = told.factor,
        window_limit = CASE WHEN budget.key = %(ip)s THEN granted.window_limit END,
        window_left = CASE WHEN budget.key = %(ip)s THEN
            granted.window_left - CASE WHEN known AND granted.window_limit IS NOT NULL THEN n ELSE 0 END END,
        window_reset = CASE WHEN budget.key = %(ip)s THEN granted.window_reset END,
        window_ends = CASE WHEN budget.key = %(ip)s THEN granted.window_ends END,
        prober = CASE WHEN budget.key = %(ip)s THEN CASE WHEN probes THEN %(me)s ELSE granted.prober END END,
        probe_until = CASE WHEN budget.key = %(ip)s THEN
            CASE WHEN probes THEN now + %(lease)s ELSE granted.probe_until END END,
        clock_least = CASE WHEN budget.key = %(ip)s THEN granted.clock_least END,
        clock_most = CASE WHEN budget.key = %(ip)s THEN granted.clock_most END,
        clock_at = CASE WHEN budget.key = %(ip)s THEN now END
    FROM told CROSS JOIN granted WHERE budget.key = told.key
)
"""

TAKE: LiteralString = f"""
WITH {_HELD}, {_QUOTA}, {_PACED}, {_GRANTED}
SELECT n, begins - now, pace, factor, probes,
    CASE WHEN known OR may_probe THEN greatest(0, paused - now, begins - %(ahead)s - now,
        CASE WHEN NOT known THEN settled_at - now
            WHEN window_limit IS NOT NULL AND (window_left <= 0 OR window_ends <= begins) THEN window_ends - now END)
        WHEN paused > now THEN paused - now END,
    CASE WHEN known AND window_limit IS NOT NULL AND window_left <= 0 THEN window_ends - now ELSE 0 END,
    coalesce(greatest(paused - now, 0), 0), window_limit IS NOT NULL, window_reset, now, clock_least, clock_most,
    others
FROM granted
"""
