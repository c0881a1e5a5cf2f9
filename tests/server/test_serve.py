"""
`paysim serve`: how it starts and ends, and what it does with requests that mean no good.
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


def lines(served):
    """
    Return the log lines of a server.
    """
    told = served.errors.read_text().splitlines()
    return [json.loads(line) for line in told if line.startswith("{")]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """
    One server for all requests that mean no good, after each of which it must be well.
    """
    limits = {"PAYSIM_MAX_BODY_BYTES": "100000", "PAYSIM_MAX_BODY_SECONDS": "1"}
    place = tmp_path_factory.mktemp("hostile") / "data"
    with Served(place, environment=limits) as served:
        yield served
        assert served.process.poll() is None
        assert not [line for line in lines(served) if line["event"] == "request failed"]


def is_well(served):
    """
    Return whether a server still answers, on a connection of its own.
    """
    with Raw(served) as raw:
        raw.send(request())
        return raw.reply()[0] == 200


def test_ends_by_signal(tmp_path):
    """
    SIGTERM ends it with 0 and Ctrl-C with 130, and the log tells of beginning and end.
    """
    for by, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
        with Served(tmp_path / by.name) as served:
            assert httpx2.get(f"{served.address}/health").json()["status"] == "healthy"
            assert served.stop(by) == code
        told = [line["event"] for line in lines(served)[:2]]
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


@pytest.mark.parametrize("missing", ["fastapi", "uvicorn", "fastapi_offline"])
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


# Requests that mean no good.


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nA b: c\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nA: b\0c\r\n\r\n",
        b"GET /he\0alth HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /he alth HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"G\xffT /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /health\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1x\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
        b"Content-Length: 2\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Length: 3\r\n\r\n0\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_no_http(hostile, sent):
    """
    What is no HTTP gets an error or nothing, and nobody else notices.
    """
    with Raw(hostile) as raw:
        raw.send(sent)
        raw.socket.shutdown(socket.SHUT_WR)
        status, headers, body = raw.reply()
        assert status == 0 or 400 <= status < 500
        if status:
            assert headers["content-type"] == "application/problem+json"
            assert json.loads(body)["status"] == status
    assert is_well(hostile)


def test_endless_head(hostile):
    """
    A head that does not end is cut off before it fills the memory, in one header or in many.
    """
    for piece in (b"x" * 8_192, b"A: b\r\n" * 1_000):
        with Raw(hostile) as raw:
            raw.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nLong: ")
            sent = 0
            while raw.send(piece) and sent < 5_000_000:
                sent += len(piece)
            assert sent < 5_000_000
    with Raw(hostile) as raw:
        raw.send(b"GET /" + b"x" * 70_000)
        status, headers, body = raw.reply()
        assert status == 431
        assert json.loads(body)["status"] == 431
        assert headers["connection"] == "close"
    assert is_well(hostile)


def test_long_head_is_taken(hostile):
    """
    A long head within the bound is taken, and so is one after another on one connection.
    """
    with Raw(hostile) as raw:
        for _ in range(5):
            raw.send(request("/health", "Long: " + "x" * 30_000))
            assert raw.reply()[0] == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 3000000"], b"x" * 3_000_000),
        (
            ["Transfer-Encoding: chunked"],
            b"186a0\r\n" + b"x" * 100_000 + b"\r\n1\r\nx\r\n0\r\n\r\n",
        ),
    ],
)
@pytest.mark.parametrize("close", [[], ["Connection: close"]])
def test_long_body(hostile, headers, body, close):
    """
    Who sends a body that is too long gets to read why, whether the connection stays or not.
    """
    with Raw(hostile) as raw:
        headers = ["Content-Type: application/json", *headers, *close]
        assert raw.send(request("/api/simulations", *headers, method="POST", body=body))
        status, _, told = raw.reply()
        assert status == 413
        assert json.loads(told)["type"] == "urn:paysim:problem:body-too-long"
        if close:
            assert raw.is_closed()
        else:
            raw.send(request())
            assert raw.reply()[0] == 200


def test_body_longer_than_said(hostile):
    """
    What follows a body is another request, and if it is none the connection ends.
    """
    with Raw(hostile) as raw:
        raw.send(request("/health", "Content-Length: 2", method="POST", body=b"{}GARBAGE\r\n\r\n"))
        assert raw.reply()[0] in (0, 400, 405)
        assert raw.is_closed()
    with Raw(hostile) as raw:
        raw.send(request("/health", "Content-Length: 2", method="POST", body=b"{}"))
        assert raw.reply()[0] == 405
        raw.send(b"GARBAGE\r\n\r\n")
        assert raw.reply()[0] == 400
        assert raw.is_closed()
    assert is_well(hostile)


def test_body_shorter_than_said(hostile):
    """
    A body that does not come in time is refused, and the connection is closed.
    """
    with Raw(hostile) as raw:
        headers = ["Content-Type: application/json", "Content-Length: 100"]
        raw.send(request("/api/simulations", *headers, method="POST", body=b"{"))
        status, _, told = raw.reply()
        assert status == 408
        assert json.loads(told)["type"] == "urn:paysim:problem:body-too-slow"
        assert raw.is_closed()


def test_gone_in_the_middle(hostile):
    """
    Who leaves in the middle of a body leaves nothing behind, not even a line in the log.
    """
    headers = ["Content-Type: application/json", "Content-Length: 100"]
    for _ in range(20):
        with Raw(hostile) as raw:
            raw.send(request("/api/simulations", *headers, method="POST", body=b"{"))
    assert is_well(hostile)


def test_asking_first(hostile):
    """
    Who asks before sending a body that is too long is told no and sends nothing.
    """
    with Raw(hostile) as raw:
        headers = ["Content-Length: 3000000", "Expect: 100-continue"]
        raw.send(request("/api/simulations", *headers, method="POST"))
        assert raw.reply()[0] == 413
        assert raw.is_closed()


@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "application/yaml",
        "application/octet-stream",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        None,
    ],
)
@pytest.mark.parametrize(
    "origin",
    ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"],
)
def test_other_origins(hostile, media, origin):
    """
    A page of another origin creates nothing, whatever it says that it sends.
    """
    body = b"ticks_per_day: 1\nagent_configs: [{id: A}, {id: B}]\n"
    headers = [origin, f"Content-Length: {len(body)}"]
    if media:
        headers.append(f"Content-Type: {media}")
    with Raw(hostile) as raw:
        raw.send(request("/api/simulations", *headers, method="POST", body=body))
        status, headers, _ = raw.reply()
        assert status == 403
        assert not any(name.startswith("access-control") for name in headers)
        raw.send(request())
        assert json.loads(raw.reply()[2])["active_simulations"] == 0


def test_preflight(hostile):
    """
    A browser that asks whether another origin may is told no.
    """
    headers = ["Origin: http://evil.example", "Access-Control-Request-Method: POST"]
    with Raw(hostile) as raw:
        raw.send(request("/api/simulations", *headers, method="OPTIONS"))
        status, headers, _ = raw.reply()
        assert status == 403
        assert not any(name.startswith("access-control") for name in headers)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "10.0.0.1"])
def test_rebinding(hostile, host):
    """
    A name of the outside that leads here is not one that the service goes by.
    """
    with Raw(hostile) as raw:
        for path in ("/", "/health", "/api/simulations", "http://localhost/health"):
            raw.send(request(path, host=host))
            assert raw.reply()[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/static/../../../../etc/passwd",
        "/static/docs/..%2f..%2f..%2fcore.py",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/api/simulations/..%2f..%2f..%2fetc%2fpasswd/report",
        "/api/simulations/%00/state",
        "/api/simulations/%ff%fe%80/state",
        "/%c0%ae%c0%ae/etc/passwd",
        "*",
        "/api/simulations/sim_0000000000000000/charts/..%2f..%2fpage.py",
    ],
)
def test_paths(hostile, path):
    """
    No path leads to a file.
    """
    with Raw(hostile) as raw:
        raw.send(request(path))
        status, headers, body = raw.reply()
        assert status in (400, 404, 405)
        assert headers["content-type"] == "application/problem+json"
        assert b"root:" not in body
        assert b"import" not in body


def test_many_at_once(hostile):
    """
    Half-open connections keep nobody else from an answer.
    """
    waiting = [Raw(hostile) for _ in range(100)]
    for raw in waiting:
        raw.send(b"POST /api/simulations HTTP/1.1\r\nHost: localhost\r\nContent-Le")
    assert is_well(hostile)
    for raw in waiting:
        raw.socket.close()


def test_requests_in_a_row(hostile):
    """
    Requests that do not wait for replies are answered in their order.
    """
    with Raw(hostile) as raw:
        sent = [request("/health"), request("/nothing"), request("/health")] * 10
        threading.Thread(target=raw.send, args=(b"".join(sent),)).start()
        assert [raw.reply()[0] for _ in sent] == [200, 404, 200] * 10
