"""
What messages have in common: volatile parts masked, and templates mined from what is left.

`mask` replaces what differs from one occurrence to the next by a placeholder
(`<n>`, `<id>`, `<path>` …), so that the same failure reads the same whenever it
happens. `template` goes on from there: it is the one line that several masked
messages share, with `<*>` where they differ. It is the similarity and the
merging of Drain (He, Zhu, Zheng and Lyu, "Drain: An Online Log Parsing Approach
with Fixed Depth Tree", ICWS 2017, section IV) without its tree, because the
messages that come here have been grouped already.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

LONGEST = 1_000
"""Characters of a message that count: its beginning and, as of a traceback, its end."""

ANY = "<*>"
"""The place in a template where messages differ."""

_CUT = " … "
_SPACES = re.compile(r"[\s\u0000-\u001f\u007f-\u009f]+")
_KINDS = "url|email|uuid|time|ip|path|hex|text|n|id|list"
_COLOURS = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_MARKUP = re.compile(rf"(?!<(?:{_KINDS})>)</?[A-Za-z][^<>]{{0,200}}>|<!--[^<>]{{0,200}}-->")

# In this order: what comes first takes its text from what comes behind. Each is linear in the text but for the
# lists, which are taken from the inside out, a bounded number of times.
_VOLATILE = re.compile(
    r"""
      (?P<url>\b[a-z][a-z0-9+.-]{1,15}://[^\s"'<>]+)
    | (?P<email>\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)
    | (?P<uuid>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)
    | (?P<time>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b|\b\d\d:\d\d:\d\d(?:\.\d+)?\b)
    | (?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b)
    | (?P<path>(?<![\w.])(?:[A-Za-z]:\\|~?/|\.{1,2}/|(?:[\w.-]{1,64}/)+)[\w.\\/+-]*\w(?::\d+(?::\d+)?)?)
    | (?P<hex>\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,64}\b)
    | (?P<text>"[^"\n]{0,500}"|(?<![\w])'[^'\n]{0,500}'(?!\w)|`[^`\n]{0,500}`|“[^”\n]{0,500}”)
    | (?P<n>(?<![\w.])[-+]?[$€£]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?(?:\s?(?:%|(?:ms|µs|ns|s|sec|seconds?|min|minutes?|h|hours?|[kKMG]i?B|bytes|tokens)\b)|(?!\w)))
    | (?P<id>\b(?=[\w-]*\d)(?=[\w-]*[^\W\d_])[\w-]{2,100}\b)
    """,
    re.VERBOSE,
)
_NAME = re.compile(r"[^\W\d]\w{0,39}(?:[.-][^\W\d]\w{0,39}){0,3}")
_LIST = re.compile(r"\[[^\[\]{}]{0,500}\]|\{[^\[\]{}]{0,500}\}")
_SERIES = re.compile(r"<(\w+)>(?:(?:,| and|, and|;)? ?<\1>)+")
_DEEPEST = 4
_TOKEN = re.compile(r"<[\w*]+>|[\w-]+(?:\.\w+)*|[^\s\w]")
_ALIKE = 0.4
_OPENING = ("'", '"', "`", "(", "[", "{", "/", "=")


def mask(message: str) -> str:
    """
    A message without what differs from one occurrence to the next, in one line.

    Numbers with their units, times, addresses, paths, digests, ids, quoted
    texts and lists become placeholders, several alike in a row become one;
    markup and a terminal's colours go. Quoted names (`'refund'`, `"order_id"`) stay: which tool it
    was is what matters. At most `LONGEST` characters, on one line.

    >>> mask("tool 'cancel' failed in 3 of 3 calls: no answer about order 1013 (shop/env.py:93)")
    "tool 'cancel' failed in <n> of <n> calls: no answer about order <n> (<path>)"
    >>> mask("did not tell the customer: 327, 1000, 1786")
    'did not tell the customer: <n>'
    """
    text = shortened(" ".join(_SPACES.split(_COLOURS.sub("", message))).strip())
    text = _MARKUP.sub(" ", text)
    text = _VOLATILE.sub(_placeholder, text)
    for _ in range(_DEEPEST):
        text, found = _LIST.subn("<list>", text)
        if not found:
            break
    text = _SERIES.sub(r"<\1>", text)
    return shortened(" ".join(text.split()))


def shortened(text: str) -> str:
    """A text of at most `LONGEST` characters: what is left out is taken from its middle."""
    if len(text) <= LONGEST:
        return text
    half = (LONGEST - len(_CUT)) // 2
    return text[:half] + _CUT + text[-half:]


def template(messages: Sequence[str]) -> str:
    """
    What masked messages have in common, `<*>` where they differ; "" where there are none.

    The order of the messages does not matter. Those that have next to nothing in common with the
    most frequent one are left out of account: a template of anything says nothing.

    >>> template(["no answer of the carrier", "no answer of the warehouse"])
    'no answer of the <*>'
    """
    counted = Counter(messages)
    if not counted:
        return ""
    first, *others = sorted(counted, key=lambda each: (-counted[each], len(each), each))
    merged = _TOKEN.findall(first)
    for each in others:
        tokens = _TOKEN.findall(each)
        if _similarity(merged, tokens) >= _ALIKE:
            merged = _merged(merged, tokens)
    return _joined(merged, first)


def _similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """The share of tokens that both have in the same order (Drain's simSeq, for texts of different lengths)."""
    matches = sum(block.size for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks())
    return 2 * matches / max(1, len(one) + len(other))


def _merged(one: Sequence[str], other: Sequence[str]) -> list[str]:
    kept: list[str] = []
    at_one = at_other = 0
    for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        if (block.a > at_one or block.b > at_other) and (not kept or kept[-1] != ANY):
            kept.append(ANY)
        for token in one[block.a : block.a + block.size]:
            if token != ANY or not kept or kept[-1] != ANY:
                kept.append(token)
        at_one, at_other = block.a + block.size, block.b + block.size
    return kept


def _joined(tokens: Sequence[str], example: str) -> str:
    """Tokens as a line: with a space between two of them unless the example has them side by side without."""
    line, at = "", 0
    for token in tokens:
        if token == ANY:
            side_by_side = line[-1:] in _OPENING and not example[at : at + 1].isspace()
        else:
            place = max(0, example.find(token, at))
            side_by_side = place > 0 and not example[place - 1].isspace()
            at = place + len(token)
        line += token if not line or side_by_side else f" {token}"
    return line


def _placeholder(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind == "text" and _NAME.fullmatch(found.group()[1:-1]):
        return found.group()
    return f"<{kind}>"
