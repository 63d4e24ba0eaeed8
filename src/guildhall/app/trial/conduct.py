"""
Conducting one trial: the agent plays, its user answers, the scorers judge, and all of it becomes one record.

`conduct` raises for nothing that an agent, a tool, a user, a judge or a scenario
does: that is an outcome. A cancellation passes through, and leaves nothing running.
"""

from __future__ import annotations

import asyncio
import contextlib

import orjson

from guildhall import clock
from guildhall.adapters.code import FOREIGN
from guildhall.adapters.scorers import combine
from guildhall.adapters.threads import in_thread, ours_to_obey
from guildhall.adapters.through import made_for
from guildhall.app.trial import blame
from guildhall.app.trial.preparation import Cast
from guildhall.app.trial.record import record_of
from guildhall.app.trial.stage import TrialLimits, TrialStage
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.simulations import Claim, TrialFailed
from guildhall.domains.evaluation.simulations.ports import Performance, Score
from guildhall.errors import GuildhallError, InvalidInput, Unavailable

_STATE_S = 30.0
_PUT_AWAY_S = 5.0
_SCORING_S = 300.0


async def conduct(cast: Cast, claim: Claim, *, seed: int, timeout_ms: int) -> TrialRecord:
    """
    Play one trial and record it; the claim names the outcome.

    `timeout_ms` is the simulation's limit; the agent's and the scenario's may
    be smaller. The time that scoring takes does not count.
    """
    with made_for(claim.simulation_id, claim.outcome_id):
        return await _conduct(cast, claim, seed=seed, timeout_ms=timeout_ms)


async def _conduct(cast: Cast, claim: Claim, *, seed: int, timeout_ms: int) -> TrialRecord:
    started_at = clock.now()
    through = cast.agent.through
    stage = TrialStage(
        cast,
        trial=claim.trial_number,
        seed=seed,
        limits=TrialLimits.of(cast.agent.spec, cast.scenario.scenario, timeout_ms),
        gateway=None if through is None else through.told(claim.simulation_id, claim.outcome_id),
    )
    scores: list[Score] = []
    combined: tuple[float, bool] | None = None
    try:
        failure = await _play(stage)
        played_ms = stage.elapsed_ms()
        if failure is None:
            failure = await _take_state(stage)
    finally:
        if stage.must_be_put_away:
            await _put_away(stage)
    if failure is None:
        failure = await _score(stage, scores)
    if failure is None:
        combined = combine(scores, cast.scenario.scenario.pass_score)
    return record_of(
        claim,
        stage,
        started_at=started_at,
        played_ms=played_ms,
        failure=failure,
        scores=scores,
        combined=combined,
    )


async def _play(stage: TrialStage) -> TrialFailed | None:
    """Let the agent play; what the trial broke down with, if it did."""
    problem: BaseException | None = None
    try:
        async with asyncio.timeout(stage.limits.timeout_ms / 1000) as timer:
            try:
                stage.seat(stage.cast.scenario.make_user())
                await stage.cast.agent.runtime.play(stage)
            except asyncio.CancelledError:
                if ours_to_obey():
                    raise  # our own time limit, or somebody who wants the trial ended
                problem = TrialFailed(
                    "the agent cancelled itself",
                    fault=Fault.AGENT,
                    category=FailureCategory.SYSTEM_ERROR,
                    failure_type="agent_cancelled_itself",
                )
            except Exception as error:  # noqa: BLE001 - every failure is an outcome
                problem = error
    except TimeoutError:
        pass
    finally:
        waiting = stage.waiting_for()
        stage.close()
    if stage.failure is not None:
        return stage.failure
    # A request that gave up just before the trial's time did knows best who was silent.
    gave_up = isinstance(problem, TrialFailed) and problem.status == "timeout"
    if timer.expired() and not gave_up:
        return blame.timed_out(stage, waiting)
    return None if problem is None else _as_failure(problem, Fault.AGENT)


async def _take_state(stage: TrialStage) -> TrialFailed | None:
    if not stage.has_environment:
        return None
    try:
        async with asyncio.timeout(_STATE_S):
            await in_thread(stage.conclude)
    except TrialFailed as failure:
        return failure
    except TimeoutError:
        return _scenario_failed(f"the environment's state took more than {_STATE_S:g} s", "environment_state_timeout")
    except FOREIGN as error:
        return _as_failure(error, Fault.SCENARIO)
    return None


async def _put_away(stage: TrialStage) -> None:
    """Close the environment of a trial that broke down or was cancelled; a failure of this adds nothing."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_PUT_AWAY_S):
            await in_thread(stage.put_away)


async def _score(stage: TrialStage, scores: list[Score]) -> TrialFailed | None:
    """Ask every scorer, and keep what they say; what scoring broke down with, if it did."""
    performance = Performance(
        scenario=stage.scenario,
        final_message=stage.final_message,
        conversation=stage.conversation,
        tool_calls=stage.performed_calls(),
        final_state=None if stage.final_state is None else orjson.loads(stage.final_state),
    )
    problem: TrialFailed | None = None
    try:
        async with asyncio.timeout(_SCORING_S):
            for spec, scorer in stage.cast.scenario.scorers:
                try:
                    score = await scorer.score(spec, performance)
                    if not 0 <= score.score <= 1:
                        problem = _scenario_failed(f"scorer {spec.type!r} gave {score.score!r}", "score_out_of_range")
                        break
                    scores.append(score)
                except TrialFailed as failure:
                    problem = failure
                    break
                except asyncio.CancelledError as error:
                    if ours_to_obey():
                        raise
                    problem = _scorer_failed(spec.type, error)
                    break
                except TimeoutError:
                    raise
                except FOREIGN as error:
                    problem = _scorer_failed(spec.type, error)
                    break
    except TimeoutError:
        return _scenario_failed(f"scoring took more than {_SCORING_S:g} s", "scoring_timeout")
    if problem is None and not scores:
        problem = _scenario_failed("the scenario has no scorer", "no_scorer")
    return problem


def _as_failure(problem: BaseException, fault: Fault) -> TrialFailed:
    """What somebody raised, as the end of a trial; errors that are nobody's own are the infrastructure's."""
    match problem:
        case TrialFailed():
            return problem
        case Unavailable():
            return TrialFailed(
                str(problem),
                fault=Fault.INFRASTRUCTURE,
                category=FailureCategory.SANDBOX_ERROR,
                failure_type=problem.code,
            )
        case InvalidInput():
            return TrialFailed(
                str(problem), fault=fault, category=FailureCategory.VALIDATION_ERROR, failure_type=problem.code
            )
        case _:
            return TrialFailed(
                f"{type(problem).__name__}: {problem}",
                fault=Fault.INFRASTRUCTURE,
                category=FailureCategory.SYSTEM_ERROR,
                failure_type="runner_error",
            )


def _scorer_failed(scorer: str, error: BaseException) -> TrialFailed:
    if isinstance(error, Unavailable):
        return _as_failure(error, Fault.SCENARIO)
    said = str(error) if isinstance(error, GuildhallError) else f"{type(error).__name__}: {error}"
    return _scenario_failed(f"scorer {scorer!r} failed: {said}", f"scorer_{scorer}_failed"[:100])


def _scenario_failed(message: str, failure_type: str) -> TrialFailed:
    return TrialFailed(
        message, fault=Fault.SCENARIO, category=FailureCategory.VALIDATION_ERROR, failure_type=failure_type
    )
