"""By which sounds a word is spoken, in the phones of PocketSphinx's acoustic model.

The model's own dictionary (134,000 words of CMUdict) comes first. What it lacks, above all names,
is read by the front end of the synthesizer Hibari: a port of misaki with a small network for words
that it does not know either, offline, and what most of our voices really say.
"""
# ruff: noqa: RUF001 - phonetic signs

_PHONES = {
    "A": "EY", "I": "AY", "O": "OW", "Q": "OW", "W": "AW", "Y": "OY", "a": "AA", "i": "IY",
    "u": "UW", "æ": "AE", "ɑ": "AA", "ɐ": "AH", "ɒ": "AA", "ɔ": "AO", "ə": "AH", "ɛ": "EH",
    "ɜ": "ER", "ɪ": "IH", "ʊ": "UH", "ʌ": "AH", "ᵻ": "IH", "ᵊ": "AH", "b": "B", "d": "D",
    "f": "F", "h": "HH", "j": "Y", "k": "K", "l": "L", "m": "M", "n": "N", "p": "P", "s": "S",
    "t": "T", "v": "V", "w": "W", "z": "Z", "ð": "DH", "ŋ": "NG", "ɡ": "G", "ɹ": "R", "ʃ": "SH",
    "ʒ": "ZH", "ʤ": "JH", "ʧ": "CH", "θ": "TH", "T": "D",
}  # fmt: skip
"""From misaki's English phonemes (those of Kokoro) to the model's; T is a flapped t."""


def spelled(word: str) -> str | None:
    """The phones of a word that is in no dictionary, with spaces; None if it has no sound."""
    from shared.engines import hibari  # noqa: PLC0415 - takes 0.4 s, and many calls need none

    phones: list[str] = []
    for sign in hibari.front_end(british=False)(word):
        phone = _PHONES.get(sign)
        if phone == "R" and phones[-1:] == ["AH"]:
            phones[-1] = "ER"
        elif phone and not (phone == "R" and phones[-1:] == ["ER"]):
            phones.append(phone)
    return " ".join(phones) or None
