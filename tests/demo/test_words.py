from vaekit.demo.words import because
from vaekit.modes.reasons import Reason


def test_reasons_become_a_sentence():
    reasons = [Reason("dep_delay", 853, 3.0, -10.0, 60.0, 0.7), Reason("dest", "HNL", "BOS", None, None, 0.2)]
    assert because(reasons, {"dep_delay": "min"}) == (
        "dep_delay is **853 min**, where the rest of the row suggests 3 (-10 to 60); "
        "dest is **HNL**, where the rest of the row suggests BOS"
    )


def test_no_reason_is_no_word():
    assert because([], {}) == ""
