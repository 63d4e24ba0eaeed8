"""
The small process that starts trials, and ends them as whole trees.

Run by `python -I -S` with the standard library alone, so that it stays near
10 MB: starting a program from a runner of 800 MB costs 25 ms,
from here about one. Runner and launcher share a SOCK_SEQPACKET pair, one JSON
document to a packet:

    runner → launcher   {"op": "start", "id": …, …} with the program's stdin, stdout and stderr attached
                        {"op": "kill", "id": …, "reason": …}
    launcher → runner   {"event": "ready"}
                        {"event": "started", "id": …}
                        {"event": "failed", "id": …, "step": …, "errno": …}
                        {"event": "ended", "id": …, "code", "signal", "reason", …}

A program's input and output never pass through here. Each program has a keeper,
its parent: the init of a pid namespace where one may be had, and otherwise a
subreaper, to which orphans return however often they fork and `setsid`. When
the runner goes away, its end of the socket closes, and everything that was
started is killed and its directory removed. When this process dies, the kernel
kills the inits, and tells the other keepers to sweep.

Policy (which namespaces, what is visible, which limits) is the runner's; here
is only the mechanism.
"""
