"""Whatever the shapefiles of other programs and of eighteen towns have wrong with them is said in Chinese."""

import csv
import io
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import SHARED_DATA
from tests.webmap.chinese import english_in, told_in_chinese

FILES = [*sorted((SHARED_DATA / "shapefiles").glob("*.zip")), *sorted((SHARED_DATA / "wards").glob("*.zip"))]


@pytest.mark.usefixtures("shared_data")
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem[:60])
def test_a_file_from_elsewhere_is_told_of_in_chinese(app: Flask, file: Path, tmp_path: Path) -> None:
    """First as it is, which mostly lacks a column; then with some columns as if they were code, name and parent."""
    here = tmp_path / file.name
    here.symlink_to(file)
    found = told_in_chinese(app, here)
    said, headings = found.said, found.headings
    if headings:
        chosen = [f"code={headings[0]}", f"name={headings[-1]}", f"parent={headings[-1]}", f"households={headings[-1]}"]
        columns = io.StringIO()
        csv.writer(columns, lineterminator="").writerow(chosen)
        said = [*said, *told_in_chinese(app, here, columns=columns.getvalue()).said]
    assert said, "at least why it was read so"
    english = {each: words for each in said if (words := english_in(each, file=file, headings=headings))}
    assert english == {}
