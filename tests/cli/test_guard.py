import errno
import os
import subprocess
import sys
import warnings

import pytest

from vaekit.cli.guard import guarded
from vaekit.errors import ArtifactError, DataError, VaekitWarning


def fails(error):
    def call():
        raise error

    return call


@pytest.mark.parametrize("error", [DataError("no rows", hint="give some"), ArtifactError("no rows", hint="give some")])
def test_our_errors_are_a_message_and_a_hint(error, capsys):
    assert guarded(fails(error)) == 2
    assert capsys.readouterr() == ("", "error: no rows\nhint: give some\n")


def test_a_message_without_a_hint_is_one_line(capsys):
    assert guarded(fails(DataError("no rows"))) == 2
    assert capsys.readouterr().err == "error: no rows\n"


def test_a_defect_is_one_line_that_asks_for_a_report(capsys):
    assert guarded(fails(KeyError("lost\nand gone"))) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: unexpected KeyError: ") and err.count("\n") == 1
    assert "please report this" in err and "--debug" in err


@pytest.mark.parametrize(("path", "where"), [("/far/a.csv", "'/far/a.csv': "), (None, "")])
def test_a_full_disk_is_no_defect(path, where, capsys):
    assert guarded(fails(OSError(errno.ENOSPC, "No space left on device", path))) == 2
    assert (
        capsys.readouterr().err == f"error: {where}no space left on device\nhint: free some space, or write elsewhere\n"
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only where there is a device that is always full")
def test_output_that_does_not_fit_is_told(here):
    command = f"{sys.executable} -m vaekit inspect label.vae > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "error: no space left on device\n" in done.stderr


@pytest.mark.parametrize("error", [KeyError("lost"), DataError("no rows")])
def test_debugging_shows_the_traceback(error, capsys):
    guarded(fails(error), debug=True)
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_ctrl_c_is_130(capsys):
    assert guarded(fails(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_warnings_of_ours_are_told_once_and_others_only_for_debugging(capsys):
    def call():
        for text in ("draws=3 is few", "draws=3 is few", "another"):
            warnings.warn(text, VaekitWarning, stacklevel=1)
        warnings.warn("of numpy", RuntimeWarning, stacklevel=1)

    assert guarded(call) == 0
    assert capsys.readouterr().err == "warning: --draws 3 is few\nwarning: another\n"
    assert guarded(call, debug=True) == 0
    assert "warning: RuntimeWarning: of numpy" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--debug", "score", "no.vae", "x"], ["score", "no.vae", "x", "--debug"]])
def test_debug_stands_before_or_after_the_command(words, run):
    assert "Traceback" in run(*words).err


def test_a_reader_that_leaves_early_is_no_defect(here):
    command = f"{sys.executable} -m vaekit sample label.vae -n 3000 | head -n 2"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.startswith('"id","height"')
    assert [
        line for line in done.stderr.splitlines() if "rows/s" not in line
    ] == []  # a slow machine tells how far it is
