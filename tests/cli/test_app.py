import os
import re
import shlex
import subprocess
import sys

import pytest
import typer.main

from vaekit.cli.app import ELSEWHERE, FIT, OTHERS, OWN, app, modes, typed
from vaekit.modes import MODES

COMMANDS = {"fit": FIT, **{typed(mode): command for mode, command in modes().items()}, **OTHERS}
SILENT = "import sys; from vaekit.cli import main; main({words}); print(*sorted(sys.modules), file=sys.stderr)"


def test_every_mode_has_a_command_or_says_where_it_is_instead():
    assert set(modes()) | set(ELSEWHERE) == set(MODES)
    assert not set(modes()) & set(ELSEWHERE)
    assert set(OWN) <= set(MODES)


def test_the_help_lists_every_command_with_the_line_of_its_mode(run):
    shown = " ".join(run("--help").out.replace("│", " ").split())
    for mode in modes():
        line = MODES[mode].line
        assert f"{typed(mode)} {line[0].upper()}{line[1:]}." in shown
    for name in COMMANDS:
        assert f" {name} " in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_typed_as_the_command_takes_it(name):
    command = typer.main.get_command(app).commands[name]
    program, verb, *words = shlex.split(COMMANDS[name].example)
    assert (program, verb) == ("vaekit", name)
    with command.make_context(name, words) as context:
        assert context.command.name == name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name, run):
    command = typer.main.get_command(app).commands[name]
    assert [each.name for each in command.params if not each.help] == []
    assert "Example: vaekit" in run(name, "--help").out


@pytest.mark.parametrize("words", [["--help"], ["fit", "--help"], ["score", "--help"], ["--version"], ["scor"]])
def test_help_imports_nothing_heavy(words):
    done = subprocess.run(
        [sys.executable, "-c", SILENT.format(words=words)], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "vaekit.cli.app" in loaded
    assert not {"torch", "pyarrow", "sklearn", "numpy", "pandas", "matplotlib"} & loaded


@pytest.mark.slow
def test_help_answers_in_under_a_third_of_a_second():
    """Of the processor: on a machine with other work a process waits for its turn, however short it is."""
    clock = (
        "import resource, subprocess, sys; "
        "subprocess.run([sys.executable, '-m', 'vaekit', '--help'], capture_output=True, check=True); "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime)"
    )
    spent = [float(subprocess.check_output([sys.executable, "-c", clock])) for _ in range(5)]
    assert min(spent) < 0.3, spent


def test_help_texts_hold_nothing_that_rich_takes_for_markup() -> None:
    command = typer.main.get_command(app)
    for name, each in command.commands.items():  # type: ignore[attr-defined]
        texts = [each.help or "", *(getattr(option, "help", None) or "" for option in each.params)]
        assert not [text for text in texts if re.search(r"\[[a-z@#/]", text)], name


def test_threads_are_those_of_torch():
    words = "import vaekit.cli.app as a; a.vaekit_(threads=1); import torch; print(torch.get_num_threads())"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    told = subprocess.run([sys.executable, "-c", words], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1"]
