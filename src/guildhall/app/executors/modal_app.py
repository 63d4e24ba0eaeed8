"""
Running trials as calls of a function at Modal.

This process claims trials under leases, makes a call for each, and records
what comes back with the call's id and what it logged. The function gets what it
plays with the call; it reaches no database. Written against Modal's client as
it is published, whose service this has not been run against.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from guildhall.app.executors.errand import Answer, Errand, run_errand
from guildhall.app.executors.material import Material
from guildhall.app.executors.ports import Conductor, ExecutorMissing, ExecutorUnavailable, Notes, TrialLost
from guildhall.app.executors.remote import AnswerDesk
from guildhall.domains.evaluation.failures import FailureCategory
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.simulations import Claim
from guildhall.settings import Settings

_log = logging.getLogger(__name__)

_BESIDE_S = 600
"""How long a call may take beside its trial: a cold start, and what scoring takes."""
_LOG_LINES = 200
_LONGEST_LOG = 65_536


class ModalTrialLost(TrialLost):
    """A call broke down at Modal, and the trial with it."""

    category = FailureCategory.MODAL_ERROR


def load_modal() -> Any:
    """
    The package.

    Raises:
        ExecutorMissing: It is not installed.
    """
    try:
        return importlib.import_module("modal")
    except ImportError:
        raise ExecutorMissing("modal", "modal") from None


class ModalExecutor:
    """Runs trials in an app that lives as long as the run, as the settings `modal_*` say."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._modal = load_modal()

    @asynccontextmanager
    async def open(self, materials: Sequence[Material], notes: Notes) -> AsyncIterator[Mapping[UUID, Conductor]]:
        """See `Executor.open`. Of variables, functions have those that the secrets hold."""
        modal, environment = self._modal, self._settings.modal_environment
        app = modal.App(self._settings.modal_app)
        functions = {
            each.simulation_id: app.function(name=f"play-{number}", **self._options(each))(play)
            for number, each in enumerate(materials)
        }
        try:
            running = app.run(environment_name=environment)
            await running.__aenter__()
        except modal.exception.Error as error:
            raise ExecutorUnavailable(
                f"Modal does not answer: {error}",
                remedy="Sign in with `modal setup`, or set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET.",
            ) from error
        try:
            desk = AnswerDesk(notes)
            for each in materials:
                await notes.in_modal(each.simulation_id, app.app_id, environment)
            yield {
                each.simulation_id: _ModalConductor(modal, functions[each.simulation_id], each, desk, notes)
                for each in materials
            }
        finally:
            await running.__aexit__(None, None, None)

    def _options(self, material: Material) -> dict[str, Any]:
        settings, resources = self._settings, material.spec.resources
        timeout_s = settings.modal_timeout_s or material.timeout_ms / 1000 + _BESIDE_S
        return {
            "image": self._image(),
            "secrets": [
                self._modal.Secret.from_name(each, environment_name=settings.modal_environment)
                for each in settings.modal_secrets
            ],
            "timeout": round(timeout_s),
            "cpu": settings.modal_cpu or resources.cpus,
            "memory": settings.modal_memory_mb or resources.memory_mb or material.spec.limits.memory_mb,
            "gpu": None if resources.gpus is None else f"any:{max(1, round(resources.gpus))}",
            "retries": settings.modal_retries,
            "max_containers": settings.modal_concurrency,
        }

    def _image(self) -> Any:
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        if self._settings.modal_image is not None:
            return self._modal.Image.from_registry(self._settings.modal_image)
        needed = [each for each in importlib.metadata.requires("guildhall") or () if "extra ==" not in each]
        image = self._modal.Image.debian_slim(python_version=python)
        return image.apt_install("bubblewrap").pip_install(*needed).add_local_python_source("guildhall")


def play(errand: Errand, content: bytes) -> Answer:
    """What the function does."""
    return run_errand(errand, lambda: content)


class _ModalConductor:
    """Runs the trials of one simulation."""

    def __init__(self, modal: Any, function: Any, material: Material, desk: AnswerDesk, notes: Notes) -> None:
        self._modal = modal
        self._function = function
        self._material = material
        self._desk = desk
        self._notes = notes

    async def conduct(self, claim: Claim) -> TrialRecord:
        """See `Conductor.conduct`."""
        errors = self._modal.exception
        # A call carries its own scenario only: arguments travel each time.
        parcel = self._material.packed({}, claim.scenario_id)
        try:
            call = await self._function.spawn.aio(Errand(claim, parcel.key), parcel.content)
        except (errors.AuthError, errors.ConnectionError) as error:
            raise ExecutorUnavailable(f"Modal does not answer: {error}", remedy="Resume when it does.") from error
        except errors.Error as error:
            raise ModalTrialLost(f"Modal has not taken a call: {error}") from error
        try:
            answer = await call.get.aio()
        except (errors.AuthError, errors.ConnectionError) as error:
            raise ExecutorUnavailable(f"Modal does not answer: {error}", remedy="Resume when it does.") from error
        except Exception as error:
            # Whatever the function raises comes back as it is, beside Modal's own errors.
            raise ModalTrialLost(f"call {call.object_id} failed: {type(error).__name__}: {error}") from error
        except BaseException:
            with suppress(errors.Error):
                await call.cancel.aio()
            raise
        finally:
            await self._keep_logs(claim, call)
        record = await self._desk.take(claim, answer)
        return replace(record, outcome=replace(record.outcome, modal_call_id=call.object_id))

    async def _keep_logs(self, claim: Claim, call: Any) -> None:
        logs = None
        try:
            lines = [each.message async for each in call.logs.tail.aio(_LOG_LINES)]
            logs = "".join(lines)[-_LONGEST_LOG:] or None
        except self._modal.exception.Error as error:
            _log.warning("what call %s logged cannot be had: %s", call.object_id, error)
        await self._notes.modal_call(claim, call.object_id, logs)
