"""Embeddings of an endpoint: what it is asked, what it may answer, and what is no answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fixtures.models import Reply, ScriptedServer, answers, refuses
from guildhall.adapters.embeddings import EndpointEmbedder, HashedWords, embedder
from guildhall.adapters.exchange import HttpClient
from guildhall.domains.evaluation.failures import EmbeddingUnavailable
from guildhall.errors import InvalidInput
from guildhall.settings import Settings


def gives(*vectors: list[Any], **more: Any) -> Reply:
    return answers({"data": [{"index": place, "embedding": each} for place, each in enumerate(vectors)], **more})


async def ask(server: ScriptedServer, *texts: str) -> Any:
    async with HttpClient() as http:
        return await EndpointEmbedder(http, f"{server.url}/v1", "small", 0.75, "key").embed(texts)


async def test_texts_are_sent_in_one_request_and_vectors_padded(model_server: ScriptedServer) -> None:
    model_server.will(gives([3.0, 4.0], [0.0, 1.0]))
    made = await ask(model_server, "one", "two")
    assert made.shape == (2, 1536)
    assert made[0, :3].tolist() == pytest.approx([0.6, 0.8, 0.0])
    (request,) = model_server.requests
    assert request.path == "/v1/embeddings"
    assert request.body == {"model": "small", "input": ["one", "two"], "encoding_format": "float"}
    assert request.headers["Authorization"] == "Bearer key"


async def test_vectors_are_matched_to_texts_by_their_index(model_server: ScriptedServer) -> None:
    model_server.will(answers({"data": [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0]}]}))
    made = await ask(model_server, "one", "two")
    assert made[:, 0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (refuses(500), "status 500"),
        (refuses(401), "status 401"),
        (Reply(b"<html>"), "not one of OpenAI's"),
        (answers([]), "not one of OpenAI's"),
        (answers({"data": []}), "not one of OpenAI's"),
        (answers({"data": "x"}), "not one of OpenAI's"),
        (gives(["x"]), "not one of OpenAI's"),
        (gives([]), "empty"),
        (answers({"data": [{"embedding": [float("1e400")]}]}), "not one of OpenAI's"),
        (gives([0.5] * 1537), "at most 1536"),
    ],
)
async def test_what_is_no_answer_is_said_to_be_none(model_server: ScriptedServer, reply: Reply, why: str) -> None:
    model_server.will(reply)
    with pytest.raises(EmbeddingUnavailable, match=why):
        await ask(model_server, "one")


async def test_nobody_there_is_said() -> None:
    async with HttpClient() as http:
        with pytest.raises(EmbeddingUnavailable, match=r"http://127\.0\.0\.1:9/v1/embeddings"):
            await EndpointEmbedder(http, "http://127.0.0.1:9/v1/", "small", 0.75).embed(["one"])


async def test_the_settings_say_which_it_is() -> None:
    async with embedder(Settings()) as made:
        assert isinstance(made, HashedWords)
        assert np.abs(np.linalg.norm(await made.embed(["one"]), axis=1) - 1) < 1e-6
    settings = Settings.from_environment(
        {
            "GUILDHALL_EMBEDDING_URL": "https://models.example/v1",
            "GUILDHALL_EMBEDDING_MODEL": "large",
            "GUILDHALL_EMBEDDING_THRESHOLD": "0.6",
            "GUILDHALL_EMBEDDING_KEY": "hush",
        }
    )
    assert "hush" not in repr(settings)
    async with embedder(settings) as made:
        assert (made.model, made.threshold) == ("large", 0.6)
    for name, value in (("URL", "models.example"), ("THRESHOLD", "1"), ("THRESHOLD", "much")):
        with pytest.raises(InvalidInput, match=f"GUILDHALL_EMBEDDING_{name}"):
            Settings.from_environment({f"GUILDHALL_EMBEDDING_{name}": value})
