"""What the cache has for the steps of a plan, for those who only look."""

from __future__ import annotations

from awsexec.fastpath import ACCESS_KEY_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.cache.store import Store
    from awsexec.fastpath import Entry
    from awsexec.plan.plan import Plan


# the variable of an entry that notes the account of a key
ACCOUNT = "ACCOUNT"


class Cached:
    """What `store` has that can be used `now`.

    It reads all entries at most once, and only if a plan needs them.
    """

    def __init__(self, store: Store, now: float) -> None:
        self._store = store
        self.now = now
        self._fresh: dict[str, Entry] | None = None

    def steps(self, plan: Plan) -> list[Entry | None]:
        """Return the entry of the source and of each step of `plan`, None for none."""
        keys = plan.keys_now() if plan.uses_cache else None
        if keys is None:
            return [None] * (len(plan.chain.steps) + 1)
        return self._store.fresh(keys, self.now)

    def last(self, plan: Plan) -> Entry | None:
        """Return the entry of the last step of `plan`, None for none."""
        keys = plan.keys_now() if plan.uses_cache else None
        found = self._store.fresh(keys[-1:], self.now) if keys else [None]
        return found[0] or next(reversed(self.steps_of_user_keys(plan)), None)

    def steps_of_user_keys(self, plan: Plan) -> list[Entry | None]:
        """Return the entry of each step if the source turns out to give a user's keys.

        Nobody knows before whose these are. The device tells that it is the same user.
        """
        if not plan.uses_cache or plan.chain.if_user_keys is None:
            return []
        if self._fresh is None:
            self._fresh = {
                entry.key: entry
                for _, entry in self._store.entries()
                if entry and entry.is_fresh(self.now) and not entry.is_due(self.now)
            }
        found: list[Entry | None] = []
        for keys in plan.keys_of_user_keys(self._fresh):
            entries = [self._fresh[key] for key in keys]
            found.append(max(entries, key=lambda entry: entry.expires, default=None))
        return found

    def account_of_keys(self, plan: Plan) -> str | None:
        """Return the account noted for the keys at hand, if one is expected of them.

        None where it is not known.
        """
        source = plan.chain.source
        key_id = source.key_id
        if source.kind.is_environment:
            key_id = plan.environ.get(ACCESS_KEY_ID)
        if not plan.expected.of_source or not plan.uses_cache or key_id is None:
            return None
        return noted_account(plan, self._store, key_id, self.now)


def noted_account(plan: Plan, store: Store, key_id: str, now: float) -> str | None:
    """Return the account that `store` notes for the key `key_id`, None for none."""
    entry = store.read(note_of(plan, key_id))
    if entry is None or not entry.is_fresh(now):
        return None
    return entry.variables.get(ACCOUNT)


def note_of(plan: Plan, key_id: str) -> str:
    """Return the key of the entry that notes the account of `key_id`."""
    return ascii(("account", plan.endpoint.identity, key_id))
