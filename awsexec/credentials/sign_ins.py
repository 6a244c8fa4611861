"""Signing in to IAM Identity Center, and out, without a command to run."""

from __future__ import annotations

from awsexec.cache.store import store_for
from awsexec.credentials.checks import source_error
from awsexec.credentials.get import context_for
from awsexec.credentials.sdk.errors import Refused, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.plan.plan import Plan
    from awsexec.report import Report


def sign_in(
    plan: Plan, environ: Mapping[str, str], report: Report, *, refresh: bool
) -> float | None:
    """Sign in for the source of `plan`, if that is due or `refresh` wants it.

    Return when the sign-in's token ends, in seconds since the epoch. Raises
    `CredentialsError` and `Interrupted`.
    """
    from awsexec.credentials.identity_center.portal import Portal

    source = plan.chain.source
    context = context_for(plan, environ, store_for(environ, report), report)
    portal = Portal(source, context)
    portal.sign_in(refused=portal.current_token() if refresh else None)
    return portal.until()


def sign_out(plan: Plan, environ: Mapping[str, str], report: Report) -> bool:
    """End the sign-in of the source of `plan`; return whether there was one.

    What the cache has from it is deleted. Raises `AwsexecError`.
    """
    from awsexec.credentials.identity_center.portal import Portal
    from awsexec.credentials.identity_center.sign_in import SERVICE

    source, store = plan.chain.source, store_for(environ, report)
    portal = Portal(source, context_for(plan, environ, store, report))
    token_file = plan.look().files[0].path
    try:
        was_in = portal.sign_out()
    except (Refused, Unreachable) as error:
        raise source_error(
            source,
            f"the sign-in is deleted here, but {SERVICE} could not be told ({error}); it "
            "ends there by itself",
        ) from None
    finally:
        store.forget_from(token_file)
    return was_in
