"""Waiting for the end of a process."""

import asyncio
import subprocess
import sys

import pytest

from awsexec.serve.watch import Watch

WAITING = [sys.executable, "-c", "input()"]


def test_until_ended():
    process = subprocess.Popen(WAITING, stdin=subprocess.PIPE)
    watch = Watch(process.pid)

    async def waiting():
        waits = asyncio.create_task(watch.ended())
        done, _ = await asyncio.wait([waits], timeout=0.3)
        assert not done
        process.kill()
        await asyncio.wait_for(waits, 20)

    asyncio.run(waiting())
    process.wait()
    process.stdin.close()


def test_ended_already():
    process = subprocess.Popen(WAITING, stdin=subprocess.DEVNULL)
    watch = Watch(process.pid)
    process.wait()
    asyncio.run(asyncio.wait_for(watch.ended(), 20))
    with pytest.raises(ProcessLookupError):
        Watch(process.pid)
