"""How accounts fare, as one process sees it: from calls (passive), and from probes of those that have failed or have had none (active)."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from guildhall import clock
from guildhall.adapters.upstreams import AddressClosed, Upstream, UpstreamSilent
from guildhall.algorithms.breaker import Breaker
from guildhall.app.gateway.directory import Directory
from guildhall.app.gateway.headers import headers_for
from guildhall.db import NOBODY, Actor, Database
from guildhall.domains.gateway import providers
from guildhall.domains.gateway.providers import Account, Health, Standing
from guildhall.errors import Unavailable

_SMOOTHING = 0.2
"""How much the latest latency counts in the moving mean."""

_LOOK_S = 5.0
_IDLE_S = 60.0
_PROBE_S = 10.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class State:
    """What is known of one account."""

    breaker: Breaker = field(default_factory=Breaker)
    latency_ms: float | None = None
    in_flight: int = 0
    last_ms: float = -math.inf
    response_time_ms: int | None = None
    told: tuple[Health, int | None] | None = None

    @property
    def health(self) -> Health:
        """In one word."""
        if self.breaker.is_open:
            return Health.UNHEALTHY
        if self.breaker.failures or clock.monotonic_ms() < self.breaker.rests_until_ms:
            return Health.DEGRADED
        return Health.UNKNOWN if self.last_ms == -math.inf else Health.HEALTHY


class Watch:
    """The states of accounts, by their ids; for one event loop."""

    def __init__(self) -> None:
        self._states: dict[UUID, State] = {}

    def of(self, account_id: UUID) -> State:
        """The state of an account."""
        state = self._states.get(account_id)
        if state is None:
            state = self._states[account_id] = State()
        return state

    def standings(self, accounts: list[Account]) -> Mapping[UUID, Standing]:
        """What routing asks of them."""
        now_ms = clock.monotonic_ms()
        return {
            each.id: Standing(state.breaker.allows(now_ms), state.latency_ms, state.in_flight)
            for each in accounts
            if (state := self.of(each.id)) is not None
        }

    def wait_s(self, accounts: list[Account]) -> float:
        """When the first of them may be tried again."""
        now_ms = clock.monotonic_ms()
        return max(
            1.0, min((self.of(each.id).breaker.rests_until_ms - now_ms for each in accounts), default=0.0) / 1000
        )

    def began(self, account: Account) -> State:
        """A call is sent to it."""
        state = self.of(account.id)
        state.breaker.begin(clock.monotonic_ms())
        state.in_flight += 1
        return state

    @staticmethod
    def first_byte(state: State, after_ms: float) -> None:
        """Its answer has begun."""
        before = state.latency_ms
        state.latency_ms = after_ms if before is None else before + _SMOOTHING * (after_ms - before)

    @staticmethod
    def succeeded(state: State, took_ms: float) -> None:
        """It has answered."""
        state.breaker.succeeded()
        state.response_time_ms = round(took_ms)
        state.last_ms = clock.monotonic_ms()

    @staticmethod
    def failed(state: State) -> None:
        """It has failed, and not for what it was asked."""
        state.last_ms = clock.monotonic_ms()
        state.breaker.failed(state.last_ms)

    async def look(self, database: Database, directory: Directory, upstream: Upstream) -> None:
        """Probe and tell the database how accounts fare, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_S)
            for tenant_id, book in directory.books():
                try:
                    await asyncio.gather(
                        *(
                            self.probe(upstream, each, book.keys[each.id])
                            for each in book.accounts
                            if each.enabled and self._wants_probe(each)
                        )
                    )
                    await self._tell(database, tenant_id, list(book.accounts))
                except Exception:  # noqa: BLE001 - one team's accounts keep no other's from being looked at
                    _log.exception("looking after a team's providers failed")

    def _wants_probe(self, account: Account) -> bool:
        state, now_ms = self.of(account.id), clock.monotonic_ms()
        if account.options.probe is None or state.in_flight or not state.breaker.allows(now_ms):
            return False
        return state.breaker.is_open or now_ms - state.last_ms > _IDLE_S * 1000

    async def probe(self, upstream: Upstream, account: Account, key: str | None) -> str | None:
        """Ask an account for its models, which costs nothing; why it does not answer, None if it does."""
        state = self.began(account)
        began_ms = clock.monotonic_ms()
        try:
            incoming = await upstream.send(
                "GET",
                account.base_url + (account.options.probe or "/models"),
                headers_for(account, key, {}),
                None,
                first_byte_s=_PROBE_S,
                total_s=_PROBE_S,
            )
            status = incoming.status
            incoming.close()
        except (UpstreamSilent, AddressClosed) as error:
            self.failed(state)
            return str(error)
        finally:
            state.in_flight -= 1
        if status < 500 and status not in (401, 403):
            self.succeeded(state, clock.monotonic_ms() - began_ms)
            return None
        self.failed(state)
        return f"status {status}"

    async def _tell(self, database: Database, tenant_id: UUID, accounts: list[Account]) -> None:
        changed = [
            (each, state, told)
            for each in accounts
            if (state := self.of(each.id)).told != (told := (state.health, state.response_time_ms))
        ]
        if not changed:
            return
        try:
            async with database.transaction(Actor(NOBODY.user_id, tenant_id)) as tx:
                for account, _, told in changed:
                    await providers.note_health(tx, account.id, *told)
        except Unavailable as error:
            _log.warning("how providers fare is not kept for now: %s", error)
            return
        for _, state, told in changed:
            state.told = told
