"""The keeper: the parent of one program, which outlives it just long enough to leave nothing behind."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import select
import signal
from typing import Any, NoReturn

from . import kernel
from .trees import children, descendants, remove_tree


class Stop(Exception):
    """The keeper was told to end its program."""


def _become_program(request: dict[str, Any], streams: list[int], uid: int | None, report: int) -> NoReturn:
    """In the last fork: shed everything that was inherited and turn into the program."""
    step = "session"
    try:
        os.setsid()
        for target, descriptor in enumerate(streams):
            os.dup2(descriptor, target, inheritable=True)
        os.umask(0o077)
        step = "limits"
        limits = request["limits"]
        kernel.limit(resource.RLIMIT_CORE, 0)
        kernel.limit(resource.RLIMIT_FSIZE, limits.get("file_bytes"))
        kernel.limit(resource.RLIMIT_NOFILE, limits.get("open_files"))
        kernel.limit(resource.RLIMIT_DATA, limits.get("data_bytes"))
        kernel.limit(resource.RLIMIT_NPROC, limits.get("tasks"))
        if limits.get("cpu_seconds") is not None:
            # Behind the launcher's own looks: the kernel counts this one in ticks, and was seen to strike at
            # 87 % on a busy machine.
            kernel.limit(resource.RLIMIT_CPU, limits["cpu_seconds"] + 1, limits["cpu_seconds"] + 2)
        step = "user"
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, request["niceness"])  # the launcher's own is higher
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        step = "directory"
        os.chdir(request["cwd"])
        step = "signals"
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM):  # what this interpreter changed
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        step = "execute"
        os.execve(request["argv"][0], request["argv"], request["env"])
    except OSError as error:
        os.write(report, f"{step} {error.errno or errno.EIO}".encode())
    except kernel.StepFailed as error:
        os.write(report, f"{step} {error.number}".encode())
    except (TypeError, ValueError):
        os.write(report, f"{step} {errno.EINVAL}".encode())
    os._exit(127)


def _sweep(program: int, own_uid: int | None) -> None:
    """Kill and reap all that is below this process: as subreaper it inherits every orphan, and none slips away."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(program, signal.SIGKILL)  # a bomb is mostly here, and goes in one call
    if children(os.getpid()) and own_uid is not None:  # the trial's alone: one call ends all its processes at once
        killer = os.fork()
        if killer == 0:
            os.setresuid(own_uid, own_uid, own_uid)
            kernel.kill(-1)
            os._exit(0)
    while True:
        for pid in descendants(os.getpid()):
            kernel.kill(pid)
        try:
            os.wait4(-1, 0)
        except ChildProcessError:
            return


def _on_terminate(number: int, frame: object) -> NoReturn:
    raise Stop


def _keep(request: dict[str, Any], streams: list[int], uid: int | None, status: int) -> None:
    """Start the program, wait for it, leave nothing of it behind, and report on the status pipe."""
    flags = request["namespaces"]
    alone = bool(flags & kernel.CLONE_NEWPID)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL if alone else signal.SIGTERM)
    if not alone:
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    watch = select.poll()
    watch.register(status, 0)
    if watch.poll(0):  # the launcher died before the kernel had been told to tell us
        os._exit(1)
    if flags & kernel.CLONE_NEWUSER:
        kernel.map_ids(*request["ids"])
    if request.get("view") is not None:
        kernel.arrange_files(request["view"])
    if flags & kernel.CLONE_NEWNS and alone:
        kernel.mount_proc()
    if flags & kernel.CLONE_NEWNET:
        kernel.raise_loopback()

    reading, report = os.pipe()
    program = os.fork()
    if program == 0:
        _become_program(request, streams, uid, report)
    os.close(report)
    for descriptor in streams:
        os.close(descriptor)
    refusal = os.read(reading, 100)
    os.close(reading)
    os.write(status, b"failed " + refusal + b"\n" if refusal else b"started\n")

    code, killed_by = "-", "-"
    try:
        while True:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
            pid, result, _ = os.wait4(-1, 0)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
            if pid == program:
                if os.WIFSIGNALED(result):
                    killed_by = str(os.WTERMSIG(result))
                else:
                    code = str(os.WEXITSTATUS(result))
                break
    except Stop:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        killed_by = str(int(signal.SIGKILL))
    if not alone:
        _sweep(program, uid)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_us = int((used.ru_utime + used.ru_stime) * 1e6)
    try:
        os.write(status, f"ended {code} {killed_by} {cpu_us} {used.ru_maxrss * 1024}\n".encode())
    except BrokenPipeError:  # the launcher is gone, so nobody else will
        remove_tree(request["directory"])


def keep(request: dict[str, Any], streams: list[int], status: int, uid: int | None, held: list[int]) -> NoReturn:
    """The whole life of a keeper. `uid` is the trial's own, if any; `held` are descriptors to keep open meanwhile."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.umask(0o022)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        signal.signal(signal.SIGTERM, _on_terminate)
        kept = sorted({0, 1, 2, status, *streams, *held})
        for low, high in zip(kept, [*kept[1:], 1 << 20], strict=True):
            os.closerange(low + 1, high)
        _keep(request, streams, uid, status)
    except kernel.StepFailed as error:
        os.write(status, f"failed {error.step.replace(' ', '_')} {error.number}\n".encode())
    except OSError as error:
        os.write(status, f"failed keeper {error.errno or errno.EIO}\n".encode())
    finally:
        os._exit(0)
