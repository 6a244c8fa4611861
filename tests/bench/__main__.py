"""``python -m tests.bench FOLDER``: the table.

FOLDER has a virtual environment for awsexec, and one for each of the others, named
like its package.
"""

from __future__ import annotations

import argparse
import functools
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

# What each tool is run with. Version 1 of the AWS CLI, which is the one on PyPI, has no
# `configure export-credentials`; `configure list` works out the credentials as well,
# and makes no call of its own.
RUN = {
    "awsexec": "awsexec reader -- true",
    "awsume": "awsumepy reader",
    "aws-export-credentials": "aws-export-credentials --profile reader "
    "--cache-file {home}/credentials.json --env-export",
    "awscli": "aws configure list --profile reader",
}
# for an SDK: its credential_process
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


OTHERS = ("awsume", "aws-export-credentials", "awscli")

PLAIN = """
import boto3
boto3.client("sts").assume_role(
    RoleArn="arn:aws:iam::123456789012:role/reader", RoleSessionName="plain"
)
"""

Commands = Mapping[str, Command]


class Table:
    """Measures and prints one row after the other.

    A row is awsexec's ratio to a reference, the ratio's quartiles and number of runs,
    and the ratios of the others, which take longer and run less often.
    """

    def __init__(self) -> None:
        self.line("", "awsexec", "quartiles", "runs", *OTHERS)

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
    ) -> None:
        low, median, high = compare(measure, commands["awsexec"], reference, runs)
        cells = [f"{median:.2f}", f"{low:.2f}-{high:.2f}", str(runs)]
        for name in OTHERS:
            if name in commands:
                _, median, _ = compare(measure, commands[name], reference, others)
                cells.append(f"{median:.2f}")
            else:
                cells.append("")
        self.line(label, *cells)

    def line(self, label: str, *cells: str) -> None:
        widths = (7, 11, 5, 8, 24, 8)
        columns = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths))
        print(f"  {label:<32}{columns}".rstrip(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=150, help="of what is fast")
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
        """What each of the tools is run with in `home`."""
        found = {}
        for name, line in words.items():
            script, *rest = line.format(home=home.path).split()
            argv = (str(self.folder / name / "bin" / script), *rest)
            status = 0
            if words is MISTAKE:
                status = 125 if name == "awsexec" else 2
            found[name] = Command(argv, home.environ, status)
        return found

    def filled(self, home: Home) -> Commands:
        """The runs in `home`, after each of them has left something in its cache."""
        commands = self.commands(RUN, home)
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

    def run(self, runs: int) -> None:
        usual = self.home("usual")
        large = self.home("large", world.OTHERS_CONFIG + world.CONFIG)
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
        table.row("cached run", cached, start, runs)
        table.row("  1,000 profiles", self.filled(large), start, runs)
        only = {"awsexec": self.filled(crowded)["awsexec"]}
        crowded.crowd_cache(1000)
        table.row("  1,000 cache entries", only, start, runs)
        table.row("  MFA and two roles", self.filled(chained), start, runs)
        memory = functools.partial(peak_memory, python=self.python)
        table.row("  peak memory", cached, start, 31, measure=memory)
        table.row("--export process", self.commands(PROCESS, usual), start, runs)
        table.row("--help", self.commands(HELP, usual), start, runs)
        table.row("--version", self.commands(VERSION, usual), start, runs)
        table.row("usage error", self.commands(MISTAKE, usual), start, runs)
        names = self.commands(PROFILES, large)
        table.row("names of 1,000 profiles", names, start, runs)

        plain = Command(
            (self.python, "-c", PLAIN), {**cold.environ, "AWS_PROFILE": "alice"}
        )
        first = {
            name: replace(command, prepare=cold.forget)
            for name, command in self.commands(RUN, cold).items()
        }
        table.title("Times a plain boto3 script", plain)
        table.row("cold run", first, plain, runs // 5)
        fifty = {name: replace(command, times=50) for name, command in first.items()}
        calls = {}

        def counted(command: Command) -> float:
            before = len(self.sts.calls)
            taken = seconds(command)
            calls[command.argv] = str(len(self.sts.calls) - before)
            return taken

        table.row("fifty at once", fifty, plain, 5, 1, counted)
        ours, *others = (calls[command.argv] for command in fifty.values())
        table.line("  calls to AWS", ours, "", "", *others)

        table.title("A run every ten minutes for three hours, times `python -c pass`")
        outcomes = ahead.run(
            cached["awsexec"].argv,
            [expiring.environ, renewed.environ],
            start,
            self.sts,
        )
        for label, outcome in zip(("AWSEXEC_REFRESH_AHEAD=0", "by default"), outcomes):
            waits = f"{outcome.waits} of {len(outcome.ratios)} waited for AWS"
            table.line(f"longest, {label}", f"{max(outcome.ratios):.2f}", f"  {waits}")


if __name__ == "__main__":
    main()
