import io
import sys
import time

import pytest

from vaekit import progress
from vaekit.modes import WATCH
from vaekit.modes.ask import chunks
from vaekit.train import Step


def steps(stage="model", epochs=2, each=3):
    for at in range(epochs * each):
        yield Step(stage, at // each, epochs, at + 1, epochs * each, 1.5, 1234.5)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def told(show, stream, monkeypatch, answers=None, stages=("model", "prior")):
    monkeypatch.setattr(sys, "stderr", stream)
    said = []
    with progress.reporter(show, answers) as report:
        for stage in stages:
            said += [report(step) for step in steps(stage)] if report else []
    return stream.getvalue(), said


@pytest.mark.parametrize(("show", "stream"), [(False, io.StringIO()), (None, io.StringIO()), (False, Terminal())])
def test_silence_hands_on_the_users_own_function(show, stream, monkeypatch):
    asked = []
    text, _ = told(show, stream, monkeypatch, asked.append)
    assert text == "" and len(asked) == 12
    with progress.reporter(show, None) as report:
        assert report is None


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_the_users_answer_decides(stream, monkeypatch):
    _, said = told(True, stream(), monkeypatch, lambda step: step.step < 4)
    assert said == [True, True, True, False, False, False] * 2
    _, said = told(True, stream(), monkeypatch)
    assert said == [None] * 12


def test_lines_close_every_stage(monkeypatch):
    text, _ = told(True, io.StringIO(), monkeypatch)
    assert text.splitlines() == [
        f"{stage}: epoch 2/2 · 1,234 rows/s · loss 1.500 · 0:00:00 in all" for stage in ("model", "prior")
    ]


def test_lines_come_every_few_seconds_with_the_time_left(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    text, _ = told(True, io.StringIO(), monkeypatch, lambda _: now.append(now.pop() + 3), stages=("model",))
    lines = text.splitlines()
    assert lines[0] == "model: 50% · epoch 1/2 · 1,234 rows/s · loss 1.500 · 0:00:06 left"
    assert len(lines) == 3


@pytest.mark.parametrize("show", [True, None])
def test_a_terminal_gets_one_bar_a_stage(show, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    text, _ = told(show, Terminal(), monkeypatch)
    for word in ("model", "prior", "100%", "epoch 2/2", "1,234 rows/s", "loss 1.500", "━"):
        assert word in text


def passages(counts, seconds, monkeypatch, stream):
    """Two passages through rows, each part of which takes so long."""
    monkeypatch.setattr(sys, "stderr", stream)
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with progress.watching("score"):
        for count in counts:
            for _ in chunks(count, 100):
                now[0] += seconds
    assert WATCH.get() is None
    return stream.getvalue()


def test_long_passages_through_rows_are_told(monkeypatch):
    lines = passages([400, 200], 4.0, monkeypatch, io.StringIO()).splitlines()
    assert lines == [
        "score: 50% · 200 of 400 rows · 25 rows/s · 0:00:08 left",
        "score: 100% · 400 of 400 rows · 25 rows/s · 0:00:00 left",
        "score, passage 2: 100% · 200 of 200 rows · 25 rows/s · 0:00:00 left",
    ]
    assert passages([400, 200], 0.1, monkeypatch, io.StringIO()) == ""


def test_a_terminal_gets_a_bar_for_long_passages(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    assert passages([400], 0.1, monkeypatch, Terminal()) == ""
    shown = passages([400, 200], 4.0, monkeypatch, Terminal())
    for word in ("score", "passage 2", "400 of 400 rows", "25 rows/s", "0:00:08 left"):
        assert word in shown
