"""What the cache has for the steps of a plan, for those who only look."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.cache.store import Store
    from awsexec.fastpath import Entry
    from awsexec.plan.plan import Plan


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
