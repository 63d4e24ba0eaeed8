"""`guildhall chat`: talk to a model through the gateway."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from guildhall.cli.frame import Output, run


def add_to(app: typer.Typer) -> None:
    """Put the command at the top."""
    app.command()(chat)


def chat(
    prompt: Annotated[str | None, typer.Argument(help="What to say; without it, lines are read until the end.")] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="The model, by a name of `guildhall gateway providers`.")
    ] = ...,  # type: ignore[assignment]
    system: Annotated[str | None, typer.Option(help="What the model is told first.")] = None,
    url: Annotated[
        str, typer.Option(help="Where the gateway is.", envvar="GUILDHALL_GATEWAY_URL")
    ] = "http://127.0.0.1:8401",
) -> None:
    """
    Talk to a model through the gateway, with the key in GUILDHALL_API_KEY.

    Everything that is said is in the ledger: `guildhall gateway requests list`.
    """
    output = Output()

    async def work() -> None:
        import aiohttp

        from guildhall.errors import InvalidInput

        key = os.environ.get("GUILDHALL_API_KEY", "")
        if not key:
            raise InvalidInput(
                "GUILDHALL_API_KEY is empty, expected an API key",
                remedy="`guildhall keys add --scope models` makes one.",
                field="GUILDHALL_API_KEY",
            )
        messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
            for line in [prompt] if prompt is not None else _lines():
                messages.append({"role": "user", "content": line})
                said = await _say(session, url.rstrip("/"), model, messages, output)
                messages.append({"role": "assistant", "content": said})

    run(work)


def _lines() -> Any:
    """What is typed, or piped in, a line at a time."""
    while True:
        if sys.stdin.isatty():
            sys.stderr.write("> ")
            sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.rstrip("\n")


async def _say(session: Any, url: str, model: str, messages: list[dict[str, Any]], output: Output) -> str:
    """One turn: what the model answers, printed as it comes."""
    import aiohttp
    import orjson

    from guildhall.adapters.upstreams.events import Splitter
    from guildhall.errors import Unavailable

    document = {"model": model, "messages": messages, "stream": True}
    parts: list[str] = []
    try:
        async with session.post(f"{url}/v1/chat/completions", data=orjson.dumps(document)) as response:
            if response.status != 200:
                raise _refusal(await response.read(), response.status)
            splitter, is_whole = Splitter(), False
            async for piece in response.content.iter_any():
                for event in splitter.feed(piece):
                    is_whole = is_whole or event.data == b"[DONE]"
                    if event.data == b"[DONE]":
                        continue
                    chunk = orjson.loads(event.data)
                    if "error" in chunk:
                        raise _refusal(event.data, 502)
                    for choice in chunk.get("choices", ()):
                        text = choice.get("delta", {}).get("content")
                        if text:
                            parts.append(text)
                            output.console.print(text, end="", markup=False, highlight=False, soft_wrap=True)
    except (aiohttp.ClientError, OSError) as error:
        raise Unavailable(
            f"the gateway at {url} does not answer",
            remedy="Start it with `guildhall gateway serve`.",
            field="url",
            value=url,
        ) from error
    output.lines([""])
    if not is_whole:
        raise Unavailable("the answer broke off")
    return "".join(parts)


def _refusal(body: bytes, status: int) -> Exception:
    import orjson

    from guildhall.errors import GuildhallError, InvalidInput, LimitReached, NotAllowed, Unavailable

    try:
        message = str(orjson.loads(body)["error"]["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        message = f"the gateway answered with status {status}"
    family: type[GuildhallError] = Unavailable
    if status in (401, 403):
        family = NotAllowed
    elif status == 429:
        family = LimitReached
    elif status < 500:
        family = InvalidInput
    return family(message)
