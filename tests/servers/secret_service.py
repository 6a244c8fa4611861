"""GNOME Keyring, a real Secret Service, on a D-Bus of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

NEEDED = ("dbus-daemon", "gnome-keyring-daemon")


class SecretService:
    """The daemon of one user, whose keyring is unlocked; `environ` leads to it.

    There is no display, so that the daemon can ask nobody for a password.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="awsexec-bus-"))
        address = f"unix:path={self._folder}/bus"
        self.environ = {"DBUS_SESSION_BUS_ADDRESS": address}
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            self._start(address)
        except BaseException:
            # Ctrl-C in the demo, for one
            self.stop()
            raise

    def _start(self, address: str) -> None:
        (self._folder / "run").mkdir(0o700)
        environ = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self._folder),
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
            **self.environ,
        }
        # what the bus starts by itself would outlive it otherwise
        bus = ["dbus-daemon", "--session", "--nofork", f"--address={address}"]
        self._processes.append(_start(bus, environ))
        _wait_for(self._folder / "bus")
        daemon = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        process = _start([*daemon, "--unlock"], environ)
        self._processes.append(process)
        assert process.stdin is not None
        process.stdin.write(b"password")
        process.stdin.close()
        _wait_for(self._folder / "run" / "keyring" / "control")
        self._wait_for_keyring()

    def _wait_for_keyring(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                self.items()
                return
            except Exception:
                assert time.monotonic() < deadline, "the daemon does not start"
                time.sleep(0.05)

    def _collection(self):
        import secretstorage
        from jeepney.io.blocking import open_dbus_connection

        address = self.environ["DBUS_SESSION_BUS_ADDRESS"]
        connection = open_dbus_connection(address)
        secretstorage.add_match_rules(connection)
        return secretstorage.get_default_collection(connection)

    def items(self) -> dict[str, str]:
        """What is in the keyring: secrets by the names of their users."""
        collection = self._collection()
        with collection.connection:
            return {
                item.get_attributes().get("username", ""): item.get_secret().decode()
                for item in collection.get_all_items()
            }

    def clear(self) -> None:
        """Empty the keyring."""
        collection = self._collection()
        with collection.connection:
            for item in collection.get_all_items():
                item.delete()

    def lock(self) -> None:
        """Lock the keyring, as at the end of the user's session."""
        collection = self._collection()
        with collection.connection:
            collection.lock()

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def lacking() -> list[str]:
    """The programs that are not installed here."""
    return [name for name in NEEDED if shutil.which(name) is None]


def running() -> SecretService:
    """Start one; skips the test where the programs are missing."""
    if lacking():
        # the demo does without
        import pytest

        pytest.skip(f"not installed: {' and '.join(lacking())}")
    return SecretService()


def _start(words: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not come"
        time.sleep(0.02)
