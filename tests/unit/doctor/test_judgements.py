"""What the facts that `campaign doctor` reads mean, as pure functions."""

from __future__ import annotations

import importlib.metadata
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from campaign.channels import KITECHAT, LIVECHAT
from campaign.channels.base import Fatal, Indeterminate, Quota, Response, Throttled
from campaign.channels.probe import Answered, ProbeVerdict
from campaign.delivery.proxies import ProxySettings
from campaign.doctor.checks import Check, CheckState, check_lines, fine, has_problem, problem, warning
from campaign.doctor.folder import LITTLE, TOO_LITTLE, Folder, check_folder, read_folder
from campaign.doctor.journal import check_journal
from campaign.doctor.key import KeySearch, check_key
from campaign.doctor.proxy import Proxy, check_proxy, read_proxy
from campaign.doctor.server import Asked, check_clock, check_limit, check_server
from campaign.doctor.terminal import Terminal, check_terminal
from campaign.doctor.versions import (
    DISTRIBUTION,
    Library,
    Versions,
    check_versions,
    declared_libraries,
    parse_version,
    read_versions,
)
from campaign.errors import KeyMissingError, Problem
from campaign.journal import Holder
from campaign.journal.health import JournalHealth

OK, WARNING, PROBLEM = CheckState.OK, CheckState.WARNING, CheckState.PROBLEM
RIGHT = Versions("1.0.0", (3, 12, 1), (3, 11), "Linux", (Library("click", "8.2.0", "8.1.7"),), (3, 40, 1))
UTF8 = Terminal("utf-8", "utf-8", 120)


def states(checks: list[Check]) -> dict[str, CheckState]:
    return {each.name: each.state for each in checks}


def only(checks: list[Check]) -> Check:
    assert len(checks) == 1
    return checks[0]


def test_versions_that_are_new_enough_are_fine() -> None:
    assert set(states(check_versions(RIGHT)).values()) == {OK}


@pytest.mark.parametrize(
    ("changed", "name", "said"),
    [
        pytest.param({"python": (3, 10, 9)}, "python", "Python 3.10.9 on Linux is too old", id="python"),
        pytest.param({"sqlite": (3, 24, 9)}, "sqlite", "SQLite 3.24.9 is older than 3.25.0", id="sqlite"),
        pytest.param(
            {"libraries": (Library("click", "8.1.3", "8.1.7"),)},
            "libraries",
            "click 8.1.3 is older than 8.1.7",
            id="library too old",
        ),
        pytest.param(
            {"libraries": (Library("aiohttp", "4.0.1", "3.13", "4"),)},
            "libraries",
            "aiohttp 4.0.1 is not below 4",
            id="library too new",
        ),
        pytest.param(
            {"libraries": (Library("ftfy", None),)}, "libraries", "ftfy is not installed", id="library not there"
        ),
    ],
)
def test_a_version_that_will_not_do_is_a_problem(changed: dict[str, Any], name: str, said: str) -> None:
    found = {each.name: each for each in check_versions(replace(RIGHT, **changed))}
    assert (found[name].state, found[name].message) == (PROBLEM, found[name].message)
    assert said in found[name].message
    assert found[name].remedy
    assert [state for other, state in states(list(found.values())).items() if other != name] == [OK, OK]


def test_a_checkout_that_is_not_installed_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def metadata(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "metadata", metadata)
    assert states(check_versions(read_versions())) == {"python": OK, "libraries": WARNING, "sqlite": OK}


def test_the_libraries_of_this_installation_are_read() -> None:
    found = read_versions()
    assert found.campaign == importlib.metadata.version(DISTRIBUTION)
    assert {"aiohttp", "click", "openpyxl"} <= {each.name for each in found.libraries}
    assert found.oldest_python == (3, 11)


def test_requirements_of_extras_and_other_systems_do_not_count() -> None:
    listed = ["click>=8.1.7", "aiohttp<4,>=3.13", 'tzdata>=2024.1; sys_platform == "win32"', 'mypy>=2; extra == "dev"']
    assert [each.name for each in declared_libraries(listed, "linux")] == ["click", "aiohttp"]
    found = {each.name: each for each in declared_libraries([*listed, "no.such.library", "???"], "win32")}
    assert (found["aiohttp"].least, found["aiohttp"].below) == ("3.13", "4")
    assert found["no.such.library"].found is None
    assert "tzdata" in found


@pytest.mark.parametrize(
    ("text", "version"),
    [("3.11", (3, 11)), ("8.1.7rc1", (8, 1, 7)), ("2.10", (2, 10)), ("", ()), ("unknown", ())],
    ids=["two parts", "candidate", "two digits", "empty", "no number"],
)
def test_a_version_is_read_as_numbers(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "ascii", "no-such-encoding"])
def test_an_encoding_without_all_letters_of_vietnamese_is_found(encoding: str) -> None:
    found = check_terminal(replace(UTF8, output=encoding))
    assert states(found) == {"encoding": WARNING, "terminal": OK}
    assert encoding in found[0].message
    assert "LC_ALL" in found[0].remedy
    assert "PYTHONUTF8" in check_terminal(replace(UTF8, output=encoding, on_windows=True))[0].remedy


@pytest.mark.parametrize(
    ("terminal", "expected"),
    [
        pytest.param(UTF8, [OK, OK], id="utf-8"),
        pytest.param(replace(UTF8, columns=None), [OK, OK], id="a pipe"),
        pytest.param(replace(UTF8, columns=40), [OK, WARNING], id="narrow"),
        pytest.param(replace(UTF8, output=""), [WARNING, OK], id="no standard output"),
        pytest.param(replace(UTF8, file_names="ascii"), [OK, WARNING, OK], id="names of files"),
    ],
)
def test_the_terminal_is_judged(terminal: Terminal, expected: list[CheckState]) -> None:
    assert [each.state for each in check_terminal(terminal)] == expected


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        pytest.param({}, OK, id="room and locks"),
        pytest.param({"room": None, "has_locks": None}, OK, id="nothing known"),
        pytest.param({"error": "Permission denied"}, PROBLEM, id="not writable"),
        pytest.param({"room": LITTLE - 1}, WARNING, id="little room"),
        pytest.param({"room": TOO_LITTLE - 1}, PROBLEM, id="no room"),
        pytest.param({"has_locks": False}, WARNING, id="no locks"),
        pytest.param({"network": "nfs4"}, WARNING, id="a network drive"),
        pytest.param({"longest": 300}, OK, id="a long path"),
        pytest.param({"longest": 300, "on_windows": True}, WARNING, id="a long path on Windows"),
    ],
)
def test_a_folder_is_judged(changed: dict[str, Any], state: CheckState) -> None:
    assert only(check_folder(replace(Folder(Path("a"), room=LITTLE, has_locks=True), **changed))).state is state


def test_a_folder_is_tried_without_leaving_anything_there(tmp_path: Path) -> None:
    found = read_folder(tmp_path, "tet-offer")
    assert (found.error, found.has_locks, list(tmp_path.iterdir())) == ("", True, [])
    assert found.longest > len(str(tmp_path)) + len("tet-offer")
    assert read_folder(tmp_path / "gone", "a").error


def test_a_folder_whose_room_is_not_known_is_no_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> None:
        raise OSError("not supported")

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    assert only(check_folder(read_folder(tmp_path, "a"))).state is OK


def test_the_proxy_of_a_server_is_the_one_that_is_tried() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://user:password@127.0.0.1:{listening.getsockname()[1]}"
        found = read_proxy(ProxySettings(http=address), "http://chat.example.com")
    assert (found.error, found.place) == ("", f"127.0.0.1:{address.rpartition(':')[2]}")
    assert read_proxy(ProxySettings(http=address), "https://chat.example.com") == Proxy(is_set=True)


def test_a_journal_is_judged() -> None:
    whole = JournalHealth("a.journal.db", facts=("version 7",), runs=1)
    assert only(check_journal(whole)) == fine("journal", "a.journal.db: whole, version 7, 1 run on record")
    assert only(check_journal(replace(whole, exists=False, facts=()))).message.endswith("the first run makes it")
    holder = Holder("here", 12, 0.0)
    assert only(check_journal(replace(whole, holder=holder))).state is WARNING
    doubtful = replace(whole, doubts=(Problem("a", "other users can read or write it", "chmod 600 a"),))
    assert only(check_journal(doubtful)) == warning("journal", "a: other users can read or write it", "chmod 600 a")
    refused = replace(whole, refused=Problem("a", "is damaged", "restore it"))
    assert only(check_journal(refused)) == problem("journal", "a: is damaged", "restore it")


def test_a_key_is_judged_and_not_shown() -> None:
    assert only(check_key(LIVECHAT, KeySearch({}))).state is OK
    found = KeySearch({"api_key": "a-secret"})
    assert only(check_key(KITECHAT, found)).state is OK
    assert "a-secret" not in f"{found!r}{only(check_key(KITECHAT, found))!r}"
    assert only(check_key(KITECHAT, KeySearch())).state is PROBLEM
    missing = KeyMissingError(Problem("KITECHAT_API_KEY", "none is set"))
    assert only(check_key(KITECHAT, KeySearch(None, missing))).state is PROBLEM
    open_to_all = KeySearch({"api_key": "a"}, None, (Problem("KITECHAT_API_KEY_FILE", "others read it", "chmod 600"),))
    assert only(check_key(KITECHAT, open_to_all)).state is WARNING


@pytest.mark.parametrize(
    ("proxy", "state"),
    [
        pytest.param(Proxy(), OK, id="none"),
        pytest.param(Proxy(is_set=True), OK, id="not for this server"),
        pytest.param(Proxy("proxy:3128", is_set=True), OK, id="takes connections"),
        pytest.param(Proxy("proxy:3128", is_set=True, error="refused"), PROBLEM, id="does not"),
    ],
)
def test_a_proxy_is_judged(proxy: Proxy, state: CheckState) -> None:
    assert check_proxy(proxy, "https://chat.example.com").state is state


def asked(verdict: ProbeVerdict, response: Response | None = None) -> Asked:
    return Asked("https://chat.example.com", verdict, response, 1000.0, 1000.2)


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        pytest.param(Answered("it answers"), OK, id="answered"),
        pytest.param(Answered("it answers", "without a list"), WARNING, id="with a remark"),
        pytest.param(Throttled("over the limit"), WARNING, id="throttled"),
        pytest.param(Indeterminate("a page"), PROBLEM, id="a page"),
        pytest.param(Fatal("it redirects"), PROBLEM, id="a redirect"),
    ],
)
def test_a_server_is_judged_by_its_answer(verdict: ProbeVerdict, state: CheckState) -> None:
    assert check_server(asked(verdict)).state is state


@pytest.mark.parametrize(
    ("date", "state", "said"),
    [
        pytest.param(1000, OK, "agree", id="same"),
        pytest.param(999, OK, "agree", id="within a second"),
        pytest.param(1011, WARNING, "11 s ahead of", id="seconds ahead"),
        pytest.param(970, WARNING, "29 s behind", id="seconds behind"),
        pytest.param(1300, PROBLEM, "5 min ahead of", id="minutes ahead"),
        pytest.param(100, PROBLEM, "15 min behind", id="minutes behind"),
    ],
)
def test_the_clocks_are_compared(date: int, state: CheckState, said: str) -> None:
    at = f"Thu, 01 Jan 1970 00:{date // 60:02}:{date % 60:02} GMT"
    found = check_clock(asked(Answered("it answers"), Response(200, {"date": at})))
    assert found is not None
    assert found.state is state
    assert said in found.message


def test_a_server_without_a_date_says_nothing_of_its_clock() -> None:
    assert check_clock(asked(Answered("it answers"), Response(200))) is None
    assert check_clock(asked(Answered("it answers"))) is None


@pytest.mark.parametrize(
    ("quota", "rate", "state", "said"),
    [
        pytest.param(None, None, OK, "states no limit", id="no limit"),
        pytest.param(Quota(10, 9, 1060.0), None, OK, "10 requests in 60 s", id="as the server allows"),
        pytest.param(Quota(10, 9, 1060.0), 0.1, OK, "0.1 a second", id="slower than the limit"),
        pytest.param(Quota(10, 9, 1060.0), 10.0, WARNING, "10 a second", id="faster than the limit"),
        pytest.param(Quota(10, 2, 1003.0), 1.0, WARNING, "10 requests in 60 s", id="near the end of a window"),
        pytest.param(Quota(600, 9, 1060.0), 10.0, OK, "600 requests", id="just the limit"),
    ],
)
def test_the_limit_is_compared_with_the_rate(
    quota: Quota | None, rate: float | None, state: CheckState, said: str
) -> None:
    found = check_limit(quota, asked(Answered("it answers"), Response(200)), rate, (10, 60.0))
    assert found is not None
    assert found.state is state
    assert said in found.message


def test_without_an_answer_no_limit_is_known() -> None:
    assert check_limit(None, asked(Answered("it answers")), None) is None


def test_the_lines_name_each_remedy_and_the_sum() -> None:
    checks = [fine("python", "3.12"), warning("encoding", "ascii", "set a locale"), problem("key", "none", "set it")]
    lines = [line.text for line in check_lines(checks, 80)]
    assert lines == [
        "ok       python    3.12",
        "warning  encoding  ascii",
        "                   what to do: set a locale",
        "problem  key       none",
        "                   what to do: set it",
        "1 problem and 1 warning. No message was sent.",
    ]
    assert has_problem(checks)
    assert [line.text for line in check_lines([], 80)] == ["Nothing wrong. No message was sent."]
