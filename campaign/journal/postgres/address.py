"""The address of a database: what connects to it, and what may be shown of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from campaign.errors import JournalError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS = ("password", "sslpassword")
"""Parameters whose values are shown nowhere."""

DEFAULTS: Mapping[str, str | int] = {
    "connect_timeout": 10,
    "client_encoding": "utf8",
    "fallback_application_name": "campaign",
    "keepalives_idle": 30,  # a delivery may wait for its window for hours, and routers forget idle connections
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # where its machine is gone without a word, another may have its address by then
}
"""Parameters of a connection, as far as the address does not name them."""

REMEDY = (
    "write postgresql://USER@HOST:PORT/DATABASE; in a password, write %40 for @, %2F for /, %3A for : and %23 for #"
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address that was understood.

    Attributes:
        shown: how it is shown: without a password, and without options.
        parameters: the parameters of a connection.
    """

    shown: str
    parameters: Mapping[str, str | int] = field(repr=False)

    def blanked(self, text: str) -> str:
        """A text from the server or its library, in one line and without the password."""
        for name in SECRETS:
            secret = str(self.parameters.get(name) or "")
            for form in {secret, quote(secret, safe="")} - {""}:
                text = text.replace(form, "***")
        return " ".join(text.split())


def parse_address(url: str) -> Address:
    """Understand the address of a database.

    Raises:
        JournalError: it is none; the error quotes nothing of it, because any part may be one of the password.
    """
    try:
        parts = urlsplit(url)
        # An @ or a # that a password contains as it is makes the rest of it seem a host, a path or a fragment.
        strange = "@" in f"{parts.path}{parts.query}" or "#" in url or parts.netloc.count("@") > 1
        parameters = {} if strange else {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except (ValueError, psycopg.Error):
        strange, parameters = True, {}
    if strange or not all(port.isdigit() or not port for port in parameters.get("port", "5432").split(",")):
        raise JournalError(Problem("the journal's address", "is not one of a PostgreSQL database", REMEDY))
    return Address(_shown(parameters), {**DEFAULTS, **parameters})


def _shown(parameters: Mapping[str, str]) -> str:
    """An address with which the same database is found, where its server asks for no password."""
    user = f"{quote(parameters['user'])}@" if parameters.get("user") else ""
    database = f"/{quote(parameters['dbname'])}" if parameters.get("dbname") else ""
    hosts, ports = parameters.get("host", "localhost").split(","), parameters.get("port", "").split(",")
    if hosts[0].startswith("/"):
        port = f":{ports[0]}" if ports[0] else ""
        return f"postgresql://{user}{port}{database or '/'}?host={hosts[0]}"
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    named = [f"[{host}]" if ":" in host else host for host in hosts]
    places = [f"{host}:{port}" if port else host for host, port in zip(named, ports, strict=True)]
    return f"postgresql://{user}{','.join(places)}{database}"
