"""SQS servers in subprocesses, on loopback ports; and a bad connection to one."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

HERE = Path(__file__).parent
REGION = "eu-west-1"
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def client(endpoint: str) -> Any:
    """A client for the tests, which waits for a slow machine and retries."""
    config = Config(max_pool_connections=20, read_timeout=60, retries={"total_max_attempts": 5})
    return boto3.client(
        "sqs", endpoint_url=endpoint, region_name=REGION, config=config, **CREDENTIALS
    )


class Server:
    """A server process, and a client of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.client = client(self.endpoint)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        env = dict(os.environ)
        if self.name == "moto":
            script = str(HERE / "moto_server.py")
            command = [sys.executable, "-W", "ignore", script, str(self.port)]
        else:
            command = ["node", str(HERE / "fauxqs_server.mjs"), str(self.port)]
        self._process = subprocess.Popen(
            command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = monotonic() + 60
        while True:
            try:
                self.client.list_queues()
                return
            except (BotoCoreError, ClientError):
                assert self._process.poll() is None, f"{self.name} does not start"
                assert monotonic() < end, f"{self.name} does not answer"
                sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def why_missing(name: str) -> str | None:
    """Why a server cannot be started; None if it can."""
    if name == "moto":
        try:
            import flask  # noqa: F401 - moto's server is an extra
            import moto.server  # noqa: F401
        except ImportError as error:
            return f"{error}: pip install 'filterpatterns[integration]'"
        return None
    folder = os.environ.get("FAUXQS")
    if not folder:
        return "FAUXQS does not name a folder that fauxqs is in (npm install --prefix DIR fauxqs)"
    if not Path(folder, "node_modules/fauxqs/dist/app.js").is_file():
        return f"there is no fauxqs in {folder} (npm install --prefix {folder} fauxqs)"
    return None if shutil.which("node") else "there is no node, which fauxqs takes"


class Proxy:
    """A connection to a server, which can be closed, refused and slow."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.is_down = False
        self.delay = 0.0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def disconnect(self) -> None:
        """Cut all connections, also in the middle of an answer."""
        for pair in self._pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def close(self) -> None:
        self._closed = True
        self.disconnect()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            if self.is_down:
                one.close()
                continue
            try:
                other = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                one.close()
                continue
            for each in (one, other):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs.append((one, other))
            threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while True:
                for ready in select.select([one, other], [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    if self.delay:
                        sleep(self.delay)
                    (other if ready is one else one).sendall(data)
        except (OSError, ValueError):
            return
        finally:
            one.close()
            other.close()
