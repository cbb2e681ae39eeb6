"""Sentences of the engine in the words of the page: names of arguments as their controls say."""

import re

LABELS = {
    "global_batch": "global batch",
    "micro_batch": "micro-batch",
    "virtual_stages": "virtual stages",
    "sequence_parallel": "sequence parallel",
    "prefill_tp": "tp of a group that reads prompts",
    "decode_tp": "tp of a group that writes tokens",
    "zero": "ZeRO stage",
    "schedule": "pipeline schedule",
    "batch": "requests at once",
    "sequence": "tokens of a sequence",
    "prompt": "tokens of a prompt",
    "output": "tokens to write",
    "dtype": "format",
}
# A name without an underscore is a word as well: it is a name before "=" or ":" alone.
NAMES = [rf"{name}\b" if "_" in name else rf"{name}(?= =|:)" for name in LABELS]
NAME = re.compile(rf"(?<![\w-])(?:{'|'.join(NAMES)})")
SHARE = re.compile(r"(?<=\d)%")


def on_page(sentence: str) -> str:
    """A refusal as the planner's page says it."""

    def label(found: re.Match[str]) -> str:
        words = LABELS[found[0]]
        return words if found.start() else words[0].upper() + words[1:]

    return SHARE.sub(" %", NAME.sub(label, sentence))
