"""The service under load from a second process on loopback: rows a second through Arrow, the time of single rows, overload.

    python benchmarks/serve.py [--rows 20000] [--seconds 10] [--rate 300]

Arrow batches and the offline pass alternate, each in a process of its own, so that a busy machine slows both. Single rows come
at a steady rate whether or not those before were answered, and their time runs from the moment when they were due. Writes
benchmarks/results/serve.json.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import io
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
from _common import write_result

import vaekit
from vaekit.demo import read_flights

ARROW = "application/vnd.apache.arrow.stream"
PORT = 8765
WARM = 2.0  # seconds of the same load before it is measured


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rows", type=int, default=20_000)
    words.add_argument("--seconds", type=float, default=10.0)
    words.add_argument("--rate", type=float, default=300.0)
    asked = words.parse_args()
    table = read_flights(asked.rows)
    with tempfile.TemporaryDirectory() as folder:
        model = vaekit.fit(table, train={"epochs": 2, "prior_epochs": 1})
        with served(str(model.save(f"{folder}/flights.vae"))) as process:
            found: dict[str, Any] = {"rows": table.num_rows, "columns": table.num_columns}
            found["arrow"] = arrow(model, table)
            gc.collect()
            gc.freeze()  # what this process fitted must not be looked through while it asks
            rates = (asked.rate / 6, asked.rate / 3, asked.rate)
            found["single"] = [asyncio.run(single(table, rate, asked.seconds, process.pid)) for rate in rates]
            found["overload"] = asyncio.run(overload(table))
    write_result("serve", found)


@contextlib.contextmanager
def served(path: str) -> Iterator[subprocess.Popen[bytes]]:
    """The service in a process of its own, until it answers and then until it is no longer asked."""
    words = [sys.executable, "-m", "vaekit", "serve", path, "--port", str(PORT)]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{PORT}/health").status_code == 200:
                    break
            time.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def arrow(model: Any, table: pa.Table, rounds: int = 5) -> dict[str, float]:
    """Rows a second of the same table offline and through the service, alternately; medians."""
    sink, url = io.BytesIO(), f"http://127.0.0.1:{PORT}/v1/models/flights/score"
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    offline, through = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        model.score(table).to_arrow()
        offline.append(table.num_rows / (time.perf_counter() - began))
        began = time.perf_counter()
        answer = httpx.post(url, content=sink.getvalue(), headers={"content-type": ARROW}, timeout=600)
        answer.raise_for_status()
        assert pa.ipc.open_stream(answer.content).read_all().num_rows == table.num_rows
        through.append(table.num_rows / (time.perf_counter() - began))
    rate, served_rate = statistics.median(offline), statistics.median(through)
    return {"offline_rows_per_s": rate, "served_rows_per_s": served_rate, "share": served_rate / rate}


async def single(table: pa.Table, rate: float, seconds: float, pid: int) -> dict[str, Any]:
    """Requests of one row at a steady rate, whether or not the ones before were answered."""
    bodies = [request([row]) for row in json.loads(json.dumps(table.slice(0, 500).to_pylist(), default=str))]
    idle: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
    times: list[float] = []
    status: Counter[int] = Counter()

    async def ask(due: float, body: bytes, measured: bool) -> None:
        try:
            connection = idle.get_nowait()
        except asyncio.QueueEmpty:
            connection = await asyncio.open_connection("127.0.0.1", PORT)
        try:
            told = await answered(connection, body)
        except asyncio.IncompleteReadError:  # it had been idle for so long that the service closed it
            connection = await asyncio.open_connection("127.0.0.1", PORT)
            told = await answered(connection, body)
        idle.put_nowait(connection)
        if measured:
            times.append(time.perf_counter() - due)
            status[told] += 1

    spent = processor(pid)
    begin, tasks, warm = time.perf_counter(), [], int(rate * WARM)
    for i in range(warm + int(rate * seconds)):
        due = begin + i / rate
        if i == warm:
            spent = processor(pid)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(due, bodies[i % len(bodies)], i >= warm)))
    await asyncio.gather(*tasks)
    busy = (processor(pid) - spent) / (time.perf_counter() - begin - WARM)
    at = {f"p{q}_ms": float(np.percentile(times, q)) * 1000 for q in (50, 90, 99)}
    return {
        "requests_per_s": rate, "requests": len(times), **at, "status": dict(status), "cores_of_the_service": busy,
        "load_of_the_machine": os.getloadavg()[0],
    }  # fmt: skip


def request(rows: list[Any]) -> bytes:
    """A request of the mode score as it goes over the wire."""
    body = json.dumps({"rows": rows}).encode()
    head = "POST /v1/models/flights/score HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def answered(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], body: bytes) -> int:
    """Send a request over a connection that stays open, take the answer, tell its status."""
    reader, writer = connection
    writer.write(body)
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    await reader.readexactly(int(length[1]) if length else 0)
    return int(head.split(b" ", 2)[1])


def processor(pid: int) -> float:
    """Seconds of processor that a process and those which it started have taken: the models answer in one of these."""
    spent, parent = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            fields = path.read_text().rpartition(")")[2].split()
            own = int(path.parent.name)
            spent[own], parent[own] = int(fields[11]) + int(fields[12]), int(fields[1])
    family = {pid}
    while more := {own for own, by in parent.items() if by in family} - family:
        family |= more
    return sum(spent[own] for own in family) / os.sysconf("SC_CLK_TCK")


async def overload(table: pa.Table, requests: int = 400) -> dict[str, Any]:
    """Far more at once than is taken: every answer is 200 or 503, and afterwards all is well."""
    rows = json.loads(json.dumps(table.slice(0, 200).to_pylist(), default=str))
    status: Counter[int] = Counter()

    async def ask() -> None:
        connection = await asyncio.open_connection("127.0.0.1", PORT)
        status[await answered(connection, request(rows))] += 1
        connection[1].close()

    await asyncio.gather(*(ask() for _ in range(requests)))
    assert set(status) == {200, 503}, status
    after = await answered(await asyncio.open_connection("127.0.0.1", PORT), request(rows[:1]))
    assert after == 200
    return {"requests": requests, "status": dict(status)}


if __name__ == "__main__":
    main()
