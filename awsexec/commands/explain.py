"""--explain: what a profile stands for, and what the next run would do.

--explain asks neither AWS nor the user. On EC2 it asks the instance metadata for the
role. The same facts are printed for people, or as JSON for programs.
"""

from __future__ import annotations

import time

from awsexec import output
from awsexec.cache.store import store_for
from awsexec.credentials.cached import Cached
from awsexec.credentials.confirm import is_asked
from awsexec.credentials.credentials import profile_variables
from awsexec.credentials.faults import fault_of
from awsexec.errors import AwsexecError, ConfigError
from awsexec.fastpath import (
    ACCESS_KEY_ID,
    EXPIRATION,
    LIMITS,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
)
from awsexec.options import sections
from awsexec.plan.command_line import runs_by_shell
from awsexec.plan.guardrails import CONFIRMED
from awsexec.plan.plan import Planner
from awsexec.plan.source_kinds import KEYRING, TOKEN_VARIABLES
from awsexec.profiles.config import Config, open_to_others
from awsexec.profiles.files import Setting
from awsexec.profiles.known import note_on
from awsexec.profiles.profile import SECRET, TOKEN_SETTINGS, note_on_time
from awsexec.profiles.redact import redacted
from awsexec.text import HIDDEN, without_userinfo
from awsexec.times import iso8601, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from awsexec.fastpath import Entry
    from awsexec.options.arguments import Arguments
    from awsexec.output import Line
    from awsexec.plan.calls import Step
    from awsexec.plan.chain import Chain
    from awsexec.plan.inputs import SignedIn
    from awsexec.plan.plan import Plan
    from awsexec.plan.source import Source
    from awsexec.profiles.files import Section
    from awsexec.profiles.profile import Profile
    from awsexec.report import Report

# proxies count under both names
_LOWER_CASE = ("http_proxy", "https_proxy", "no_proxy")
# the settings of a profile that name a section of the config file
_SECTIONS = {"sso_session": "sso-session", "services": "services"}
# the call that tells the account
IDENTITY = "GetCallerIdentity"
# what COMMAND gets, where only the next run will tell
_UNKNOWN = "known after the call"


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print all that is known of PROFILE; return 125 if it is known that a run fails."""
    name, by = arguments.profile, ""
    if name is None:
        name, by, _ = arguments.default_profile(environ)
    facts: dict[str, Any] = {"profile": name or None, "named_by": by or None}
    fault: AwsexecError | None = None
    config = Config.load(environ)
    try:
        plan = Planner(arguments, environ, config).plan(arguments.profile)
    except AwsexecError as error:
        fault = error
        facts["fault"] = str(error)
        facts |= _files(_linked(name, config), config)
    else:
        cached = Cached(store_for(environ, report), time.time())
        facts |= _files(plan.chain.hops, config)
        facts |= _run(plan, cached, arguments)
        fault = fault_of(plan, cached)
        if fault is not None:
            facts |= {"fault": str(fault), "calls": [], "child": {}}
            facts.pop("if_user_keys", None)
    facts["environment"] = {
        name: redacted(Setting.outside(name, environ[name], name))
        for name in _variables()
        if environ.get(name)
    }
    if arguments.json:
        output.show(output.as_json(facts))
    else:
        output.show_lines(_lines(facts, environ), environ)
    return 0 if fault is None else fault.status


# --- The facts in the files -----------------------------------------------------------


def _variables() -> list[str]:
    """Return the variables that can change a run, as the manual lists them."""
    groups = (*sections.ENVIRONMENT, *sections.SDK_ENVIRONMENT)
    left_out = (sections.LOOKS, sections.KEYRING)
    rows = [row for topic, rows in groups if topic not in left_out for row in rows]
    names = [name for names, _ in rows for name in names.split(", ")]
    return [*names, *_LOWER_CASE, LIMITS, CONFIRMED]


def _linked(name: str | None, config: Config) -> list[Profile]:
    """Return the profiles from `name` on along source_profile, as far as they exist."""
    found: list[Profile] = []
    while name and name in config.profiles and name not in [p.name for p in found]:
        try:
            profile = config.profiles.get(name)
        except ConfigError:
            break
        found.append(profile)
        name = profile.value("source_profile")
    return found


def _files(profiles: Sequence[Profile], config: Config) -> dict[str, Any]:
    """Return what the files say: of `profiles`, and of the sections that these name."""
    keys = [
        profile.settings[name]
        for profile in profiles
        for name in (SECRET, *TOKEN_SETTINGS)
        if profile.get(name) is not None
    ]
    # in their order, each once
    found = dict.fromkeys(open_to_others(key.file) for key in keys if key.line)
    return {
        "warnings": [warning for warning in found if warning is not None],
        "profiles": [
            {"name": profile.name, "settings": _settings(profile.settings.values())}
            for profile in profiles
        ],
        "sections": [
            {"section": title, "settings": _settings(section.settings.values())}
            for title, section in _named_sections(profiles, config).items()
        ],
    }


def _named_sections(profiles: Sequence[Profile], config: Config) -> dict[str, Section]:
    """Return the sections that `profiles` name, by what their headers say."""
    file = config.profiles.config
    groups = {"sso-session": file.sso_sessions, "services": file.services}
    found = {}
    for profile in profiles:
        for name, word in _SECTIONS.items():
            section = groups[word].get(profile.value(name) or "")
            if section is not None:
                found[f"{word} {section.name}"] = section
    return found


def _settings(settings: Iterable[Setting]) -> list[dict[str, Any]]:
    return [
        {
            "name": setting.name,
            "value": redacted(setting),
            "file": setting.file,
            "line": setting.line or None,
            "note": note_on(setting.name) or note_on_time(setting),
        }
        for setting in sorted(settings, key=lambda item: (item.file, item.line))
        if setting.value or setting.block
    ]


# --- The facts of the next run --------------------------------------------------------


def _run(plan: Plan, cached: Cached, arguments: Arguments) -> dict[str, Any]:
    chain, now, noted = plan.chain, cached.now, cached.account_of_keys(plan)
    source = chain.source
    found = cached.steps(plan)
    signed_in = source.signed_in(plan.config.paths, plan.environ)
    facts: dict[str, Any] = {
        "chain": [
            _source(source, signed_in) | _life(found[0], now),
            *_steps(chain, found[1:], now),
        ]
    }
    if source.kind.is_described:
        facts["instance"] = _instance(plan)
    endpoint = plan.endpoint.url or f"AWS STS in {plan.endpoint.region}"
    facts["endpoint"] = without_userinfo(endpoint)
    facts["expected_accounts"] = [
        {
            "profile": name,
            "account": by.value,
            "where": by.where,
            "found": account or noted,
        }
        for by, name, account in plan.expected.stated
    ]
    asks = plan.confirmation
    facts["confirm"] = asks and {
        "where": asks.where,
        "by_name": asks.by_name,
        "answered": not is_asked(plan, plan.environ),
    }
    facts["limited"] = plan.remark or None
    facts["forbidden"] = plan.why_not
    found = _usable(found, arguments, now)
    is_asked_whose = bool(plan.expected.of_source) and noted is None
    facts["calls"] = _calls(chain, found, signed_in, now, is_asked_whose)
    if chain.if_user_keys is not None and not any(found):
        steps = chain.if_user_keys.steps
        of_keys = cached.steps_of_user_keys(plan) or [None] * len(steps)
        usable = enumerate(_usable(of_keys, arguments, now), start=1)
        last = max((n for n, entry in usable if entry), default=0)
        facts["if_user_keys"] = {
            "chain": list(_steps(chain.if_user_keys, of_keys, now)),
            "calls": [_call(step) for step in steps[last:]],
        }
    facts["child"] = _child(plan, found[-1])
    return facts


def _usable(
    found: list[Entry | None], arguments: Arguments, now: float
) -> list[Entry | None]:
    """Return those of the cached steps that a run with these options takes."""
    last, least = found[-1], arguments.min_ttl
    if arguments.refresh or (last and least and last.life_left(now) <= least):
        return [*found[:-1], None]
    return found


def _source(source: Source, signed_in: SignedIn | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "step": "source",
        "kind": source.kind.label,
        "what": source.label,
    }
    if source.kind.runs_command:
        by_shell = runs_by_shell(source.profile, source.setting)
        facts["runs"] = "by /bin/sh" if by_shell else "without a shell"
    if signed_in is not None:
        facts["signed_in_until"] = signed_in.until and iso8601(signed_in.until)
    return facts | _backend(source)


def _steps(
    chain: Chain, found: Sequence[Entry | None], now: float
) -> Iterator[dict[str, Any]]:
    for step, entry in zip(chain.steps, found, strict=True):
        request = {
            name: HIDDEN if name == "ExternalId" else value
            for name, value in step.parameters().items()
        }
        yield {
            "step": step.operation,
            "what": str(step),
            "profile": step.profile,
            "request": request,
            **_life(entry, now),
        }


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


def _calls(
    chain: Chain,
    found: Sequence[Entry | None],
    signed_in: SignedIn | None,
    now: float,
    is_asked_whose: bool,
) -> list[dict[str, Any]]:
    """Return the calls of the next run, and what it asks the user for.

    `is_asked_whose` is whether AWS is asked of which account the source's credentials are.

    `sign_in` is True where the user has to sign in, and None where that depends on
    whether AWS renews the sign-in.
    """
    # a cached step needs none of the steps before it
    last = max((n for n, entry in enumerate(found) if entry), default=None)
    calls: list[dict[str, Any]] = []
    if last is None and chain.source.kind.asks:
        is_asked = False if signed_in is None else signed_in.is_asked(now)
        calls.append(
            {"call": chain.source.kind.asks, "prompt": None, "sign_in": is_asked}
        )
    # what the cache has of a source is of the right account
    if is_asked_whose and (last is None or not chain.source.is_cached):
        calls.append({"call": IDENTITY, "prompt": None, "sign_in": False})
    return calls + [_call(step) for step in chain.steps[last or 0 :]]


def _call(step: Step) -> dict[str, Any]:
    return {"call": step.operation, "prompt": step.mfa_serial, "sign_in": False}


def _child(plan: Plan, cached: Entry | None) -> dict[str, str]:
    """Return what COMMAND gets, without secrets; `cached` is the last step's entry.

    A command that was not asked yet may or may not give a session.
    """
    source, environ = plan.chain.source, plan.environ
    has_token, expires, may_be = True, _UNKNOWN, ""
    if cached is not None:
        has_token = SESSION_TOKEN in cached.variables
        expires = iso8601(cached.expires)
    elif plan.chain.steps:
        pass
    elif source.keys is not None:
        has_token = source.keys.token is not None
        ends = source.keys.expires
        expires = "" if ends is None else iso8601(max(0, ends))
    elif source.kept is not None:
        has_token, expires = False, ""
    elif source.kind.is_environment:
        has_token = any(map(environ.get, TOKEN_VARIABLES))
        expires = environ.get(EXPIRATION, "")
    elif source.kind.runs_command:
        may_be = f" (if {source.kind.asks} gives one)"
    child = {ACCESS_KEY_ID: HIDDEN, SECRET_ACCESS_KEY: HIDDEN}
    if has_token:
        child[SESSION_TOKEN] = HIDDEN + may_be
    if expires:
        child[EXPIRATION] = expires + may_be
    child |= profile_variables(
        plan.name, plan.region, plan.region_of_profile, plan.account
    )
    if plan.confirmation is not None:
        child[CONFIRMED] = f"PROCESS {plan.confirmation.mark}"
    return child | plan.inside


def _instance(plan: Plan) -> dict[str, Any]:
    """Return what the instance's metadata says of its role, or why it says nothing."""
    from awsexec.credentials import sources

    try:
        found = sources.describe(plan.chain.source, plan.endpoint)
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


# --- The facts as lines for people ----------------------------------------------------


def _lines(facts: dict[str, Any], environ: Mapping[str, str]) -> Iterator[Line]:
    if facts["named_by"]:
        yield f"named by {output.home_as_tilde(facts['named_by'], environ)}", output.BOLD
    if "fault" in facts:
        yield f"fault: {facts['fault']}", output.RED
    for warning in facts["warnings"]:
        yield f"warning: {warning}", output.RED
    for profile in facts["profiles"]:
        yield f"profile {profile['name']}", output.BOLD
        yield from _setting_lines(profile["settings"], environ)
    for section in facts["sections"]:
        yield section["section"], output.BOLD
        yield from _setting_lines(section["settings"], environ)
    if "chain" in facts:
        yield from _run_lines(facts)
    yield "environment", output.BOLD
    for name, value in facts["environment"].items():
        yield f"  {name}={value}"
    if not facts["environment"]:
        yield "  no variable changes this"


def _setting_lines(
    settings: list[dict[str, Any]], environ: Mapping[str, str]
) -> list[str]:
    rows = [
        (
            f"  {item['name']} = {item['value']}",
            output.home_as_tilde(item["file"], environ)
            + (f":{item['line']}" if item["line"] else "")
            + (f"  {item['note']}" if item["note"] else ""),
        )
        for item in settings
    ]
    return output.table(rows, None, ()) if rows else ["  no settings"]


def _run_lines(facts: dict[str, Any]) -> Iterator[Line]:
    yield "chain", output.BOLD
    for number, step in enumerate(facts["chain"]):
        yield from _step_lines(number, step)
    other = facts.get("if_user_keys", {"chain": [], "calls": []})
    if other["chain"]:
        yield "  or, if the command gives a user's keys, without a session token"
    for number, step in enumerate(other["chain"], 1):
        yield from _step_lines(number, step)
    yield f"  at {facts['endpoint']}"
    guards = ("expected_accounts", "confirm", "limited", "forbidden")
    if any(map(facts.get, guards)):
        yield "guardrails", output.BOLD
    if facts["limited"]:
        yield f"  {facts['limited']}"
    for item in facts["expected_accounts"]:
        yield (
            f"  profile {item['profile']} must be of account {item['account']}"
            f" ({item['where']})" + _found(item)
        )
    if facts["forbidden"]:
        yield f"  a run fails: {facts['forbidden']}"
    if facts["confirm"]:
        what = "its name" if facts["confirm"]["by_name"] else "a y"
        is_answered = ", and have answered" if facts["confirm"]["answered"] else ""
        yield (
            f"  you are asked for {what} before each use ({facts['confirm']['where']})"
            f"{is_answered}"
        )
    if "instance" in facts:
        yield "instance", output.BOLD
        yield from _instance_lines(facts["instance"])
    yield "the next run", output.BOLD
    if "fault" in facts:
        yield "  fails, and COMMAND does not start"
        return
    confirm = facts["confirm"]
    is_due = confirm is not None and not confirm["answered"]
    if is_due:
        yield f"  asks for {'its name' if confirm['by_name'] else 'a y'}"
    until = facts["chain"][0].get("signed_in_until")
    for call in facts["calls"]:
        verb = "opens" if call["call"] == KEYRING.asks else "calls"
        yield f"  {verb} {call['call']}{_asks(call, until)}"
    if other["chain"]:
        yield "  or, if the command gives a user's keys"
    for call in other["calls"]:
        yield f"  calls {call['call']}{_asks(call, until)}"
    if other["chain"] and not other["calls"]:
        yield "  calls nothing more, and asks for nothing"
    if not facts["calls"]:
        yield "  calls nothing" + " and asks for nothing" * (not is_due)
    yield "COMMAND gets", output.BOLD
    for name, value in facts["child"].items():
        yield f"  {name}={value}"


def _found(item: dict[str, Any]) -> str:
    """Return whether the files say already of which account a profile is."""
    if item["found"] is None:
        return ": a run asks AWS once, and remembers"
    if item["found"] == item["account"]:
        return ""
    return f": it is of account {item['found']}, and a run fails"


def _step_lines(number: int, step: dict[str, Any]) -> Iterator[str]:
    if number == 0:
        yield f"  from {step['what']}"
        if "runs" in step:
            yield f"       the command runs {step['runs']}"
        if "keyring" in step:
            keyring = step["keyring"] or f"! {step['keyring_fault']}"
            yield f"       keyring: {keyring}"
        if step.get("signed_in_until"):
            yield f"       the sign-in's token is good until {step['signed_in_until']}"
    else:
        yield f"  {number}. {step['step']} for profile {step['profile']}"
        for name, value in step["request"].items():
            listed = output.as_json_line(value) if isinstance(value, list) else value
            yield f"       {name} = {listed}"
    if step["cached_until"]:
        yield f"       cached until {step['cached_until']} ({left(step['seconds_left'])})"
    elif number:
        yield "       not cached"


def _asks(call: dict[str, Any], signed_in_until: str | None) -> str:
    """Return what a call asks the user for, to follow its name."""
    if call["prompt"]:
        return f", and asks for an MFA code of {call['prompt']}"
    if call["sign_in"] is None:
        return (
            f", which renews the token that ended at {signed_in_until}; if AWS refuses, "
            "you have to sign in"
        )
    return ", and you have to sign in" if call["sign_in"] else ""


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
