"""Files that fuzzing found: each once ended in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.errors import RecipientsError
from campaign.sheets import ReadOptions, open_sheet


@pytest.mark.parametrize(
    ("encoding", "why"),
    [
        pytest.param("utf-16", "UTF-16 stream does not start with BOM", id="utf-16 without its mark"),
        pytest.param("punycode", "", id="punycode"),
    ],
)
def test_an_encoding_that_does_not_fit_is_refused_however_its_codec_says_so(
    tmp_path: Path, encoding: str, why: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text("token,rid,msg\nt,r,x\n", encoding="ascii")
    with pytest.raises(RecipientsError, match=rf"^list\.csv, line 1: contains a byte that is not {encoding}: .*{why}"):
        open_sheet(path, ReadOptions(encoding=encoding))
