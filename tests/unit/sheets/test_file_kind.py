from __future__ import annotations

import errno
import io
import os
import zipfile
from pathlib import Path

import pytest

from campaign.errors import RecipientsError
from campaign.sheets import open_sheet
from campaign.sheets.files import FileKind, kind_of

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def ole(*streams: str) -> bytes:
    return OLE + bytes(2000) + b"".join(name.encode("utf-16-le") + bytes(40) for name in streams)


def zip_of(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("a.xlsx", b"", r"^a\.xlsx: is empty; save or download it again$", id="empty"),
        pytest.param("a.csv", b"", r"^a\.csv: is empty", id="empty-csv"),
        pytest.param(
            "a.xlsx", ole("EncryptedPackage"), "is encrypted with a password; .*remove the password", id="encrypted"
        ),
        pytest.param("a.xls", ole("Workbook"), r"is an old Excel file \(\.xls\); .*save it as \.xlsx$", id="xls"),
        pytest.param("a.xlsx", ole("Workbook"), r"is an old Excel file \(\.xls\)", id="xls-renamed"),
        pytest.param("a.xls", ole("Book"), r"is an old Excel file \(\.xls\)", id="xls-of-1995"),
        pytest.param(
            "a.xls", b"\x09\x08\x08\x00\x00\x05" + bytes(50), r"is an old Excel file \(\.xls\)", id="xls-bare"
        ),
        pytest.param("a.xls", b"\x09\x00\x04\x00\x02\x00\x10\x00", r"is an old Excel file \(\.xls\)", id="xls-biff-2"),
        pytest.param("a.xls", b"\x09\x02\x06\x00\x00\x03\x10\x00", r"is an old Excel file \(\.xls\)", id="xls-biff-3"),
        pytest.param("a.csv", b"\x09\x04\x06\x00\x00\x04\x10\x00", r"is an old Excel file \(\.xls\)", id="xls-biff-4"),
        pytest.param("a.doc", ole("WordDocument"), "is an old Office file and not a workbook", id="doc"),
        pytest.param(
            "a.xls",
            b"<html><table><tr><td>1",
            r"is a web page \(HTML\) and not a workbook; .*save it as \.xlsx",
            id="html-xls",
        ),
        pytest.param("a.xlsx", b"\xef\xbb\xbf\r\n <!DOCTYPE html>", r"is a web page \(HTML\)", id="html-xlsx"),
        pytest.param("a.csv", b"<TABLE border=1>", r"is a web page \(HTML\)", id="html-csv"),
        pytest.param("a.xls", b'<?xml version="1.0"?><html xmlns="x">', r"is a web page \(HTML\)", id="xhtml"),
        pytest.param("a.xls", "\ufeff<html>".encode("utf-16"), r"is a web page \(HTML\)", id="html-utf16"),
        pytest.param("a.xls", b"MIME-Version: 1.0\r\n", r"is a web archive \(MHTML\)", id="mhtml"),
        pytest.param(
            "a.xml",
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "is an XML Spreadsheet 2003 and not a workbook",
            id="xml-2003",
        ),
        pytest.param(
            "a.xls",
            b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "is an XML Spreadsheet 2003 and not a workbook",
            id="xml-2003-bare",
        ),
        pytest.param("a.csv", b"<workbook><sheet/>", "is an XML file and not a workbook", id="workbook-bare"),
        pytest.param("a.csv", b"<!-- list --><list/>", "is an XML file and not a workbook", id="xml-comment"),
        pytest.param("a.csv", b"<!-- saved --><html>", r"is a web page \(HTML\)", id="html-comment"),
        pytest.param("a.xml", b"<?xml version='1.0'?><list/>", "is an XML file and not a workbook", id="xml"),
        pytest.param("a.pdf", b"%PDF-1.7", r"is a PDF; give a workbook", id="pdf"),
        pytest.param("a.xlsx", b"\x1f\x8b\x08", "is a gzip archive", id="gzip"),
        pytest.param("a.xlsx", b"Rar!\x1a\x07\x01\x00", "is a RAR archive; give a workbook", id="rar"),
        pytest.param("a.csv", b"7z\xbc\xaf\x27\x1c", "is a 7z archive; give a workbook", id="7z"),
        pytest.param("a.xlsx", b"\x89PNG\r\n\x1a\n", "is a picture; give a workbook", id="png"),
        pytest.param("a.csv", b"\xff\xd8\xff\xe0\x00\x10JFIF", "is a picture; give a workbook", id="jpeg"),
        pytest.param("a.csv", b"GIF89a", "is a picture; give a workbook", id="gif"),
        pytest.param("a.csv", b"SQLite format 3\0", "is a database; give a workbook", id="sqlite"),
        pytest.param("a.txt", b"{\\rtf1\\ansi", r"is a text document \(RTF\); give a workbook", id="rtf"),
        pytest.param("a.xlsx", bytes(3000), "is damaged: it contains only zeros; get the file again", id="zeros"),
        pytest.param("a.xlsx", bytes(range(1, 9)) * 9, "is damaged, or is not a spreadsheet", id="bytes"),
        pytest.param(
            "a.xlsx", b"name,phone\nAn,1\n", r"is plain text and not a workbook; rename it to \.csv", id="csv-renamed"
        ),
        pytest.param("a.gsheet", b'{"url": "https://docs.example/"}', "is a link to a web page; download", id="gsheet"),
        pytest.param("a.url", b"[InternetShortcut]\r\nURL=https://x", "is a link to a web page; download", id="url"),
        pytest.param("a.ods", b"name,phone\nAn,1\n", r"is plain text and not a workbook", id="csv-as-ods"),
        pytest.param("a.py", b"print(1)\n", "is not a kind of file that can be read as a sheet; give", id="other"),
        pytest.param(
            "a.xlsx",
            zip_of("mimetype", "content.xml"),
            r"is an OpenDocument file \(\.ods\); open it in the program it comes from",
            id="ods-renamed",
        ),
        pytest.param(
            "a.ods",
            zip_of("mimetype", "content.xml"),
            r"is an OpenDocument file .* save or export it as \.xlsx",
            id="ods",
        ),
        pytest.param("a.numbers", zip_of("Index/Document.iwa"), "is a Numbers spreadsheet; open", id="numbers"),
        pytest.param("a.numbers", zip_of("Index.zip"), "is a Numbers spreadsheet; open", id="old-numbers"),
        pytest.param("a.xlsb", zip_of("xl/workbook.bin"), r"is a binary workbook \(\.xlsb\); open", id="xlsb"),
        pytest.param("a.xlsx", zip_of("word/document.xml"), "is a Word document; open", id="docx-renamed"),
        pytest.param("a.xlsx", zip_of("ppt/presentation.xml"), "is a PowerPoint presentation; open", id="pptx-renamed"),
        pytest.param("a.xlsx", zip_of("photo.jpg"), "is a zip archive and not a workbook; open", id="zip"),
        pytest.param("a.xlsx", zip_of(), "is a zip archive and not a workbook; open", id="empty-zip"),
        pytest.param(
            "~$a.xlsx",
            b"\x05Linh",
            r"is the lock file of a workbook .*; give a\.xlsx itself",
            id="lock-file",
        ),
    ],
)
def test_what_cannot_hold_recipients_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecipientsError, match=message):
        open_sheet(path)


@pytest.mark.parametrize("tag", ["head", "body", "table", "meta", "style", "script"])
def test_a_piece_of_a_web_page_is_refused(tmp_path: Path, tag: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"\n<{tag.title()} class='x'>\nname,phone\nAn,1\n")
    with pytest.raises(RecipientsError, match=r"^a\.csv: is a web page \(HTML\) and not a workbook; open it in"):
        open_sheet(path)


def test_the_name_of_a_stream_is_found_across_two_reads(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    name = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(OLE + bytes((1 << 20) - len(OLE) - 7) + name)
    with pytest.raises(RecipientsError, match="is encrypted with a password"):
        kind_of(path)


def test_a_missing_file_is_refused_with_the_name_that_is_nearest(tmp_path: Path) -> None:
    (tmp_path / "customers.xlsx").touch()
    with pytest.raises(
        RecipientsError, match=r"custmers\.xlsx: there is no such file; did you mean customers\.xlsx\?$"
    ):
        kind_of(tmp_path / "custmers.xlsx")


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        pytest.param("other.xlsx", "check the name and the folder", id="file"),
        pytest.param("nowhere/other.xlsx", "check the name of the folder", id="folder"),
        pytest.param("a\0b.xlsx", "check the name", id="impossible-name"),
        pytest.param("a" * 300 + ".xlsx", "check the name", id="name-too-long"),
    ],
)
def test_a_missing_file_is_refused(tmp_path: Path, path: str, remedy: str) -> None:
    with pytest.raises(RecipientsError, match=f"there is no such file; {remedy}"):
        kind_of(tmp_path / path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipientsError, match="is a folder; give a file in it"):
        kind_of(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(RecipientsError, match="is not a file on a disk; save it as a file first"):
        kind_of(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("method", "error", "message"),
    [
        pytest.param(
            "stat",
            PermissionError(errno.EACCES, "no"),
            "may not be read; change its permissions",
            id="folder-locked",
        ),
        pytest.param(
            "open", PermissionError(errno.EACCES, "no"), "may not be read; close it where it is open", id="file-locked"
        ),
        pytest.param(
            "open", OSError(errno.EIO, "Input/output error"), r"cannot be read \(Input/output error\)", id="broken-disk"
        ),
    ],
)
def test_a_file_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, error: OSError, message: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n")

    def refuse(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(RecipientsError, match=message):
        open_sheet(path)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.TXT", "a.tab"])
def test_text_is_detected_by_content_and_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"a,b\n")
    assert kind_of(path) is FileKind.TEXT


@pytest.mark.parametrize("name", ["a.xlsx", "a.XLSM", "a.csv", "a.xls"])
def test_a_workbook_is_detected_by_content(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(zip_of("xl/workbook.xml"))
    assert kind_of(path) is FileKind.WORKBOOK


def test_utf16_is_text_in_spite_of_its_zeros(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("name,phone\nAn,1\n".encode("utf-16-le"))
    assert kind_of(path) is FileKind.TEXT
