"""The network: whether AWS can be reached, and what its answers say of the clock."""

from __future__ import annotations

import urllib.parse

from awsexec.doctor.finding import OK, SKIPPED, WARNING, WRONG, Finding
from awsexec.errors import shown
from awsexec.text import without_userinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from awsexec.credentials.reach import Answer
    from awsexec.doctor.finding import Facts
    from awsexec.plan.plan import Plan

OFFLINE = "this machine is in no network, or has no DNS"
# seconds that a clock may be wrong: AWS refuses a signature that is five minutes off
CLOCK_WARNING, CLOCK_WRONG = 60, 300


def check_network(facts: Facts) -> Iterator[Finding]:
    """Whether each endpoint answers, and whether this machine's clock is right."""
    asked: dict[tuple[object, ...], tuple[Plan, str]] = {}
    for plan in facts.plans.values():
        endpoint, source = plan.endpoint, plan.chain.source
        place = endpoint.url or endpoint.region, endpoint.ca_bundle
        asked.setdefault(place, (plan, "sts"))
        for service in source.kind.services:
            way = service, source.urls, source.value("sso_region"), place
            asked.setdefault(way, (plan, service))
    if not asked:
        why = "the files cannot be read" if facts.fault else "no profile needs one"
        yield Finding("endpoint", SKIPPED, f"none was asked: {why}")
        yield Finding("clock", SKIPPED, "not compared: no endpoint was asked")
        return
    ahead = None
    found = {}
    answers = _in_parallel(facts.ask, list(asked.values()))
    # a server of this machine says nothing of the network
    hosts: dict[str, None] = {}
    is_online = any(not one.fault and not _is_here(one.url) for one in answers)
    for answer in answers:
        if not answer.fault:
            status, text = OK, f"{without_userinfo(answer.url)} answers"
        elif answer.is_offline and not is_online:
            host = urllib.parse.urlsplit(answer.url).hostname or answer.url
            hosts[shown(host)] = None
            continue
        else:
            status, text = WRONG, answer.fault
        # several plans may lead to one endpoint
        found[status, text] = Finding("endpoint", status, text)
        if answer.ahead is not None:
            ahead = answer.ahead
    yield from found.values()
    if hosts:
        text = f"no answer from {', '.join(hosts)}: {OFFLINE}"
        yield Finding("endpoint", SKIPPED, text)
    if ahead is None and hosts:
        yield Finding("clock", SKIPPED, f"not compared: {OFFLINE}")
    else:
        yield clock(ahead)


def _is_here(url: str) -> bool:
    host = urllib.parse.urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _in_parallel(
    ask: Callable[[Plan, str], Answer] | None, asked: Sequence[tuple[Plan, str]]
) -> list[Answer]:
    if ask is None or not asked:
        return []
    # somebody waits for those that do not answer
    from concurrent.futures import ThreadPoolExecutor

    # the first one loads the SDK
    first = ask(*asked[0])
    with ThreadPoolExecutor(8) as pool:
        return [first, *pool.map(lambda one: ask(*one), asked[1:])]


def clock(ahead: float | None) -> Finding:
    """Return what there is to say of a clock that is `ahead` of AWS's by so many seconds."""
    if ahead is None:
        return Finding("clock", SKIPPED, "not compared: AWS did not say its time")
    off = f"{abs(round(ahead))} seconds {'ahead of' if ahead > 0 else 'behind'} AWS's"
    if abs(ahead) >= CLOCK_WRONG:
        why = f"{off}: AWS refuses signatures that are five minutes off"
        return Finding("clock", WRONG, why, "set the clock")
    if abs(ahead) >= CLOCK_WARNING:
        return Finding("clock", WARNING, off, "set the clock")
    return Finding("clock", OK, "agrees with AWS's")
