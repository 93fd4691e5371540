"""Windows, simulated: paths, names, open files and consoles that POSIX does not have."""

from __future__ import annotations

import errno
import io
import os
import sqlite3
import sys
from contextlib import closing
from datetime import date, time
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from types import SimpleNamespace

import pytest

from campaign import atomic_write, paths
from campaign.atomic_write import write_atomically
from campaign.campaign_file import campaign_name, load_campaign
from campaign.cli.streams import make_streams_unfailing, written_otherwise
from campaign.errors import CampaignFileError
from campaign.journal import open_journal, remove_unused_journal
from campaign.journal.sqlite import opening
from campaign.journal.sqlite.uri import uri_of
from campaign.messages.environment import format_date
from campaign.operating_system import is_link
from campaign.paths import is_device, real_file
from campaign.sheets import CellValue


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        pytest.param(PurePosixPath("/srv/tết/a.db"), "file:///srv/t%E1%BA%BFt/a.db?mode=ro", id="POSIX"),
        pytest.param(PureWindowsPath(r"C:\Chiến dịch\a"), "file:///C:/Chi%E1%BA%BFn%20d%E1%BB%8Bch/a", id="drive"),
        pytest.param(PureWindowsPath(r"\\server\share\a b.db"), "file:////server/share/a%20b.db?mode=ro", id="UNC"),
        pytest.param(PureWindowsPath(r"\\wsl.localhost\Ubuntu\a.db"), "file:////wsl.localhost/Ubuntu/a.db", id="WSL"),
    ],
)
def test_a_journal_is_opened_by_an_address_without_a_host(path: PurePath, uri: str) -> None:
    assert uri_of(path, "mode=ro") == f"{uri.removesuffix('?mode=ro')}?mode=ro"


@pytest.mark.skipif(os.name == "nt", reason="there the path is a server's")
def test_sqlite_refuses_a_host_and_takes_the_same_path_without_one(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE a (b)")
    server = PureWindowsPath("//" + (tmp_path / "a.db").as_posix().lstrip("/"))
    with pytest.raises(sqlite3.OperationalError, match="invalid uri authority"):
        sqlite3.connect(f"{server.as_uri()}?mode=ro", uri=True)
    with closing(sqlite3.connect(uri_of(server, "mode=ro"), uri=True)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("a",)]


@pytest.mark.parametrize(
    ("tag", "link"),
    [
        pytest.param(0, False, id="a plain file"),
        pytest.param(0xA000000C, True, id="a symbolic link"),
        pytest.param(0xA0000003, True, id="a junction"),
        pytest.param(0x9000701A, False, id="a file of OneDrive"),
        pytest.param(0x80000013, False, id="a file of a deduplicated disk"),
    ],
)
def test_a_reparse_point_is_a_link_where_it_stands_for_another_name(
    monkeypatch: pytest.MonkeyPatch, tag: int, *, link: bool
) -> None:
    monkeypatch.setattr(Path, "lstat", lambda _: SimpleNamespace(st_mode=0o100666, st_reparse_tag=tag))
    assert is_link(Path("tet.journal.db")) is link


@pytest.mark.parametrize(
    ("name", "device"),
    [
        *((name, True) for name in ("con", "NUL", "aux.journal.db", "COM1", "lpt9.toml", "nul .txt", "CONIN$")),
        *((name, False) for name in ("console", "null", "com10", "a.con", "tet", "comm1")),
    ],
)
def test_a_device_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, *, device: bool) -> None:
    monkeypatch.setattr(paths, "WINDOWS", True)
    assert is_device(name) is device
    monkeypatch.setattr(paths, "WINDOWS", False)
    assert not is_device(name)


def test_a_campaign_is_not_named_after_a_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "tet.toml"
    text = 'name = "aux"\ntemplate = "livechat-text"\n[recipients]\nfile = "a.csv"\n'
    file.write_text(text, encoding="utf-8")
    assert campaign_name(file) == "aux"
    monkeypatch.setattr(paths, "WINDOWS", True)
    for read in (campaign_name, load_campaign):
        with pytest.raises(CampaignFileError, match="device on Windows"):
            read(file)


@pytest.mark.parametrize(("typed", "spelled"), [("TET.TOML", "tet.toml"), ("te\u0302\u0301t.toml", "tết.toml")])
def test_a_file_is_called_as_its_folder_spells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, spelled: str
) -> None:
    file = tmp_path / spelled
    file.write_text("", encoding="utf-8")
    if not (tmp_path / typed).exists():  # a file system on which the two are one has it by both names
        (tmp_path / typed).hardlink_to(file)
    (tmp_path / "other.toml").write_text("", encoding="utf-8")
    assert real_file(file).name == spelled
    monkeypatch.setattr(os, "listdir", lambda _: ["other.toml", spelled])
    assert real_file(tmp_path / typed).name == spelled
    assert campaign_name(tmp_path / typed) == Path(spelled).stem
    assert real_file(tmp_path / "gone.toml").name == "gone.toml"


def test_a_file_that_a_scanner_has_open_for_a_moment_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic_write, "ON_WINDOWS", True)
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    replace, target = Path.replace, tmp_path / "tet.results.xlsx"

    def refuse_twice(self: Path, name: Path) -> Path:
        if len(waited) < 2:
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        return replace(self, name)

    monkeypatch.setattr(Path, "replace", refuse_twice)
    assert write_atomically(target, lambda _file: None, replaceable=lambda _: True) == target
    assert waited == list(atomic_write.PAUSES[:2])


def test_the_lock_file_of_a_journal_without_runs_is_removed_once_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "WINDOWS", True)
    path = tmp_path / "tet.journal.db"
    with open_journal(path):
        pass
    unlink, refused = Path.unlink, list[str]()

    def refuse_once(self: Path, *, missing_ok: bool = False) -> None:
        if self.suffix == ".lock" and not refused:
            refused.append(self.name)
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse_once)
    remove_unused_journal(path)
    assert refused == ["tet.journal.db.lock"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        pytest.param(date(2026, 2, 7), "%-d/%-m/%Y", "7/2/2026", id="without zeros, as on Linux"),
        pytest.param(date(2026, 2, 7), "%#d/%#m/%Y", "7/2/2026", id="without zeros, as on Windows"),
        pytest.param(time(0, 5), "%-H giờ %-M phút", "0 giờ 5 phút", id="zero itself"),
        pytest.param(date(2026, 2, 17), "ngày %d tháng %m: 100%% ₫", "ngày 17 tháng 02: 100% ₫", id="₫"),
        pytest.param(date(2026, 2, 17), "%d %", "17 %", id="a sign at the end"),
    ],
)
def test_a_date_has_one_form_on_every_system(value: CellValue, code: str, shown: str) -> None:
    assert format_date(value, code) == shown


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        pytest.param("cp1258", "Tết đến ₫", "Tê\u0301t đê\u0301n ₫", id="a console of Vietnam"),
        pytest.param("cp1258", "Việt Nữ ẩm", "Viê\u0323t Nư\u0303 â\u0309m", id="all marks"),
        pytest.param("cp1252", "Tết é", "T\\u1ebft é", id="a console of western Europe"),
        pytest.param("ascii", "→ ế", "\\u2192 \\u1ebf", id="none beyond ASCII"),
        pytest.param("cp1258", "╭─╮ │ ✗", "+-+ | x", id="a frame"),
        pytest.param("utf-8", "ế \ud83d", "ế \\ud83d", id="half a character"),
    ],
)
def test_letters_that_a_console_lacks_are_written_otherwise(
    monkeypatch: pytest.MonkeyPatch, encoding: str, text: str, written: str
) -> None:
    shown = {name: io.BytesIO() for name in ("stdout", "stderr")}
    before = {name: io.TextIOWrapper(stream, encoding=encoding) for name, stream in shown.items()}
    for name, stream in before.items():
        monkeypatch.setattr(sys, name, stream)
    make_streams_unfailing()
    for made in (sys.stdout, sys.stderr):
        made.write(text)
    assert {each.getvalue().decode(encoding) for each in shown.values()} == {written}


def test_what_cannot_be_decoded_is_no_matter_of_writing() -> None:
    error = UnicodeDecodeError("cp1258", b"\xd0", 0, 1, "no such character")
    with pytest.raises(UnicodeDecodeError, match="no such character"):
        written_otherwise("cp1258", error)
