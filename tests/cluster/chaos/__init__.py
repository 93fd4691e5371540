"""Kills and other trouble under workers; then the server's ledger, the journal and the lists are compared.

`python -m tests.cluster.chaos` runs it. Several campaigns are delivered side by side by the same workers, each from a
server with faults of its own. Meanwhile workers are killed, stopped for less and for more than their lease, asked to
leave, and cut off from PostgreSQL; PostgreSQL is killed; the processes that plan and watch are killed; and the clock of
one worker is an hour off.

- `events`: how many are left to do, and what happened to whom, and when
- `processes`, `proxy`, `altered`: the workers, their way to PostgreSQL, and what is changed in them on purpose
- `campaigns`: one list after the other, as an operator would see it through
- `ledgers`, `verdict`: what is on record, and what is wrong with it
- `proof`: all of it together
"""
