"""What a profile stands for, and why: its chain, its settings, and what would happen.

Nothing is asked of AWS or of the user; of an EC2 instance's role, the instance's own
metadata. The same facts are printed for people, or as
JSON for programs.
"""

from __future__ import annotations

import json
import sys
import time

from awsexec import fastpath, output
from awsexec.cache.store import store_for
from awsexec.credentials.credentials import Credentials, child_variables
from awsexec.errors import AwsexecError, shown
from awsexec.plan.plan import Plan, make_plan
from awsexec.plan.source_kinds import CONTAINER_VARIABLES, EC2_VARIABLES
from awsexec.profiles.config import Config
from awsexec.profiles.files import Setting
from awsexec.profiles.redact import redacted
from awsexec.times import duration, iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from awsexec.fastpath import Entry
    from awsexec.options.arguments import Arguments
    from awsexec.plan.source import Source
    from awsexec.profiles.profile import Profile
    from awsexec.report import Report

# what of the environment has a say in a run, besides the variables of the fast path
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
    """Print all that is known of PROFILE; return 125 if it cannot be worked out."""
    facts: dict[str, Any] = {"profile": arguments.named_profile(environ)}
    fault: AwsexecError | None = None
    config = Config.load(environ)
    try:
        plan = make_plan(arguments, environ, config)
    except AwsexecError as error:
        fault = error
        facts["fault"] = str(error)
        facts["profiles"] = _named(facts["profile"], config)
    else:
        facts.update(_facts(plan, environ, store_for(environ, report)))
    facts["environment"] = {
        name: redacted(Setting(name, environ[name], name, 0))
        for name in _VARIABLES
        if environ.get(name)
    }
    if arguments.json:
        json.dump(facts, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _print(facts, environ)
    return 0 if fault is None else fault.status


def _named(name: str | None, config: Config) -> list[dict[str, Any]]:
    """The profiles from `name` on along source_profile, as far as there are any."""
    found: list[dict[str, Any]] = []
    while name and name in config.profiles and name not in [p["name"] for p in found]:
        profile = config.profiles.get(name)
        found.append(_profile(profile))
        name = profile.value("source_profile")
    return found


def _facts(plan: Plan, environ: Mapping[str, str], store: Any) -> dict[str, Any]:
    chain, now = plan.chain, time.time()
    found = store.fresh(plan.keys, now)
    source = chain.source
    steps: list[dict[str, Any]] = [
        {
            "step": "source",
            "kind": source.kind.label,
            "what": source.label,
            **_life(found[0], now),
        }
    ]
    for step, entry in zip(chain.steps, found[1:], strict=True):
        request = {
            name: "******" if name == "ExternalId" else value
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
    # a cached step needs nothing of what stands before it
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
        example = Credentials("", "", "" if source.keys.token else None)
    instance = {"instance": _instance(source)} if source.kind.is_described else {}
    child = child_variables(example, plan.name, plan.region)
    return {
        "profiles": [_profile(hop) for hop in chain.hops],
        "chain": steps,
        **instance,
        "endpoint": plan.endpoint.url or f"AWS STS in {plan.endpoint.region}",
        "calls": calls,
        "child": {
            name: value if name.startswith("AWSEXEC") or "REGION" in name else "******"
            for name, value in child.items()
        },
    }


def _life(entry: Entry | None, now: float) -> dict[str, Any]:
    if entry is None:
        return {"cached_until": None, "seconds_left": None}
    until = entry.renew or entry.expires
    return {"cached_until": iso8601(until), "seconds_left": int(until - now)}


def _instance(source: Source) -> dict[str, Any]:
    """What the metadata of this EC2 instance says of its role; or why it does not."""
    from awsexec.credentials import sources

    try:
        found = sources.describe(source)
    except AwsexecError as error:
        return {"fault": str(error)}
    return {
        "role": found.role,
        "instance_profile": found.profile_arn,
        **_life_of(found.credentials),
    }


def _life_of(credentials: Credentials) -> dict[str, Any]:
    assert credentials.expires is not None
    return {
        "expires": iso8601(credentials.expires),
        "seconds_left": max(0, int(credentials.expires - time.time())),
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
            }
            for setting in sorted(
                profile.settings.values(), key=lambda item: (item.file, item.line)
            )
            if setting.value or setting.block
        ],
    }


def _print(facts: dict[str, Any], environ: Mapping[str, str]) -> None:
    colour = output.has_colour(environ)

    def title(words: str) -> None:
        print(output.coloured(words, output.BOLD, colour))

    if "fault" in facts:
        print(output.coloured(f"fault: {facts['fault']}", output.RED, colour))
    for profile in facts["profiles"]:
        title(f"profile {shown(profile['name'])}")
        rows = [
            (
                f"  {item['name']} = {shown(item['value'])}",
                output.home_as_tilde(item["file"], environ)
                + (f":{item['line']}" if item["line"] else ""),
            )
            for item in profile["settings"]
        ]
        print(*(output.table(rows, None, ()) if rows else ["  no settings"]), sep="\n")
    if "chain" in facts:
        _print_chain(facts, title)
    title("environment")
    for name, value in facts["environment"].items():
        print(f"  {name}={shown(value)}")
    if not facts["environment"]:
        print("  nothing in it changes this")


def instance_lines(instance: dict[str, Any]) -> list[str]:
    """What is known of the role of this EC2 instance, for people."""
    if "fault" in instance:
        return [instance["fault"]]
    left = duration(instance["seconds_left"])
    return [
        f"role              {instance['role']}",
        f"instance profile  {instance['instance_profile'] or 'unknown'}",
        f"credentials       until {instance['expires']} ({left} left)",
    ]


def _print_chain(facts: dict[str, Any], title: Any) -> None:
    title("chain")
    for number, step in enumerate(facts["chain"]):
        if number == 0:
            print(f"  from {step['what']}")
            if step["cached_until"]:
                left = duration(step["seconds_left"])
                print(f"       cached until {step['cached_until']} ({left} left)")
            continue
        print(f"  {number}. {step['step']} for profile {shown(step['profile'])}")
        for name, value in step["request"].items():
            listed = json.dumps(value) if isinstance(value, list) else value
            print(f"       {name} = {listed}")
        if step["cached_until"]:
            left = duration(step["seconds_left"])
            print(f"       cached until {step['cached_until']} ({left} left)")
        else:
            print("       not cached")
    print(f"  at {facts['endpoint']}")
    if "instance" in facts:
        title("instance")
        for line in instance_lines(facts["instance"]):
            print(f"  {line}")
    title("the next run")
    for call in facts["calls"]:
        asks = f", with an MFA code of {call['prompt']}" if call["prompt"] else ""
        print(f"  calls {call['call']}{asks}")
    if not facts["calls"]:
        print("  calls nothing and asks for nothing")
    title("COMMAND gets")
    for name, value in facts["child"].items():
        print(f"  {name}={value}")
