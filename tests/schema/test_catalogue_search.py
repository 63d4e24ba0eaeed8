"""Search in the catalogue: every language, names first, through its index, whatever is asked."""

from __future__ import annotations

import random
import unicodedata
from datetime import date

from fixtures.statements import Statements

DAY = date(2025, 1, 1)


async def slugs(sql: Statements, query: str, locale: str = "en-US", limit: int = 20) -> list[str]:
    rows = await sql.fetch(
        """
        SELECT slug FROM catalogue.search_models($1, $2, $3) WITH ORDINALITY AS found (id, name, rank, place)
          JOIN catalogue.models USING (id) ORDER BY place
        """,
        query, locale, limit,
    )  # fmt: skip
    return [row["slug"] for row in rows]


FOUND = [
    ("sonnet 3.5", "en-US", {"claude-3.5-sonnet"}),
    ("CLAUDE-3.5", "en-US", {"claude-3.5-sonnet"}),
    ("claude 35", "en-US", {"claude-3.5-sonnet"}),
    ("gpt 4o", "en-US", {"gpt-4o", "gpt-4o-mini"}),
    ("gpt4o", "en-US", {"gpt-4o", "gpt-4o-mini"}),
    ("ＧＰＴ－４ｏ", "ja-JP", {"gpt-4o", "gpt-4o-mini"}),
    ("embedding", "en-US", {"gpt-4o"}),
    ("models for reasoning", "en-US", {"gpt-4o"}),
    ("cafe", "en-US", {"claude-3.5-sonnet"}),
    ("ernie", "en-US", {"wenxin-4"}),
    ("sonnet-latest", "en-US", {"claude-3.5-sonnet"}),
    ("模型", "zh-CN", {"gpt-4o", "claude-3.5-sonnet", "wenxin-4"}),
    ("语言模型", "zh-CN", {"gpt-4o"}),
    ("写", "zh-CN", {"claude-3.5-sonnet"}),
    ("作的模型", "en-US", {"claude-3.5-sonnet"}),
    ("gpt 推理", "zh-CN", {"gpt-4o"}),
    ("言語モデル", "ja-JP", {"gpt-4o"}),
    ("ﾓﾃﾞﾙ", "ja-JP", {"gpt-4o"}),
    ("ル", "ja-JP", {"gpt-4o"}),
    ("gpt 文心", "zh-CN", {"gpt-4o", "gpt-4o-mini", "wenxin-4"}),  # none has both: each that has one
    ("型语", "zh-CN", set()),
    ("", "en-US", set()),
    ("'; --", "en-US", set()),
    ("\\ :* & | !", "en-US", set()),
]


async def test_models_are_found_in_every_language(shelf: Statements) -> None:
    found = [(query, locale, set(await slugs(shelf, query, locale))) for query, locale, _ in FOUND]
    assert found == FOUND
    assert "gpt-3" not in await slugs(shelf, "gpt-3")  # it is not offered any more


async def test_what_is_asked_for_by_its_name_comes_first(shelf: Statements) -> None:
    assert (await slugs(shelf, "gpt-4o-mini"))[0] == "gpt-4o-mini"
    assert (await slugs(shelf, "GPT-4o"))[0] == "gpt-4o"
    assert (await slugs(shelf, "模型", "zh-CN"))[0] == "wenxin-4"  # in its name, not only in what is said of it
    assert len(await slugs(shelf, "模型", "zh-CN", 2)) == 2


async def test_search_goes_through_its_index(shelf: Statements) -> None:
    await shelf.execute("SET LOCAL enable_seqscan = off")
    plan = await shelf.fetch(
        "EXPLAIN SELECT id FROM catalogue.models WHERE search_vector @@ platform.text_query('语言模型', 'zh-CN')"
    )
    assert "idx_models_search" in "\n".join(row[0] for row in plan)


async def test_a_changed_text_is_found_and_the_old_one_is_not(shelf: Statements) -> None:
    await shelf.act("guildhall_curator")
    await shelf.execute(
        """UPDATE catalogue.models SET description = '{"ja-JP": "翻訳が得意"}', search_vector = '' WHERE slug = 'gpt-4o'"""
    )
    assert await slugs(shelf, "翻訳", "ja-JP") == ["gpt-4o"]
    assert await slugs(shelf, "言語", "ja-JP") == []
    await shelf.execute("UPDATE catalogue.models SET search_vector = '' WHERE slug = 'gpt-4o'")
    assert await slugs(shelf, "翻訳", "ja-JP") == ["gpt-4o"]


async def test_in_text_without_spaces_substrings_are_found_and_nothing_else(sql: Statements) -> None:
    chance = random.Random(489)
    letters = "模型语言通モデル言語東京都がーｶﾞ"
    texts = ["".join(chance.choices(letters, k=chance.randint(0, 12))) for _ in range(400)]
    asked = [
        chance.choice(
            [text[start : start + chance.randint(1, 5)], "".join(chance.choices(letters, k=chance.randint(1, 3)))]
        )
        for text in texts
        for start in [chance.randint(0, max(0, len(text) - 1))]
    ]
    pairs = [(text, query) for text in texts[:100] for query in asked[:100] if query] + [
        (text, query) for text, query in zip(texts, asked, strict=True) if query
    ]
    rows = await sql.fetch(
        """
        SELECT platform.text_grams(text) @@ platform.text_query(query, 'ja-JP') AS found
          FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS pairs (text, query, place) ORDER BY place
        """,
        [text for text, _ in pairs], [query for _, query in pairs],
    )  # fmt: skip
    expected = [unicodedata.normalize("NFKC", query) in unicodedata.normalize("NFKC", text) for text, query in pairs]
    assert 1000 < sum(expected) < len(pairs) - 1000
    wrong = [pair for pair, row, right in zip(pairs, rows, expected, strict=True) if row["found"] is not right]
    assert wrong == []


async def test_any_text_can_be_kept_and_asked_for(sql: Statements) -> None:
    chance = random.Random(513)
    alphabet = [
        chr(code) for code in (*range(1, 0x250), *range(0x3000, 0x3100), *range(0xFF00, 0xFFF0), 0x10FFFF, 0x1F600)
    ]
    texts = ["".join(chance.choices(alphabet, k=chance.randint(0, 60))) for _ in range(500)]
    texts += ["x" * 5000, "模" * 30_000, "a-b" * 5000, "'" * 10, "\\" * 10]
    rows = await sql.fetch(
        "SELECT platform.text_vector(text, 'en-US') AS vector, platform.text_query(text, 'en-US')::text AS query FROM unnest($1::text[]) AS text",
        texts,
    )
    assert len(rows) == len(texts)


async def test_a_reader_gets_the_nearest_text(sql: Statements) -> None:
    for locale, text in (("zh-CN", "b"), ("zh-TW", "b"), ("de-DE", "a"), ("ja-JP", "a"), ("en-GB", "a")):
        texts = '{"zh-CN": "b", "en-US": "a", "fr-FR": "c"}'
        assert await sql.value("SELECT catalogue.localized($1::text::jsonb, $2)", texts, locale) == text, locale
