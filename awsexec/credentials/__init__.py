"""From a plan to credentials: cache, locks, prompts, and the calls to AWS."""
