"""docs/vendors.md says what the matrix holds true."""

from tests.matrix.columns import COLUMNS
from tests.matrix.features import FEATURES
from tests.matrix.support import MISSING
from tests.matrix.table import PAGE, page


def test_the_page_is_what_the_matrix_gives() -> None:
    told = "docs/vendors.md is out of date: run `python -m tests.matrix.table` and commit what it writes."
    assert PAGE.read_text(encoding="utf-8") == page(), told


def test_what_is_missing_names_features_and_columns_that_are_there() -> None:
    names = {column.name for column in COLUMNS} | {column.vendor for column in COLUMNS}
    assert {feature for feature, _ in MISSING} <= {feature.name for feature in FEATURES}
    assert {column for _, column in MISSING} <= names


def test_the_page_stays_short() -> None:
    assert len(page().splitlines()) <= 150
