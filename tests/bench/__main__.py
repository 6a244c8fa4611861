"""``python -m tests.bench FOLDER`` prints the table.

FOLDER has a virtual environment for awsexec and for each of the other programs. Each
environment has the name of the program's package.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from tests.bench import ahead, world
from tests.bench.measure import Command, compare, peak_memory, seconds
from tests.bench.world import Home, Sts
from tests.support import SERIAL
from tests.servers import secret_service
from tests.servers.identity_center import IdentityCenter
from tests.servers.secret_service import SecretService
from tests.sources import SESSION, printed, prints, write_token
from tests.support import KEY_ID, READER, SECRET

# How each program is run. Version 1 of the AWS CLI, which is the one on PyPI, has no
# `configure export-credentials`. `configure list` also works out the credentials, and
# makes no call of its own.
RUN = {
    "awsexec": "awsexec reader -- true",
    "awsume": "awsumepy reader",
    "aws-export-credentials": "aws-export-credentials --profile reader "
    "--cache-file {home}/credentials.json --env-export",
    "awscli": "aws configure list --profile reader",
}
# how an SDK runs it, as its credential_process
PROCESS = {
    "awsexec": "awsexec --export process reader",
    "aws-export-credentials": "aws-export-credentials --profile reader "
    "--cache-file {home}/credentials.json --json",
}
HELP = {
    "awsexec": "awsexec --help",
    "awsume": "awsumepy --help",
    "aws-export-credentials": "aws-export-credentials --help",
}
INIT = {"awsexec": "awsexec --init bash"}
VERSION = {
    "awsexec": "awsexec --version",
    "awsume": "awsumepy --version",
    "aws-export-credentials": "aws-export-credentials --version",
    "awscli": "aws --version",
}
MISTAKE = {
    "awsexec": "awsexec --no-such-option",
    "awsume": "awsumepy --no-such-option",
    "aws-export-credentials": "aws-export-credentials --no-such-option",
    "awscli": "aws --no-such-option",
}
PROFILES = {"awsexec": "awsexec --profiles", "awsume": "awsume-autocomplete"}
# what only awsexec has, with everything cached
LIST = "awsexec --list"
# The number of profiles in the config file, the limit, and how many runs of a fast
# program there are for one of these.
LISTS = ((10, 2.8, 5), (1000, 7, 10), (10_000, 45, 40))
CACHED = ("--explain reader", "--export sh reader", "--serve reader -- true")

OTHERS = ("awsume", "aws-export-credentials", "awscli")

PLAIN = """
import boto3
boto3.client("sts").assume_role(
    RoleArn="arn:aws:iam::123456789012:role/reader", RoleSessionName="plain"
)
"""

# one client for the user and one for the session, and threads as --each has them
PLAIN_MANY = f"""
import boto3, concurrent.futures, botocore.config
given = boto3.client("sts").get_session_token(
    SerialNumber="{SERIAL}", TokenCode="{world.CODE}"
)["Credentials"]
client = boto3.client(
    "sts",
    aws_access_key_id=given["AccessKeyId"],
    aws_secret_access_key=given["SecretAccessKey"],
    aws_session_token=given["SessionToken"],
    config=botocore.config.Config(max_pool_connections=16),
)
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    for _ in pool.map(
        lambda name: client.assume_role(
            RoleArn="arn:aws:iam::123456789012:role/" + name, RoleSessionName="plain"
        ),
        {world.FIFTY!r},
    ):
        pass
"""

Commands = Mapping[str, Command]


class Table:
    """Measures and prints one row after the other.

    A row has awsexec's ratio to a reference, the limit that we hold it to, the quartiles
    and the number of runs. Then come the ratios of the other programs, which take longer
    and run less often. A "!" marks a ratio above its limit.
    """

    def __init__(self) -> None:
        self.line("", "awsexec", "at most", "quartiles", "runs", *OTHERS)

    def title(self, text: str, reference: Command | None = None) -> None:
        if reference is not None:
            taken = statistics.median(seconds(reference) for _ in range(9))
            text += f", which takes {taken * 1000:.0f} ms here"
        print(f"\n{text}", flush=True)

    def row(
        self,
        label: str,
        commands: Commands,
        reference: Command,
        runs: int,
        others: int = 5,
        measure: Callable[[Command], float] = seconds,
        limit: float | None = None,
    ) -> None:
        low, median, high = compare(measure, commands["awsexec"], reference, runs)
        over = "!" if limit is not None and median > limit else ""
        cells = [
            f"{over}{median:.2f}",
            "" if limit is None else f"{limit:g}",
            f"{low:.2f}-{high:.2f}",
            str(runs),
        ]
        for name in OTHERS:
            if name in commands:
                _, median, _ = compare(measure, commands[name], reference, others)
                cells.append(f"{median:.2f}")
            else:
                cells.append("")
        self.line(label, *cells)

    def line(self, label: str, *cells: str) -> None:
        widths = (9, 9, 13, 5, 8, 24, 8)
        columns = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths))
        print(f"  {label:<32}{columns}".rstrip(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=200, help="runs of a fast program")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, world.running_sts() as sts:
        Bench(arguments.folder.resolve(), Path(scratch), sts).run(arguments.runs)


class Bench:
    """The rows."""

    def __init__(self, folder: Path, scratch: Path, sts: Sts) -> None:
        self.folder = folder
        self.scratch = scratch
        self.sts = sts
        self.python = str(folder / "awsexec" / "bin" / "python")

    def home(self, name: str, config: str = world.CONFIG) -> Home:
        return Home(self.scratch / name, config, self.sts.url)

    def commands(self, words: Mapping[str, str], home: Home) -> Commands:
        """Return how each of the programs is run in `home`."""
        found = {}
        for name, line in words.items():
            script, *rest = line.format(home=home.path).split()
            argv = (str(self.folder / name / "bin" / script), *rest)
            status = 0
            if words is MISTAKE:
                status = 125 if name == "awsexec" else 2
            found[name] = Command(argv, home.environ, status)
        return found

    def filled(self, home: Home, words: Mapping[str, str] = RUN) -> Commands:
        """Return the same, after each program has filled its cache."""
        commands = self.commands(words, home)
        for command in commands.values():
            self.sts.expect_code()
            # without a terminal, AWSEXEC_MFA_TOKEN and stdin are asked for the code
            subprocess.run(
                command.argv,
                env={**command.environ, "AWSEXEC_MFA_TOKEN": world.CODE},
                input=f"{world.CODE}\n".encode(),
                capture_output=True,
                start_new_session=True,
                check=True,
            )
        calls = len(self.sts.calls)
        seconds(commands["awsexec"])
        assert len(self.sts.calls) == calls, "awsexec has nothing in its cache"
        return commands

    def decided_elsewhere(self, portal: IdentityCenter) -> dict[str, Home]:
        """Return homes in which more than the settings decides whose credentials are meant.

        That is the environment for a command, and a token file for the others.
        """
        session = self.sts.session_of("reader")
        portal.tokens.add("EXAMPLEACCESSTOKEN0")
        portal.roles["123456789012", "reader"] = session
        self.sts.trust("EXAMPLEWEBTOKEN", "reader")
        tool, token = self.scratch / "tool", self.scratch / "token"
        tool.write_text(f"#!/bin/sh\n{prints(printed(session))}\n")
        tool.chmod(0o755)
        token.write_text("EXAMPLEWEBTOKEN")
        by_token = f"role_arn = {READER}\nweb_identity_token_file = {token}\n"
        homes = {
            "credential_process": self.home(
                "process", f"[profile reader]\ncredential_process = {tool}\n"
            ),
            "web identity": self.home("web", f"[profile reader]\n{by_token}"),
            "IAM Identity Center": self.home(
                "sso", SESSION.replace("[profile p]", "[profile reader]")
            ),
        }
        write_token(homes["IAM Identity Center"])
        for home in homes.values():
            for name in ("AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC"):
                home.environ[name] = portal.url
        return homes

    def with_accounts(self) -> Command:
        """Return --accounts in a home with a sign-in and a list of accounts."""
        home = self.home("accounts", world.CORP)
        home.list_accounts()
        return self.commands({"awsexec": "awsexec --accounts"}, home)["awsexec"]

    def with_keyring(self, service: SecretService) -> Command:
        """Return the run of awsexec in a home whose key is in the keyring."""
        home = self.home("kept")
        home.environ.update(service.environ)
        (home.path / ".aws" / "credentials").unlink()
        command = self.commands(RUN, home)["awsexec"]
        subprocess.run(
            [command.argv[0], "--add-keys", "alice", "--no-verify"],
            env=home.environ,
            input=json.dumps(
                {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
            ).encode(),
            capture_output=True,
            check=True,
        )
        return replace(command, prepare=home.forget)

    def run(self, runs: int) -> None:
        with IdentityCenter() as portal:
            elsewhere = self.decided_elsewhere(portal)
            self._run(runs, elsewhere)

    def _run(self, runs: int, elsewhere: Mapping[str, Home]) -> None:
        usual = self.home("usual")
        # by the number of profiles
        lists = {n: self.home(f"list-{n}", world.config_of(n)) for n, *_ in LISTS}
        large = lists[1000]
        crowded = self.home("crowded")
        chained = self.home("chained", world.MFA_CONFIG)
        cold = self.home("cold")
        renewed, expiring = self.home("renewed"), self.home("expiring")
        expiring.environ["AWSEXEC_REFRESH_AHEAD"] = "0"
        time.sleep(world.SETTLING)

        table = Table()
        start = Command((self.python, "-c", "pass"), usual.environ)
        table.title("Times `python -c pass`", start)
        cached = self.filled(usual)
        table.row("cached run", cached, start, runs, limit=1.02)
        table.row("  1,000 profiles", self.filled(large), start, runs)
        only = {"awsexec": self.filled(crowded)["awsexec"]}
        crowded.crowd_cache(1000)
        table.row("  1,000 cache entries", only, start, runs)
        table.row("  MFA and two roles", self.filled(chained), start, runs)
        for name, home in elsewhere.items():
            only = {
                "awsexec": self.filled(home, {"awsexec": RUN["awsexec"]})["awsexec"]
            }
            table.row(f"  {name}", only, start, runs)
        memory = functools.partial(peak_memory, python=self.python)
        table.row("  peak memory", cached, start, 31, measure=memory)
        table.row("--export process", self.commands(PROCESS, usual), start, runs)
        table.row("--help", self.commands(HELP, usual), start, runs)
        table.row("--version", self.commands(VERSION, usual), start, runs)
        table.row("--init bash", self.commands(INIT, usual), start, runs, limit=1.6)
        table.row("usage error", self.commands(MISTAKE, usual), start, runs)
        names = self.commands(PROFILES, large)
        table.row("names of 1,000 profiles", names, start, runs)

        for profiles, limit, fast in LISTS:
            listed = self.commands({"awsexec": LIST}, lists[profiles])
            label = f"--list, {profiles:,} profiles"
            table.row(label, listed, start, max(5, runs // fast), limit=limit)
        only = {"awsexec": self.with_accounts()}
        label = f"--accounts, {3 * world.ACCOUNTS:,} roles"
        table.row(label, only, start, runs // 5, limit=4)
        for words in CACHED:
            only = self.commands({"awsexec": f"awsexec {words}"}, usual)
            table.row(words, only, start, runs // 5, limit=3)

        plain = Command(
            (self.python, "-c", PLAIN), {**cold.environ, "AWS_PROFILE": "alice"}
        )
        first = {
            name: replace(command, prepare=cold.forget)
            for name, command in self.commands(RUN, cold).items()
        }
        table.title("Times a plain boto3 script", plain)
        table.row("cold run", first, plain, runs // 5, limit=0.65)
        if not secret_service.lacking():
            service = secret_service.SecretService()
            try:
                kept = {"awsexec": self.with_keyring(service)}
                table.row("  its key in the keyring", kept, plain, runs // 5)
            finally:
                service.stop()
        fifty = {name: replace(command, times=50) for name, command in first.items()}
        calls = {}

        def counted(command: Command) -> float:
            before = len(self.sts.calls)
            taken = seconds(command)
            calls[command.argv] = str(len(self.sts.calls) - before)
            return taken

        table.row("fifty at once", fifty, plain, 5, 1, counted)
        ours, *others = (calls[command.argv] for command in fifty.values())
        table.line("  calls to AWS", ours, "", "", "", *others)

        self.many(table)

        table.title("A run every ten minutes for three hours, times `python -c pass`")
        outcomes = ahead.run(
            cached["awsexec"].argv,
            [expiring.environ, renewed.environ],
            start,
            self.sts,
        )
        for label, outcome in zip(("AWSEXEC_REFRESH_AHEAD=0", "by default"), outcomes):
            waits = f"{outcome.waits} of {len(outcome.ratios)} waited for AWS"
            table.line(
                f"longest, {label}", f"{max(outcome.ratios):.2f}", "", f"  {waits}"
            )

    def many(self, table: Table) -> None:
        """Measure --each for fifty roles with MFA, where an answer of STS takes 80 ms."""
        home = self.home("many", world.roles_config(world.FIFTY))
        environ = {**home.environ, "AWSEXEC_MFA_TOKEN": world.CODE}

        def prepare() -> None:
            home.forget()
            self.sts.expect_code()

        awsexec = str(self.folder / "awsexec" / "bin" / "awsexec")
        each = Command(
            (awsexec, "--each", "team-*", "--", "true"), environ, prepare=prepare
        )
        alone = {**environ, "AWS_PROFILE": "alice", "AWS_DEFAULT_REGION": "eu-west-1"}
        plain = Command((self.python, "-c", PLAIN_MANY), alone, prepare=prepare)
        line = f"for p in {' '.join(world.FIFTY)}; do {awsexec} $p -- true; done"
        loop = Command(("/bin/sh", "-c", line), environ, prepare=prepare)
        self.sts.delay = 0.08
        time.sleep(world.SETTLING)
        table.title("Fifty roles with MFA; times a boto3 script with 16 threads", plain)
        table.row("--each", {"awsexec": each}, plain, 5, limit=1.3)
        table.row("  times a shell loop", {"awsexec": each}, loop, 1, limit=0.125)
        self.sts.delay = 0.0
        self.memory_of_many(table, awsexec)

    def memory_of_many(self, table: Table, awsexec: str) -> None:
        """Measure the peak memory of --each for many roles, and for much output."""
        home = self.home("thousand", world.roles_config(world.THOUSAND))
        environ = {**home.environ, "AWSEXEC_MFA_TOKEN": world.CODE}

        def prepare() -> None:
            home.forget()
            self.sts.expect_code()

        def each(pattern: str, *command: str) -> Command:
            argv = (awsexec, "--each", pattern, "--json", "--", *command)
            return Command(argv, environ, prepare=prepare)

        time.sleep(world.SETTLING)
        memory = functools.partial(peak_memory, python=self.python)
        table.title("Peak memory of --each; times 100 roles")
        hundred, thousand = each("acct-0*", "true"), each("acct-*", "true")
        much = each("acct-00[01]", "head", "-c", "100000000", "/dev/zero")
        for label, command, limit in (
            ("1,000 roles", thousand, 1.5),
            ("2 roles, 100 MB each", much, 1.1),
        ):
            only = {"awsexec": command}
            table.row(label, only, hundred, 3, measure=memory, limit=limit)


if __name__ == "__main__":
    main()
