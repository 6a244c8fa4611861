"""A fork of the server is what a true start is, in all that a run can tell."""

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fork_server import ENVIRONMENT, ForkServer
from tests.support import AWSEXEC, READER_CONFIG, wait_until

pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="this system has no pidfd"
)

ROOT = str(Path(__file__).parents[1])

# What a program finds of its process and its interpreter, but for what differs from
# one true start to the next.
STATE = """
import contextlib, gc, io, json, locale, os, resource, signal, stat, threading, time, warnings
def stream(s):
    return [s.encoding, s.errors, s.newlines, s.line_buffering, s.write_through,
            s.isatty(), s.seekable(), s.name, s.mode, type(s.buffer).__name__,
            stat.S_IFMT(os.fstat(s.fileno()).st_mode), os.get_inheritable(s.fileno())]
def limits():
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}
with open("/proc/self/status") as file:
    status = [line for line in file if line.startswith(("Umask", "Sig", "Shd", "Cap",
              "Uid", "Gid", "Groups", "NoNewPrivs", "Threads"))]
status = [line for line in status if not line.startswith("SigQ")]
os.write(1, json.dumps({
    "argv": sys.argv, "path": sys.path, "flags": str(sys.flags), "name": __name__,
    "file": __file__, "executable": os.path.realpath(sys.executable),
    "prefix": sys.prefix, "environ": list(os.environ.items()),
    "bytes": list(map(str, os.environb.items())), "cwd": os.getcwd(),
    "streams": [stream(sys.stdin), stream(sys.stdout), stream(sys.stderr)],
    "same streams": [sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__],
    "descriptors": sorted(os.listdir("/proc/self/fd")), "status": status,
    "leader": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
    "parent": os.getppid() > 1, "priority": os.getpriority(os.PRIO_PROCESS, 0),
    "handlers": {str(s): str(signal.getsignal(s)) for s in signal.valid_signals()},
    "alarm": signal.alarm(0), "limits": limits(), "zone": time.tzname,
    "locale": locale.setlocale(locale.LC_ALL), "gc": [gc.isenabled(), gc.get_threshold()],
    "threads": threading.active_count(), "filters": [str(f) for f in warnings.filters if "urllib3" not in str(f)],
    "main": threading.current_thread() is threading.main_thread(),
    "hooks": [sys.excepthook is sys.__excepthook__, sys.gettrace(), sys.getprofile()],
    "recursion": sys.getrecursionlimit(), "own": [name for name in vars() if name[:2] != "__"],
    "awsexec": [name for name in sys.modules if name.startswith("awsexec")],
}).encode())
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A fork server for a program that runs its first word as code."""
    program = tmp_path_factory.mktemp("program") / "program"
    program.write_text(f"#!{sys.executable}\nimport sys\nexec(sys.argv.pop(1))\n")
    program.chmod(0o755)
    server = ForkServer(str(program))
    yield server
    server.close()


@pytest.fixture
def both(server, tmp_path):
    """Run a program both ways, and return what both came to."""

    def run(code, *words, env=None, stdin=b""):
        environ = {**ENVIRONMENT, **(env or {})}
        assert server.takes(environ, stdin)
        words = (textwrap.dedent(code), *words)
        forked = server.run(words, environ, tmp_path, stdin, 60)
        true = subprocess.run(
            [server.script, *words],
            env=environ,
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            start_new_session=True,
            timeout=60,
        )
        assert forked.returncode == true.returncode
        assert forked.stdout.split(b', "') == true.stdout.split(b', "')
        assert _without_frames(forked.stderr) == _without_frames(true.stderr)
        return true

    return run


def _without_frames(stderr):
    return [line for line in stderr.splitlines() if not line.startswith(b"  ")]


@pytest.mark.parametrize(
    ("words", "env"),
    [
        ([], {}),
        (["a", "", "two\nlines", b"\xff\xfe", "ü"], {}),
        ([], {"ZULU": "1", "ALPHA": "", "NAME": "\udcff=\n", "é": "ü", "HOME": "/"}),
        ([], {"TZ": "Asia/Kolkata"}),
        ([], {"TZ": "EST5EDT"}),
    ],
)
def test_state_of_the_process(both, words, env):
    assert both(STATE, *words, env=env).stdout.startswith(b'{"argv": [')


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", 0),
        ("sys.exit()", 0),
        ("sys.exit(7)", 7),
        ("sys.exit(256 + 7)", 7),
        ("sys.exit(-1)", 255),
        ("sys.exit(True)", 1),
        ("sys.exit('what is wrong')", 1),
        ("print('buffered'); sys.exit(3)", 3),
        ("print('buffered'); raise ValueError('x')", 1),
        ("import atexit; atexit.register(print, 'late'); sys.exit(0)", 0),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os; os.abort()", -signal.SIGABRT),
        ("import os; print('lost'); os._exit(9)", 9),
        ("import os; os.execv('/bin/sh', ['sh', '-c', 'exit 5'])", 5),
        ("import os; print(1); os.close(1); sys.exit(0)", 120),
        ("import os; os.close(1); sys.exit(4)", 4),
        ("sys.stdout.close(); sys.exit(2)", 2),
        (
            "import threading, time\n"
            "threading.Thread(target=lambda: (time.sleep(.1), print('t'))).start()\n"
            "sys.exit(6)",
            6,
        ),
        ("import os\nif os.fork() == 0: print('child'); sys.exit(0)\nos.wait()", 0),
    ],
)
def test_end(both, code, status):
    assert both(code).returncode == status


def test_standard_streams(both):
    code = "data = sys.stdin.read(); print(data[::-1]); print(data, file=sys.stderr)"
    assert both(code, stdin=b"").stdout == b"\n"
    result = both(code, stdin="in\nß".encode())
    assert (result.stdout, result.stderr) == ("ß\nni\n".encode(), "in\nß\n".encode())


def test_more_than_a_pipe_holds(both):
    code = "for s in (sys.stderr, sys.stdout): s.write('x' * 300_000)"
    result = both(code, "w" * 100_000)
    assert len(result.stdout) == len(result.stderr) == 300_000


def test_output_ends_with_its_last_writer(both):
    code = """
        import os, time
        if os.fork() == 0:
            time.sleep(0.2)
            os.write(1, b"late")
            os._exit(0)
        sys.exit(1)
    """
    assert both(code).stdout == b"late"


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["--help"],
        ["--nonsense"],
        ["--list", "--json"],
        ["--explain", "reader"],
        ["raeder", "--", "true"],
        ["--export", "sh", "reader"],
        ["--export", "process", "reader"],
        ["--whoami", "reader"],
        ["reader", "--", "env", "-0"],
        ["-v", "alice", "--", "env", "-0"],
        ["reader", "--", "cat"],
        ["reader", "--", "sh", "-c", "exit 7"],
        ["reader", "--", "sh", "-c", "kill -PIPE $$; echo alive"],
        ["reader", "--", "sh", "-c", "kill -TERM $$"],
        ["reader", "--", "grep", "-E", "^(Sig[^Q]|Umask)", "/proc/self/status"],
        ["reader", "--", "cat", "/proc/self/limits"],
        ["reader", "--", "sh", "-c", "ls /proc/$$/fd; pwd"],
        ["reader", "--", "no-such-command"],
        ["reader", "--", "/"],
        ["reader", "--", "printf", "<%s>", "", " ", b"\xff", "a\nb", "--"],
    ],
)
def test_awsexec(run_awsexec, home, sts, words):
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    if "--" in words or "--export" in words:
        # what the others say of an entry tells its age
        run_awsexec.child("reader")
    server, run_awsexec.server = run_awsexec.server, None
    true = run_awsexec(*words, stdin="typed\n")
    run_awsexec.server = server
    forked = run_awsexec(*words, stdin="typed\n")
    # an environment is in no order
    assert sorted(forked.stdout.split("\0")) == sorted(true.stdout.split("\0"))
    assert (forked.status, forked.stderr) == (true.status, true.stderr)
    assert forked.stdout or forked.stderr or forked.status not in (0, 125)


def test_cold_run(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    children = []
    for server in (run_awsexec.server, None):
        run_awsexec.server = server
        child = run_awsexec.child("reader", "--refresh")
        del child["AWS_ACCESS_KEY_ID"], child["AWS_SECRET_ACCESS_KEY"]
        del child["AWS_SESSION_TOKEN"], child["AWS_CREDENTIAL_EXPIRATION"]
        children.append(child)
    assert children[0] == children[1]
    # the agent names features in the order of a set
    forked, true = [replace(call, agent="") for call in sts.calls]
    assert forked == true


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONUTF8": "0"},
        {"COVERAGE_PROCESS_START": "x"},
        {"LANG": "C"},
        {"LANG": ""},
        {"LC_ALL": "C"},
        {"LC_CTYPE": "C.UTF-8"},
        {"LD_PRELOAD": "x"},
    ],
)
def test_what_gets_a_true_start(env):
    server = ForkServer(AWSEXEC)
    assert server.takes(ENVIRONMENT, b"")
    assert not server.takes({**ENVIRONMENT, **env}, b"")
    assert not server.takes(ENVIRONMENT, bytes(65_536))
    assert not server.takes({"PATH": os.defpath}, b"")


@pytest.mark.true_start
def test_test_that_is_marked_gets_a_true_start(run_awsexec):
    assert run_awsexec.server is None


def test_run_that_takes_too_long_is_ended(server, tmp_path):
    code = "import os, time; print(os.getpid(), file=open('pid', 'w')); time.sleep(60)"
    with pytest.raises(subprocess.TimeoutExpired):
        server.run([code], ENVIRONMENT, tmp_path, b"", 0.5)
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"))


def test_runs_at_once(server, tmp_path):
    # each waits for the other
    code = "open(sys.argv[1], sys.argv[2]).close()"
    os.mkfifo(tmp_path / "fifo")

    def run(mode):
        words = [code, "fifo", mode]
        return server.run(words, ENVIRONMENT, tmp_path, b"", 60).returncode

    with ThreadPoolExecutor() as pool:
        assert list(pool.map(run, "rw")) == [0, 0]


# a process with a server, whose number it prints
KEEPER = """
import pathlib, sys
from tests.fork_server import ENVIRONMENT, ForkServer
server = ForkServer(sys.argv[1])
result = server.run([], ENVIRONMENT, pathlib.Path("/"), b"", 60)
print(int(result.stdout), flush=True)
server.run(["wait"], ENVIRONMENT, pathlib.Path("/"), b"", 60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_server_ends_with_the_process_that_has_it(tmp_path, number):
    program = tmp_path / "program"
    program.write_text(
        "import os, sys, time\n"
        f"if sys.argv[1:]: open({str(tmp_path / 'waits')!r}, 'w'); time.sleep(30)\n"
        "print(os.getppid())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(program)], cwd=ROOT, stdout=subprocess.PIPE
    ) as keeper:
        server = int(keeper.stdout.readline())
        # also while a run is not over
        wait_until((tmp_path / "waits").exists)
        keeper.send_signal(number)
    wait_until(lambda: not os.path.exists(f"/proc/{server}"))
