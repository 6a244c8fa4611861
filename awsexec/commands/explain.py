"""--explain: what a profile stands for, and what the next run would do.

--explain asks neither AWS nor the user. On EC2 it asks the instance metadata for the
role. The same facts are printed for people, or as JSON for programs.
"""

from __future__ import annotations

import time

from awsexec import output
from awsexec.cache.store import store_for
from awsexec.credentials.credentials import Credentials, child_variables
from awsexec.errors import AwsexecError, ConfigError, shown
from awsexec.fastpath import ACCESS_KEY_ID, EXPIRATION, SECRET_ACCESS_KEY, SESSION_TOKEN
from awsexec.options import sections
from awsexec.plan.command_line import runs_by_shell
from awsexec.plan.plan import Planner
from awsexec.plan.source_kinds import ENVIRONMENT, KEYRING, TOKEN_VARIABLES
from awsexec.profiles.config import Config
from awsexec.profiles.files import Setting
from awsexec.profiles.known import note_on
from awsexec.profiles.profile import EXPIRIES
from awsexec.profiles.redact import HIDDEN, redacted
from awsexec.times import as_tools_write, iso8601, left

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

# proxies count under both names
_LOWER_CASE = ("http_proxy", "https_proxy", "no_proxy")


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
        for name in _variables()
        if environ.get(name)
    }
    if arguments.json:
        output.show(output.as_json(facts))
    else:
        output.show("\n".join(_lines(facts, environ)) + "\n")
    return 0 if fault is None else fault.status


# --- The facts ------------------------------------------------------------------------


def _variables() -> list[str]:
    """Return the variables that can change a run, as the manual lists them."""
    groups = (*sections.ENVIRONMENT, *sections.SDK_ENVIRONMENT)
    left_out = (sections.LOOKS, sections.KEYRING)
    rows = [row for topic, rows in groups if topic not in left_out for row in rows]
    return [name for names, _ in rows for name in names.split(", ")] + [*_LOWER_CASE]


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
            **_backend(source),
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
        sign_in = source.kind.may_prompt and not source.kind.runs_command
        calls.append({"call": source.kind.asks, "prompt": None, "sign_in": sign_in})
    calls += [
        {"call": step.operation, "prompt": step.mfa_serial, "sign_in": False}
        for step in chain.steps[last or 0 :]
    ]
    instance = {"instance": _instance(source)} if source.kind.is_described else {}
    return {
        "profiles": [_profile(hop) for hop in chain.hops],
        "chain": steps,
        **instance,
        "endpoint": plan.endpoint.url or f"AWS STS in {plan.endpoint.region}",
        "calls": calls,
        "child": _child(plan, found[0]),
    }


def _child(plan: Plan, cached: Entry | None) -> dict[str, str]:
    """Return what COMMAND gets, without secrets; `cached` is the source's entry.

    A command that was not asked yet may or may not give a session.
    """
    source, environ = plan.chain.source, plan.environ
    given, may_be = Credentials("", "", "", 0, 0), ""
    if plan.chain.steps:
        pass
    elif source.keys is not None:
        ends = 0 if source.keys.expires is not None else None
        given = Credentials("", "", "" if source.keys.token else None, ends)
    elif source.kept is not None:
        given = Credentials("", "")
    elif source.kind is ENVIRONMENT:
        has_token = any(map(environ.get, TOKEN_VARIABLES))
        expires = 0 if environ.get(EXPIRATION) else None
        given = Credentials("", "", "" if has_token else None, expires)
    elif cached is not None:
        given = Credentials.from_entry(cached)
    elif source.kind.runs_command:
        may_be = f"if {source.kind.asks} gives one"
    child = child_variables(given, plan.name, plan.region)
    for name in (ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN, EXPIRATION):
        if name in child:
            optional = may_be and name in (SESSION_TOKEN, EXPIRATION)
            child[name] = f"{HIDDEN} ({may_be})" if optional else HIDDEN
    return child


def _way(source: Source) -> dict[str, Any]:
    """Return how the command of a source is run, for a source that has one."""
    if not source.kind.runs_command:
        return {}
    by_shell = runs_by_shell(source.profile, source.setting)
    return {"runs": "by /bin/sh" if by_shell else "without a shell"}


def _backend(source: Source) -> dict[str, Any]:
    """Return which keyring has the key of a source that is in one, without opening it."""
    if source.kept is None:
        return {}
    from awsexec.credentials.keys.keyring import Keyring

    try:
        return {"keyring": Keyring(may_prompt=False, say=lambda _: None).name()}
    except AwsexecError as error:
        return {"keyring": None, "keyring_fault": str(error)}


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
            if "keyring" in step:
                keyring = step["keyring"] or f"! {step['keyring_fault']}"
                yield f"       keyring: {keyring}"
        else:
            yield f"  {number}. {step['step']} for profile {shown(step['profile'])}"
            for name, value in step["request"].items():
                listed = (
                    output.as_json_line(value) if isinstance(value, list) else value
                )
                yield f"       {name} = {listed}"
        if step["cached_until"]:
            yield (
                f"       cached until {step['cached_until']} ({left(step['seconds_left'])})"
            )
        elif number:
            yield "       not cached"
    yield f"  at {facts['endpoint']}"
    if "instance" in facts:
        yield title("instance")
        yield from _instance_lines(facts["instance"])
    yield title("the next run")
    for call in facts["calls"]:
        asks = ""
        if call["prompt"]:
            asks = f", and asks for an MFA code of {call['prompt']}"
        elif call["sign_in"]:
            asks = ", and may ask you to sign in"
        verb = "opens" if call["call"] == KEYRING.asks else "calls"
        yield f"  {verb} {call['call']}{asks}"
    if not facts["calls"]:
        yield "  calls nothing and asks for nothing"
    yield title("COMMAND gets")
    for name, value in facts["child"].items():
        yield f"  {name}={value}"


def _instance_lines(instance: dict[str, Any]) -> Iterator[str]:
    if "fault" in instance:
        yield f"  {instance['fault']}"
        return
    yield f"  role              {instance['role']}"
    yield f"  instance profile  {instance['instance_profile'] or 'unknown'}"
    yield (
        f"  credentials       until {instance['expires']} "
        f"({left(instance['seconds_left'])})"
    )
