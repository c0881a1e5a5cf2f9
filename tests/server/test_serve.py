"""
`paysim serve`: how it starts and how it ends.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from raw import Raw, request
from served import Served


def paysim(*arguments, **environment):
    """
    Run a command that is to end by itself.
    """
    return subprocess.run(
        [sys.executable, "-m", "paysim", *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_ends_by_signal(tmp_path):
    """
    SIGTERM ends it with 0 and Ctrl-C with 130, and the log tells of beginning and end.
    """
    for by, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
        with Served(tmp_path / by.name) as served:
            assert httpx2.get(f"{served.address}/health").json()["status"] == "healthy"
            assert served.stop(by) == code
        told = [line["event"] for line in served.lines()[:2]]
        assert told == ["server started", "server stopped"]


def test_ends_with_open_connections(server):
    """
    Neither connections that are kept alive nor requests that never end keep it from its end.
    """
    with Raw(server) as kept, Raw(server) as half, Raw(server):
        kept.send(request())
        assert kept.reply()[0] == 200
        half.send(b"GET / HTTP/1.1\r\nHost:")
        assert server.stop() == 0
        assert kept.is_closed()


def test_ends_at_once(server):
    """
    A second Ctrl-C does not wait for what is under way, and leaves no traceback.
    """
    headers = ["Content-Type: application/json", "Content-Length: 100"]
    with Raw(server) as raw, Raw(server) as other:
        raw.send(request("/api/simulations", *headers, method="POST", body=b"{"))
        other.send(request())
        assert other.reply()[0] == 200
        server.process.send_signal(signal.SIGINT)
        # It closes what is idle once it has begun to end.
        assert other.is_closed()
        assert server.stop(signal.SIGINT) == 130
    assert "Traceback" not in server.errors.read_text()


def test_ends_streams(server, scenario):
    """
    A stream that is open comes to its own end when the server ends.
    """
    made = httpx2.post(f"{server.address}/api/simulations", json=scenario).json()
    path = f"/api/simulations/{made['simulation_id']}/events"
    with Raw(server) as raw:
        raw.send(request(path, "Accept: text/event-stream"))
        status, headers, _ = raw.reply()
        assert (status, headers["transfer-encoding"]) == (200, "chunked")
        assert server.stop() == 0
        while not raw.is_closed():
            end, raw.rest = raw.rest, b""
        assert end.endswith(b"0\r\n\r\n")


def test_finishes_what_is_under_way(server, scenario):
    """
    A request that is being answered when the server is asked to end is answered, and has happened.
    """
    made = httpx2.post(f"{server.address}/api/simulations", json=scenario).json()
    path = f"/api/simulations/{made['simulation_id']}"
    replies = []

    def tick():
        while not replies or replies[-1].status_code == 200:
            try:
                replies.append(httpx2.post(f"{server.address}{path}/tick?count=200", timeout=60))
            except httpx2.TransportError:
                return

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    while len(replies) < 4:
        assert any(thread.is_alive() for thread in threads), replies
        threads[0].join(0.01)
    assert server.stop() == 0
    for thread in threads:
        thread.join()
    server.start()
    done = sum(reply.status_code == 200 for reply in replies)
    assert httpx2.get(f"{server.address}{path}").json()["current_tick"] == done * 200


def test_killed_and_restarted(server):
    """
    After kill -9 it starts again on its port and data directory.
    """
    before = server.address
    server.restart()
    assert server.address == before
    assert httpx2.get(f"{server.address}/health").status_code == 200


def test_port_in_use(server, tmp_path):
    """
    A port in use is an error that names it, and nothing is left in the data directory.
    """
    done = paysim("serve", "--port", server.port, "--data-dir", tmp_path / "other")
    assert done.returncode == 1
    assert f"error: cannot listen on 127.0.0.1 port {server.port}: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "other").exists()


def test_data_dir_in_use(server):
    """
    A data directory in use is an error that names it, and the other server goes on.
    """
    done = paysim("serve", "--port", 0, "--data-dir", server.data_dir)
    assert done.returncode == 1
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "another server" in told
    assert "Traceback" not in done.stderr
    assert httpx2.get(f"{server.address}/health").status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_address_without_keys(tmp_path, host):
    """
    An address that others can reach is refused as long as there are no keys.
    """
    done = paysim("serve", "--host", host, "--port", 0, "--data-dir", tmp_path / "data")
    assert done.returncode == 2
    assert "must be a loopback address as long as there are no keys" in done.stderr
    assert "paysim keys add NAME --scope admin" in done.stderr


def test_wrong_arguments(tmp_path):
    """
    What cannot be used is told before anything is opened, with exit code 2.
    """
    place = tmp_path / "data"
    for arguments, told in (
        (["--host", "no such host"], "--host  must be a name or an address of this machine"),
        (["--port", "70000"], "70000"),
    ):
        done = paysim("serve", *arguments, "--data-dir", place)
        assert done.returncode == 2
        assert told in done.stderr
    done = paysim("serve", "--data-dir", place, PAYSIM_MAX_AGENTS="many", PAYSIM_MAX_OPEN="0")
    assert done.returncode == 2
    assert "PAYSIM_MAX_AGENTS" in done.stderr
    assert "PAYSIM_MAX_OPEN" in done.stderr
    done = paysim("serve", "--data-dir", place, "--log-file", tmp_path)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert not place.exists()


@pytest.mark.parametrize("missing", ["fastapi", "uvicorn", "httptools", "fastapi_offline"])
def test_missing_extra(tmp_path, missing):
    """
    Without its libraries it says how to install them.
    """
    program = (
        f"import sys; sys.modules[{missing!r}] = None; from paysim.cli import main; "
        f"sys.exit(main(['serve', '--data-dir', {str(tmp_path / 'data')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert 'pip install "paysim[server]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_ipv6(tmp_path):
    """
    It answers on the loopback address of IPv6 as well.
    """
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no loopback address of IPv6")
    with Served(tmp_path / "data", "--host", "::1") as served:
        assert served.address == f"http://[::1]:{served.port}"
        assert httpx2.get(f"{served.address}/health").status_code == 200


def test_localhost(tmp_path):
    """
    Under the name localhost it answers on every address that the name has.
    """
    with Served(tmp_path / "data", "--host", "localhost") as served:
        assert httpx2.get(f"http://localhost:{served.port}/health").status_code == 200


def test_log_file(tmp_path):
    """
    Log lines are appended to a file too, with a line for each request if that is wanted.
    """
    file = tmp_path / "log"
    file.write_text("before\n")
    with Served(tmp_path / "data", "--log-file", file, "--verbose") as served:
        httpx2.get(f"{served.address}/health?token=secret")
        served.stop()
    before, *told = file.read_text().splitlines()
    assert before == "before"
    events = [json.loads(line)["event"] for line in told]
    assert events == ["server started", "request", "server stopped"]
    assert "secret" not in file.read_text()
    assert told == served.errors.read_text().splitlines()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_full_log(tmp_path):
    """
    Where log lines cannot be written requests are answered all the same, those that fail too.
    """
    with Served(tmp_path / "data", "--log-file", "/dev/full", "--verbose") as served:
        for path, status in (("/health", 200), ("/nothing", 404), ("/health", 200)):
            assert httpx2.get(f"{served.address}{path}").status_code == status


@contextmanager
def uvicorn(data_dir, host):
    """
    Run the app under uvicorn as its own command does, and give its port.
    """
    command = [sys.executable, "-m", "uvicorn", "paysim.server:app", "--port", "0", "--host", host]
    environment = os.environ | {"PAYSIM_DATA_DIR": str(data_dir)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        line = next(line for line in process.stderr if "running on" in line)
        yield line.split("running on ")[1].split()[0].rpartition(":")[2]
    finally:
        process.terminate()
        process.communicate()


def test_uvicorn(tmp_path):
    """
    The app runs under uvicorn itself too.
    """
    with uvicorn(tmp_path / "data", "127.0.0.1") as port:
        assert httpx2.get(f"http://127.0.0.1:{port}/health").status_code == 200


def test_uvicorn_on_another_address(tmp_path):
    """
    Under uvicorn itself too, what comes in at another address is refused without keys.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            # Nothing is sent: this only asks which address would be used.
            way.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no other address")
        address = way.getsockname()[0]
    with uvicorn(tmp_path / "data", "0.0.0.0") as port:
        assert httpx2.get(f"http://127.0.0.1:{port}/health").status_code == 200
        headers = {"Host": "localhost"}
        reply = httpx2.get(f"http://{address}:{port}/health", headers=headers)
        assert (reply.status_code, reply.json()["type"]) == (403, "urn:paysim:problem:keys-needed")
