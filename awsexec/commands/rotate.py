"""--rotate-keys: a new access key in place of the one in the keyring, at AWS too."""

from __future__ import annotations

import time

from awsexec.cache.store import store_for
from awsexec.credentials.get import get
from awsexec.credentials.keys.index import IndexFile
from awsexec.credentials.keys.keyring import Keyring
from awsexec.credentials.resolver import Demand
from awsexec.errors import ConfigError, typed
from awsexec.plan.plan import Planner
from awsexec.report import SAY_WAIT_AFTER
from awsexec.terminal import Questions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Rotate NAME's key, or go on with a rotation that was stopped."""
    from awsexec.credentials.keys.iam import Iam
    from awsexec.credentials.keys.rotate import Rotator
    from awsexec.credentials.keys.whose import whose
    from awsexec.credentials.sts import Sts

    name = arguments.needed_profile()
    questions = Questions(not arguments.no_prompt, arguments.yes)
    questions.check()
    waiting = "waiting for another awsexec, which is changing keys in the keyring"
    patience = report.patience(waiting, SAY_WAIT_AFTER)
    with IndexFile(environ, lambda _: patience) as index:
        plan = Planner(arguments, environ).plan_of_key(name)
        source = plan.chain.source
        if source.kept is None:
            raise ConfigError(
                f"--rotate-keys is for a key in the keyring, and {source.label} is none; "
                f"to put the key there: {typed('--add-keys', name)}"
            )
        # with MFA if the profile asks for it
        doing = "replace the key at AWS and in the keyring (--rotate-keys)"
        signer = get(plan, Demand(), environ, report, doing=doing)
        sts = Sts(plan.endpoint, plan.retries, report.debug)
        Rotator(
            index=index,
            keyring=Keyring(may_prompt=not arguments.no_prompt, say=report.waiting),
            signer=signer,
            whose=lambda key, patience: whose(
                sts, key, name, patience, report.waiting, time.sleep
            ),
            connect=lambda key, user: Iam(sts, key, user),
            yes=questions.yes,
            say=report.warning,
            wait=report.waiting,
            forget=store_for(environ, report).forget_signed,
            clock=time.time,
            sleep=time.sleep,
        ).rotate(name)
    return 0
