import pickle

import pytest

from vaekit import errors

USER = [errors.SchemaError, errors.SpecError, errors.DataError, errors.ModeUnavailable]


@pytest.mark.parametrize("kind", USER)
def test_user_errors_are_value_errors(kind):
    assert issubclass(kind, errors.UserError) and issubclass(kind, ValueError) and issubclass(kind, errors.VaekitError)


def test_artifact_error_is_not_a_value_error():
    assert issubclass(errors.ArtifactError, errors.VaekitError) and not issubclass(errors.ArtifactError, ValueError)


def test_hint_stands_on_a_line_of_its_own():
    assert str(errors.DataError("what", hint="do this")) == "what\nHint: do this"
    assert str(errors.DataError("what")) == "what"


@pytest.mark.parametrize("kind", [*USER, errors.ArtifactError])
def test_errors_survive_pickling(kind):
    again = pickle.loads(pickle.dumps(kind("what", hint="do this")))
    assert type(again) is kind and (again.message, again.hint) == ("what", "do this")
