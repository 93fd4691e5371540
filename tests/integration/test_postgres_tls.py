"""A journal in a database that is reached over TLS, as its address asks for, or that asks for a password."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from .conftest import FAST, Campaign, RunningSandbox, livechat_list
from .test_network import served

CERTIFICATE = Path(__file__).parents[1] / "data" / "localhost.pem"


@pytest.fixture
def tls_port(postgres: str) -> Iterator[int]:
    """The port of a server that takes TLS and passes what it says on to the database of the tests.

    PostgreSQL itself is built without TLS in the wheel that the tests use.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _pass_on(reader, writer, context, postgres)
        finally:
            writer.close()

    with served(talk) as port:
        yield port


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext, database: str
) -> None:
    request = await reader.readexactly(8)
    assert request == (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")  # SSLRequest, in the protocol's words
    writer.write(b"S")
    with contextlib.suppress(ssl.SSLError, OSError):  # a client that does not trust the certificate
        await writer.start_tls(context)
        parts = conninfo_to_dict(database)
        host, port = str(parts["host"]), parts.get("port", 5432)
        if host.startswith("/"):
            inner = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            inner = await asyncio.open_connection(host, int(str(port)))
        await asyncio.gather(_copy(reader, inner[1]), _copy(inner[0], writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


def address(postgres: str, host: str, port: int, **options: object) -> str:
    parts = conninfo_to_dict(postgres)
    user = f"{parts['user']}:{parts['password']}" if "password" in parts else parts["user"]
    more = "&".join(f"{name}={value}" for name, value in {"sslmode": "verify-full", **options}.items())
    return f"postgresql://{user}@{host}:{port}/{parts['dbname']}?{more}"


@pytest.fixture
def file(tmp_path: Path, server: RunningSandbox) -> Path:
    """A campaign file."""
    livechat_list(tmp_path / "list.csv", 5)
    (tmp_path / "offer.toml").write_text(
        f'name = "c{uuid.uuid4().hex}"\ntemplate = "livechat-text"\n[recipients]\nfile = "list.csv"\n'
        f'[server]\nurl = "{server.url}"\n',
        encoding="utf-8",
    )
    return tmp_path / "offer.toml"


def test_a_run_goes_over_tls_to_a_server_whose_certificate_is_verified(
    command: Campaign, postgres: str, file: Path, tls_port: int
) -> None:
    url = address(postgres, "localhost", tls_port, sslrootcert=CERTIFICATE, hostaddr="127.0.0.1")
    ran = command("run", file, *FAST, "--journal", url)
    assert (ran.code, ran.json["sent"]) == (0, 5)


@pytest.mark.parametrize(
    ("host", "root", "reason"),
    [
        pytest.param("127.0.0.1", CERTIFICATE, 'does not match host name "127.0.0.1"', id="another name"),
        pytest.param("localhost", Path("/nowhere.pem"), 'root certificate file "/nowhere.pem"', id="no root"),
    ],
)
def test_a_server_that_is_not_verified_is_refused(  # noqa: PLR0917 - fixtures and a row of the table
    command: Campaign, postgres: str, file: Path, tls_port: int, host: str, root: Path, reason: str
) -> None:
    url = address(postgres, host, tls_port, sslrootcert=root, hostaddr="127.0.0.1")
    refused = command("run", file, *FAST, "--journal", url)
    assert refused.code == 2
    assert "the database cannot be reached (" in refused.stderr
    assert reason in refused.stderr


def test_a_database_that_asks_for_a_password_says_where_one_is_looked_for(
    command: Campaign, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big"))  # AuthenticationCleartextPassword
        await reader.read()
        writer.close()

    with served(ask) as port:
        url = f"postgresql://campaign@127.0.0.1:{port}/x?sslmode=disable&gssencmode=disable"
        refused = command("run", file, *FAST, "--journal", url)
    assert refused.code == 2
    assert "asks for a password, and none is found; set PGPASSWORD, or write" in refused.stderr
    assert "~/.pgpass" in refused.stderr
