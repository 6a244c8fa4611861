"""--explain: what a profile stands for, and what the next run would do.

Nothing is asked of AWS or of the user. Only the EC2 instance's own metadata is asked for
its role. The same facts are printed for people, or as JSON for programs.
"""

from __future__ import annotations

import time

from awsexec import fastpath, output
from awsexec.cache.store import store_for
from awsexec.credentials.credentials import Credentials, child_variables
from awsexec.errors import AwsexecError, ConfigError, shown
from awsexec.plan.command_line import runs_by_shell
from awsexec.plan.plan import Planner
from awsexec.plan.source_kinds import CONTAINER_VARIABLES, EC2_VARIABLES
from awsexec.profiles.config import Config
from awsexec.profiles.files import Setting
from awsexec.profiles.known import note_on
from awsexec.profiles.profile import EXPIRIES
from awsexec.profiles.redact import HIDDEN, redacted
from awsexec.times import as_tools_write, duration, iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from awsexec.cache.store import Store
    from awsexec.fastpath import Entry
    from awsexec.options.arguments import Arguments
    from awsexec.plan.plan import Plan
    from awsexec.plan.source import Source
    from awsexec.profiles.profile import Profile
    from awsexec.report import Report

    Title = Callable[[str], str]

# the variables that can change a run
_VARIABLES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    *fastpath.RUN_VARIABLES[1:],
    "AWS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "AWSEXEC_CACHE_DIR",
    "AWSEXEC_MFA_TOKEN",
    "AWSEXEC_MFA_PROCESS",
    "AWSEXEC_PROCESS_TIMEOUT",
    "AWSEXEC_FASTPATH",
    *CONTAINER_VARIABLES,
    *EC2_VARIABLES,
)


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print all that is known of PROFILE; return 125 if its plan cannot be made."""
    facts: dict[str, Any] = {"profile": arguments.named_profile(environ)}
    fault: AwsexecError | None = None
    config = Config.load(environ)
    try:
        plan = Planner(arguments, environ, config).plan(arguments.profile)
    except AwsexecError as error:
        fault = error
        facts["fault"] = str(error)
        facts["profiles"] = _linked(facts["profile"], config)
    else:
        facts.update(_facts(plan, store_for(environ, report)))
    facts["environment"] = {
        name: redacted(Setting.outside(name, environ[name], name))
        for name in _VARIABLES
        if environ.get(name)
    }
    if arguments.json:
        output.show(output.as_json(facts))
    else:
        output.show("\n".join(_lines(facts, environ)) + "\n")
    return 0 if fault is None else fault.status


# --- The facts ------------------------------------------------------------------------


def _linked(name: str | None, config: Config) -> list[dict[str, Any]]:
    """Return the profiles from `name` on along source_profile, as far as they exist."""
    found: list[dict[str, Any]] = []
    while name and name in config.profiles and name not in [p["name"] for p in found]:
        try:
            profile = config.profiles.get(name)
        except ConfigError:
            break
        found.append(_profile(profile))
        name = profile.value("source_profile")
    return found


def _facts(plan: Plan, store: Store) -> dict[str, Any]:
    chain, now = plan.chain, time.time()
    keys = plan.keys_now()
    found = store.fresh(keys, now) if keys else [None] * (len(chain.steps) + 1)
    source = chain.source
    steps: list[dict[str, Any]] = [
        {
            "step": "source",
            "kind": source.kind.label,
            "what": source.label,
            **_way(source),
            **_life(found[0], now),
        }
    ]
    for step, entry in zip(chain.steps, found[1:], strict=True):
        request = {
            name: HIDDEN if name == "ExternalId" else value
            for name, value in step.parameters().items()
        }
        steps.append(
            {
                "step": step.operation,
                "what": str(step),
                "profile": step.profile,
                "request": request,
                **_life(entry, now),
            }
        )
    # a cached step needs none of the steps before it
    last = max((n for n, entry in enumerate(found) if entry), default=None)
    calls: list[dict[str, Any]] = []
    if last is None and source.kind.asks:
        calls.append({"call": source.kind.asks, "prompt": None})
    calls += [
        {"call": step.operation, "prompt": step.mfa_serial}
        for step in chain.steps[last or 0 :]
    ]
    example = Credentials("", "", "", 0, 0)
    if not chain.steps and source.keys is not None:
        ends = 0 if source.keys.expires is not None else None
        example = Credentials("", "", "" if source.keys.token else None, ends)
    instance = {"instance": _instance(source)} if source.kind.is_described else {}
    child = child_variables(example, plan.name, plan.region)
    return {
        "profiles": [_profile(hop) for hop in chain.hops],
        "chain": steps,
        **instance,
        "endpoint": plan.endpoint.url or f"AWS STS in {plan.endpoint.region}",
        "calls": calls,
        "child": {
            name: value if name.startswith("AWSEXEC") or "REGION" in name else HIDDEN
            for name, value in child.items()
        },
    }


def _way(source: Source) -> dict[str, Any]:
    """Return how the command of a source is run, for a source that has one."""
    if not source.kind.runs_command:
        return {}
    by_shell = runs_by_shell(source.profile, source.setting)
    return {"runs": "by /bin/sh" if by_shell else "without a shell"}


def _life(entry: Entry | None, now: float) -> dict[str, Any]:
    if entry is None:
        return {"cached_until": None, "seconds_left": None}
    until = entry.renew or entry.expires
    return {"cached_until": iso8601(until), "seconds_left": int(until - now)}


def _instance(source: Source) -> dict[str, Any]:
    """Return what the instance's metadata says of its role, or why it says nothing."""
    from awsexec.credentials import sources

    try:
        found = sources.describe(source)
    except AwsexecError as error:
        return {"fault": str(error)}
    expires = found.credentials.expires
    assert expires is not None
    return {
        "role": found.role,
        "instance_profile": found.profile_arn,
        "expires": iso8601(expires),
        "seconds_left": max(0, int(expires - time.time())),
    }


def _profile(profile: Profile) -> dict[str, Any]:
    return {
        "name": profile.name,
        "settings": [
            {
                "name": setting.name,
                "value": redacted(setting),
                "file": setting.file,
                "line": setting.line or None,
                "note": note_on(setting.name) or _note_on_time(setting),
            }
            for setting in sorted(
                profile.settings.values(), key=lambda item: (item.file, item.line)
            )
            if setting.value or setting.block
        ],
    }


def _note_on_time(setting: Setting) -> str | None:
    if setting.name not in EXPIRIES or as_tools_write(setting.value) is not None:
        return None
    return "not a time that awsexec can read"


# --- The facts as lines for people ----------------------------------------------------


def _lines(facts: dict[str, Any], environ: Mapping[str, str]) -> Iterator[str]:
    colour = output.has_colour(environ)

    def title(words: str) -> str:
        return output.coloured(words, output.BOLD, colour)

    if "fault" in facts:
        yield output.coloured(f"fault: {facts['fault']}", output.RED, colour)
    for profile in facts["profiles"]:
        yield title(f"profile {shown(profile['name'])}")
        rows = [
            (
                f"  {item['name']} = {shown(item['value'])}",
                output.home_as_tilde(item["file"], environ)
                + (f":{item['line']}" if item["line"] else "")
                + (f"  {item['note']}" if item["note"] else ""),
            )
            for item in profile["settings"]
        ]
        yield from output.table(rows, None, ()) if rows else ["  no settings"]
    if "chain" in facts:
        yield from _chain_lines(facts, title)
    yield title("environment")
    for name, value in facts["environment"].items():
        yield f"  {name}={shown(value)}"
    if not facts["environment"]:
        yield "  no variable changes this"


def _chain_lines(facts: dict[str, Any], title: Title) -> Iterator[str]:
    yield title("chain")
    for number, step in enumerate(facts["chain"]):
        if number == 0:
            yield f"  from {step['what']}"
            if "runs" in step:
                yield f"       the command runs {step['runs']}"
        else:
            yield f"  {number}. {step['step']} for profile {shown(step['profile'])}"
            for name, value in step["request"].items():
                listed = (
                    output.as_json_line(value) if isinstance(value, list) else value
                )
                yield f"       {name} = {listed}"
        if step["cached_until"]:
            left = duration(step["seconds_left"])
            yield f"       cached until {step['cached_until']} ({left} left)"
        elif number:
            yield "       not cached"
    yield f"  at {facts['endpoint']}"
    if "instance" in facts:
        yield title("instance")
        yield from _instance_lines(facts["instance"])
    yield title("the next run")
    for call in facts["calls"]:
        asks = (
            f", and asks for an MFA code of {call['prompt']}" if call["prompt"] else ""
        )
        yield f"  calls {call['call']}{asks}"
    if not facts["calls"]:
        yield "  calls nothing and asks for nothing"
    yield title("COMMAND gets")
    for name, value in facts["child"].items():
        yield f"  {name}={value}"


def _instance_lines(instance: dict[str, Any]) -> Iterator[str]:
    if "fault" in instance:
        yield f"  {instance['fault']}"
        return
    left = duration(instance["seconds_left"])
    yield f"  role              {instance['role']}"
    yield f"  instance profile  {instance['instance_profile'] or 'unknown'}"
    yield f"  credentials       until {instance['expires']} ({left} left)"
