"""Check the password, and limit the attempts at it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import Counter
from typing import NamedTuple


class AttemptLimits(NamedTuple):
    """Limits on the attempts at the password.

    Attributes
    ----------
    waiting, waiting_of_address
        The number of attempts in the queue, in total and per address.
    wrong_of_address, seconds
        The number of wrong attempts per address within the seconds.
    pause
        Seconds that a wrong attempt delays the attempts in the queue.
    """

    waiting: int = 20
    waiting_of_address: int = 4
    wrong_of_address: int = 20
    seconds: float = 600.0
    pause: float = 0.5


ATTEMPT_LIMITS = AttemptLimits()


class PasswordCheck:
    """Compare passwords; a correct one gets a key, which is valid while the server runs."""

    def __init__(self, password: str, limits: AttemptLimits = ATTEMPT_LIMITS) -> None:
        self.limits = limits
        self.key = secrets.token_urlsafe(32)
        self._salt = secrets.token_bytes(16)
        self._hash = self._hashed(password)
        self._one_by_one = asyncio.Lock()
        self._waiting: Counter[str] = Counter()
        self._wrong: dict[str, list[float]] = {}

    def is_key(self, key: str | None) -> bool:
        """Tell whether a key is the server's key."""
        return hmac.compare_digest(_bytes(key or ""), self.key.encode())

    async def try_password(self, given: str, address: str) -> bool | None:
        """Compare a password; return None, without a comparison, after too many attempts.

        Comparisons are slow (scrypt, 16 MiB) and run one after the other.
        """
        limits = self.limits
        since = time.monotonic() - limits.seconds
        recent = {host: [t for t in times if t > since] for host, times in self._wrong.items()}
        self._wrong = {host: times for host, times in recent.items() if times}
        tried = len(self._wrong.get(address, ())) + self._waiting[address]
        if (
            self._waiting.total() >= limits.waiting
            or self._waiting[address] >= limits.waiting_of_address
            or tried >= limits.wrong_of_address
        ):
            return None
        self._waiting[address] += 1
        try:
            async with self._one_by_one:
                digest = await asyncio.to_thread(self._hashed, given)
                known = hmac.compare_digest(digest, self._hash)
                if not known:
                    self._wrong.setdefault(address, []).append(time.monotonic())
                    await asyncio.sleep(limits.pause)
        finally:
            self._waiting[address] -= 1
            self._waiting += Counter()  # drops zero counts
        return known

    def _hashed(self, password: str) -> bytes:
        return hashlib.scrypt(_bytes(password), salt=self._salt, n=2**14, r=8, p=1)


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
