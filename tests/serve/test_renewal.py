"""When credentials are renewed, and when the user is asked."""

import itertools

import pytest

from awsexec.credentials.credentials import Credentials
from awsexec.errors import CredentialsError, NoCode
from awsexec.serve.renewal import (
    ASK_EVERY,
    RENEW_BEFORE_END,
    RETRY_EVERY,
    RETRY_WHEN_WANTED,
    Held,
    NotAsked,
    Renewal,
)

START = 1_000_000


class World:
    """A clock, and a source of sessions that live for `life` seconds."""

    def __init__(self, life=3600):
        self.now = START
        self.life = life
        self.number = itertools.count(1)
        self.fails = None
        self.demands = []
        self.cached = None

    def session(self, issued=None):
        issued = self.now if issued is None else issued
        return self.held(
            Credentials(f"KEY{next(self.number)}", "", "", issued + self.life, issued)
        )

    def held(self, credentials):
        return Held(credentials, lambda: True)

    def get(self, demand):
        self.demands.append(demand.refresh)
        if self.fails is not None:
            raise self.fails
        if self.cached is not None and not demand.refresh:
            return self.cached
        self.cached = self.session()
        return self.cached

    def renewal(self, ask=None):
        self.cached = self.session()
        return Renewal(self.cached, self.get, ask, lambda: self.now)


@pytest.mark.parametrize(
    "life, due", [(3600, 2400), (43_200, 42_000), (1800, 900), (900, 450), (8, 4)]
)
def test_due(life, due):
    world = World(life)
    renewal = world.renewal()
    assert renewal.wait() == due
    world.now += due
    assert renewal.wait() == 0


def test_renewed_from_its_time_on():
    world = World()
    renewal = world.renewal()
    assert renewal.current().key_id == "KEY1"
    world.now += 3600 - RENEW_BEFORE_END
    renewal.renew(is_wanted=False)
    assert renewal.current().key_id == "KEY2"
    assert world.demands == [False, True]
    assert renewal.wait() == 2400


def test_what_another_awsexec_has_renewed_is_taken():
    world = World()
    renewal = world.renewal()
    world.now += 2400
    world.cached = world.session()
    renewal.renew(is_wanted=False)
    assert renewal.current().key_id == "KEY2"
    assert world.demands == [False]


def test_a_source_that_has_no_newer_ones_is_not_asked_all_the_time():
    world = World()
    renewal = world.renewal()
    old = world.cached
    renewal = Renewal(old, lambda demand: old, None, lambda: world.now)
    world.now += 3000
    renewal.renew(is_wanted=False)
    assert renewal.current() is old.credentials
    assert renewal.wait() == RETRY_EVERY


def test_they_are_used_to_their_end_where_there_are_no_others():
    world = World()
    renewal = world.renewal()
    world.fails = CredentialsError("no network")
    world.now += 2400
    renewal.renew(is_wanted=False)
    assert renewal.wait() == RETRY_EVERY
    assert str(renewal.fault) == "no network"
    world.now += 1198
    assert renewal.current().key_id == "KEY1"
    world.now += 1
    assert renewal.current() is None
    world.fails = None
    renewal.renew(is_wanted=True)
    assert renewal.current().key_id == "KEY2"
    assert renewal.fault is None


def test_who_waits_makes_it_try_at_once_but_once_a_second():
    world = World()
    renewal = world.renewal()
    world.now += 3700
    world.fails = CredentialsError("no network")
    renewal.renew(is_wanted=False)
    assert renewal.wait() > 0
    assert renewal.current() is None
    assert renewal.wait() == 1
    world.now += 1
    assert renewal.wait() == 0


def test_what_is_somebody_elses_now_is_not_given():
    world = World()
    renewal = world.renewal()
    same = [True]
    world.cached.is_same = lambda: same[0]
    assert renewal.current().key_id == "KEY1"
    same[0] = False
    assert renewal.current() is None
    renewal.renew(is_wanted=True)
    assert renewal.current() is None
    world.cached = None
    renewal.renew(is_wanted=True)
    assert renewal.current().key_id == "KEY2"


def test_half_a_renewal_does_not_make_the_old_ones_right():
    """There is another sign-in's session, which is due, and AWS does not answer."""
    world = World()
    renewal = world.renewal()
    signed_in = ["carol"]
    world.cached.is_same = lambda: signed_in == ["carol"]
    signed_in[0] = "dave"
    of_dave = world.session(issued=world.now - 3000)

    def get(demand):
        if demand.refresh:
            raise CredentialsError("no network")
        return of_dave

    renewal = Renewal(world.cached, get, None, lambda: world.now)
    renewal.renew(is_wanted=True)
    assert renewal.current() is None


def test_a_clock_that_was_set_back_does_not_keep_a_client_waiting():
    world = World()
    renewal = world.renewal()
    renewal.renew(is_wanted=True)
    world.cached.is_same = lambda: False
    world.now -= 3600
    assert renewal.current() is None
    assert renewal.wait() == RETRY_WHEN_WANTED


A_CODE = NoCode("a code", "admin", "serial")


def asking(world, answers):
    """A question that nobody answers."""

    def ask(fault):
        answers.append(world.now - START)
        raise fault

    return ask


def test_the_user_is_asked_ahead_of_time_now_and_then():
    world = World()
    asked = []
    renewal = world.renewal(asking(world, asked))
    world.fails = A_CODE
    for _ in range(200):
        world.now += renewal.wait()
        renewal.renew(is_wanted=False)
    assert asked[:4] == pytest.approx([2400, 2700, 3000, 3300], abs=RETRY_EVERY)
    # but not about what has ended and nobody wants
    assert asked[-1] < 3600 < world.now - START
    renewal.renew(is_wanted=True)
    assert asked[-1] > 3600
    assert str(renewal.fault) == "a code"


def test_the_user_is_not_asked_where_it_takes_nobody():
    world = World()
    asked = []
    renewal = world.renewal(asking(world, asked))
    world.now += 2400
    renewal.renew(is_wanted=False)
    assert asked == []


def test_what_the_user_gives():
    world = World()
    renewal = world.renewal(lambda fault: world.session())
    world.fails = A_CODE
    world.now += 2400
    renewal.renew(is_wanted=False)
    assert renewal.current().key_id == "KEY2"
    assert renewal.fault is None


def test_the_user_is_asked_again_soon_if_the_terminal_was_in_use():
    world = World()
    asked = []

    def ask(fault):
        asked.append(world.now)
        raise NotAsked

    renewal = world.renewal(ask)
    world.fails = A_CODE
    for _ in range(3):
        world.now += renewal.wait()
        renewal.renew(is_wanted=False)
    assert asked[2] - asked[0] == 2 * RETRY_EVERY
    assert renewal.fault is A_CODE


UPGRADED = "awsexec was upgraded or removed while COMMAND ran"
RAISED = [
    (CredentialsError("no network"), "no network"),
    (ModuleNotFoundError("No module named 'awsexec.credentials.sts'"), UPGRADED),
    (KeyError("x"), "internal error: KeyError: 'x'; please report it"),
    (OSError(24, "Too many open files"), "internal error: OSError: [Errno 24] "),
    (RecursionError(), "internal error: RecursionError; please report it"),
    (MemoryError(), "out of memory; "),
    (RuntimeError("can't start new thread"), "internal error: RuntimeError: can't "),
]


@pytest.mark.parametrize("error, text", RAISED, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("where", ["get", "ask", "is_same"])
def test_whatever_is_raised_is_told_and_the_next_attempt_clears_it(where, error, text):
    world = World()
    broken = {where}

    def check(name):
        if name in broken:
            raise error

    def get(demand):
        check("get")
        # it looks too
        check("is_same")
        if "ask" in broken:
            raise A_CODE
        return world.get(demand)

    def ask(fault):
        check("ask")
        raise fault

    def is_same():
        check("is_same")
        return True

    world.cached = world.session()
    world.cached.is_same = is_same
    renewal = Renewal(world.cached, get, ask, lambda: world.now)
    world.now += 2400
    renewal.renew(is_wanted=True)
    assert str(renewal.fault).startswith(text)
    # what cannot be looked at is nobody's
    assert (renewal.current() is None) == (where == "is_same")
    broken.clear()
    world.now += RETRY_EVERY
    renewal.renew(is_wanted=True)
    assert renewal.fault is None
    assert renewal.current().key_id != "KEY1"


def test_a_clock_that_was_set_back_does_not_keep_it_from_asking():
    world = World()
    asked = []
    renewal = world.renewal(asking(world, asked))
    world.fails = A_CODE
    world.now += 2400
    renewal.renew(is_wanted=False)
    world.now -= 2 * ASK_EVERY
    renewal.renew(is_wanted=False)
    assert len(asked) == 2


def test_without_an_end():
    world = World()
    forever = Credentials("KEY", "")
    renewal = Renewal(world.held(forever), world.get, None, lambda: world.now)
    assert renewal.wait() == float("inf")
    assert renewal.current() is forever
