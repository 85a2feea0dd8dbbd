import pyarrow as pa
import pytest

import vaekit
from vaekit.modes.ask import ask
from vaekit.modes.judge import Subject
from vaekit.modes.labels import coded, labels_of


def subject(case, rows=None):
    asked = ask(case.model.fitted, case.rows if rows is None else rows)
    return Subject(case.model.fitted, asked, 0, None)


@pytest.mark.parametrize("name", ["image-given", "image-label"])
def test_the_column_that_the_model_knows_names_the_classes(name, fitted):
    case = fitted(name)
    found = labels_of(subject(case))
    assert (found.name, found.known, found.values) == ("digit", True, ["0", "1", "2"])
    assert found.codes.tolist() == case.rows["digit"].tolist()


def test_a_column_beside_images_that_the_model_does_not_know_serves_as_well(fitted):
    case = fitted("image-mlp")
    assert labels_of(subject(case)) is None
    named = vaekit.images(case.rows, columns={"shape": ["round", None, "flat"] * 10, "share": [0.5] * 30})
    with pytest.warns(UserWarning, match="shape"):
        found = labels_of(subject(case, named))
    assert (found.name, found.known, found.values) == ("shape", False, ["flat", "round"])
    assert found.codes[:3].tolist() == [1, -1, 0]


@pytest.mark.parametrize("values", [[1] * 50, list(range(50)), [None] * 50])
def test_one_value_or_too_many_are_no_classes(values):
    assert coded("x", pa.array(values, pa.int64())) is None
