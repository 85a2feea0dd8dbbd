from __future__ import annotations

from pathlib import Path

from vaekit.sources.memory import free


def test_what_the_system_and_the_container_tell(tmp_path: Path) -> None:
    system = tmp_path / "meminfo"
    system.write_text("MemTotal:  100 kB\nMemAvailable:   64 kB\n")
    assert free(system, tmp_path) == 65_536
    (tmp_path / "memory.max").write_text("50000\n")
    (tmp_path / "memory.current").write_text("20000\n")
    assert free(system, tmp_path) == 30_000
    (tmp_path / "memory.max").write_text("max\n")
    assert free(system, tmp_path) == 65_536


def test_without_a_word_of_the_system_half_of_all_memory_counts(tmp_path: Path) -> None:
    assert free(tmp_path / "none", tmp_path) > 2**24
