"""Money, measures, times and plain numbers in a text, as people write them."""

import re

from shared.language.to_say import UNITS, clock_aloud, digits_aloud, number_aloud, year_aloud

_CURRENCIES: dict[str, tuple[str, str, str, str]] = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "\N{EURO SIGN}": ("euro", "euros", "cent", "cents"),
    "\N{POUND SIGN}": ("pound", "pounds", "penny", "pence"),
    "\N{YEN SIGN}": ("yen", "yen", "sen", "sen"),
    "\N{INDIAN RUPEE SIGN}": ("rupee", "rupees", "paisa", "paise"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "PLN": ("zloty", "zlotys", "grosz", "groszy"),
    "SEK": ("Swedish krona", "Swedish kronor", "ore", "ore"),
    "NOK": ("Norwegian krone", "Norwegian kroner", "ore", "ore"),
    "DKK": ("Danish krone", "Danish kroner", "ore", "ore"),
    "CNY": ("yuan", "yuan", "fen", "fen"),
    "BRL": ("real", "reais", "centavo", "centavos"),
    "ZAR": ("rand", "rand", "cent", "cents"),
    "MXN": ("Mexican peso", "Mexican pesos", "centavo", "centavos"),
}
_SAME = {
    "USD": "$", "US$": "$", "EUR": "\N{EURO SIGN}", "GBP": "\N{POUND SIGN}",
    "JPY": "\N{YEN SIGN}", "INR": "\N{INDIAN RUPEE SIGN}", "dollars": "$", "dollar": "$",
    "euros": "\N{EURO SIGN}", "euro": "\N{EURO SIGN}", "pounds": "\N{POUND SIGN}",
    "Rs.": "\N{INDIAN RUPEE SIGN}", "Rs": "\N{INDIAN RUPEE SIGN}",
    "rupees": "\N{INDIAN RUPEE SIGN}",
    "CA$": "CAD", "C$": "CAD", "A$": "AUD", "AU$": "AUD", "Fr.": "CHF", "SFr.": "CHF", "kr": "SEK",
    "RMB": "CNY", "SGD": "$", "NZ$": "$", "R$": "BRL",
}  # fmt: skip
_UNITS: dict[str, tuple[str, str]] = {
    "kg": ("kilogram", "kilograms"), "g": ("gram", "grams"), "mg": ("milligram", "milligrams"),
    "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"), "oz": ("ounce", "ounces"),
    "km": ("kilometer", "kilometers"), "m": ("meter", "meters"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"), "ft": ("foot", "feet"), "mi": ("mile", "miles"),
    "ml": ("milliliter", "milliliters"), "l": ("liter", "liters"), "L": ("liter", "liters"),
    "kWh": ("kilowatt hour", "kilowatt hours"), "GB": ("gigabyte", "gigabytes"),
    "MB": ("megabyte", "megabytes"), "TB": ("terabyte", "terabytes"),
    "min": ("minute", "minutes"), "mins": ("minute", "minutes"), "h": ("hour", "hours"),
    "hr": ("hour", "hours"), "hrs": ("hour", "hours"), "%": ("percent", "percent"),
    "Mbit/s": ("megabit per second", "megabits per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Gbit/s": ("gigabit per second", "gigabits per second"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "pcs": ("piece", "pieces"), "x": ("time", "times"), "mph": ("mile per hour", "miles per hour"),
    "sq ft": ("square foot", "square feet"),
    "m\N{SUPERSCRIPT TWO}": ("square meter", "square meters"),
    "\N{DEGREE SIGN}C": ("degree Celsius", "degrees Celsius"),
    "\N{DEGREE SIGN}F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "\N{DEGREE SIGN}": ("degree", "degrees"),
}  # fmt: skip
_LARGE = {
    "k": "thousand", "thousand": "thousand", "m": "million", "million": "million",
    "bn": "billion", "billion": "billion",
}  # fmt: skip


def _any_of(words: dict[str, object]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_NUMBER = (
    r"\d{1,2}(?:,\d\d)+,\d{3}(?!\d)|\d{1,3}(?:[,.'\u00a0\u202f ]\d{3})+(?:[.,]\d{1,2})?(?!\d)"
    r"|\d+(?:[.,]\d+)?"
)
"""With separators as in India (1,50,000), as elsewhere, or with none."""
_CURRENCY = _any_of({**_CURRENCIES, **_SAME})
_SIZE = r"(?:\s?(?P<size>thousand|million|billion|bn)\b|(?P<short>[km])\b)?"
_MONEY = re.compile(
    rf"(?P<minus>-\s?)?(?<![A-Za-z])(?P<before>{_CURRENCY})\s?(?P<number>{_NUMBER}){_SIZE}(?:[.,][-\u2013])?"
    rf"|(?<![\w.,])(?P<number_>{_NUMBER})(?:\s?(?P<size_>thousand|million|billion))?\s?"
    rf"(?P<after>{_CURRENCY})(?![A-Za-z])"
)
_MEASURE = re.compile(
    rf"(?<![\w.,])(?P<number>{_NUMBER})(?:\s|-)?(?P<unit>{_any_of({**_UNITS})})(?![\w/])"
)
_TIME = re.compile(
    r"(?<![\w:.])(?=\d{1,2}(?::|\s?[ap]\.?\s?m))(?P<hour>[01]?\d|2[0-3])(?:(?P<minute>:[0-5]\d)(?::[0-5]\d)?)?"
    r"(?P<half>\s?(?P<letter>[ap])\.?\s?m\b\.?)?(?![\w:])",
    re.IGNORECASE,
)
_HOURS_MINUTES = re.compile(
    r"(?<![\w:.])(?P<hour>[01]?\d|2[0-3])(?:h|H|:(?=[0-5]\d\s?h\b))(?P<minute>[0-5]\d)(?:\s?h\b)?(?!\w)"
)
"""Hours and minutes as much of Europe writes them: "17h30", "17:30 h"."""
_HOUR_ALONE = re.compile(r"(?<![\w:.])(?P<hour>[01]?\d|2[0-3])\s?h(?:rs)?\b(?!\s?\d)")
_MILITARY = re.compile(r"(?<![\w:.])(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)\s?(?:h|hrs|hours)\b")
_LASTING = frozenset(
    {"duration", "length", "lasting", "long", "lasts", "estimate", "wait", "delay"}
)
"""Words in the names of facts that are stretches of time."""
_AT_TIME = frozenset({
    "time", "at", "hour", "pickup", "arrival", "departure", "opening", "closing", "opens", "closes",
    "start", "starts", "end", "ends", "appointment", "reservation", "check", "delivery", "slot",
})  # fmt: skip
"""Words in the names of facts that are times of day."""
_PLAIN = re.compile(rf"(?<![\w.,])(?:{_NUMBER})(?![\w])")


def is_amount(text: str) -> bool:
    """Whether a text is an amount of money, a measure or a time, a range or a list of them."""
    return all(
        any(pattern.fullmatch(part) for pattern in (_MONEY, _MEASURE, _TIME))
        for part in re.split(r"\s?[-\u2013]\s?|(?<=[a-z])\s(?=\d)", text)
    )


def clock_written(name: str, text: str) -> str:
    """A text with its hours and minutes as "17:30", or as "2 hours 30 min" where they last.

    Args:
        name: Of the fact, which tells "2h30" of a journey from "17h30" on a clock.
        text: As it is written: "17h30", "9h", "0930 hrs".
    """
    words = set(name.lower().split("_"))
    if words & _LASTING:
        return _HOURS_MINUTES.sub(r"\g<hour> h \g<minute> min", text)
    text = _MILITARY.sub(r"\g<hour>:\g<minute>", _HOURS_MINUTES.sub(r"\g<hour>:\g<minute>", text))
    return _HOUR_ALONE.sub(r"\g<hour>:00", text) if words & _AT_TIME else text


def amounts_aloud(text: str) -> str:
    """A text with its money, measures, times and numbers in words."""
    text = re.sub(r"(?<=\d)\s?[-\u2013]\s?(?=[$\u20ac\u00a3]?\d)", " to ", text)
    text = re.sub(r"(?<=\d)(\s?[ap]\.?m\.?)\s?[-\u2013]\s?(?=\d)", r"\1 to ", text)
    text = re.sub(r"(\d)'(\d{1,2})\"", r"\1 ft \2", text)
    text = re.sub(r"(?<=\d)\s?/\s?(?=\d)", " ", text)
    text = _MONEY.sub(_money_aloud, text)
    text = re.sub(r"(?<!\w)-(?=\d)", "minus ", text).replace("+", " plus ")
    text = _MEASURE.sub(_measure_aloud, text)
    text = _TIME.sub(_time_aloud, text)
    return _PLAIN.sub(lambda found: plain_aloud(found[0]), text)


def plain_aloud(written: str) -> str:
    """A number by itself: "1,200", "2.5", "1204" as in rooms, "60614" digit by digit."""
    if written.isdecimal():
        if (written.startswith("0") and len(written) > 1) or len(written) > 4:
            return digits_aloud(written)
        if len(written) == 4:
            return year_aloud(int(written))
    return _number_aloud(written)


def _number_aloud(written: str) -> str:
    whole, part = _read(written)
    said = _whole_aloud(whole)
    return f"{said} point {digits_aloud(part)}" if part else said


def _whole_aloud(whole: int) -> str:
    return number_aloud(whole) if whole < 10**12 else digits_aloud(str(whole))


def _read(written: str, *, decimals: int | None = None) -> tuple[int, str]:
    """The whole number and the digits after its point, whatever separates thousands.

    Args:
        written: A number.
        decimals: At most so many there are, as of money; None for any.
    """
    written = re.sub(r"['\s\u00a0\u202f]", "", written)
    last = max(written.rfind("."), written.rfind(","))
    if last < 0:
        return int(written), ""
    whole, part = re.sub(r"\D", "", written[:last]), written[last + 1 :]
    mark = written[last]
    alone = written.count(mark) == 1
    thousands = len(part) == 3 and (mark == "," or not alone or decimals is not None)
    return (int(whole + part), "") if thousands else (int(whole or 0), part)


def _money_aloud(found: re.Match[str]) -> str:
    sign = found["before"] or found["after"]
    one, many, cent, cents = _CURRENCIES[_SAME.get(sign, sign)]
    minus = "minus " if found["minus"] else ""
    number = found["number"] or found["number_"]
    size = _LARGE.get(found["size"] or found["short"] or found["size_"] or "", "")
    if size:
        return f"{minus}{_number_aloud(number)} {size} {many}"
    whole, part = _read(number, decimals=2)
    rest = int(part.ljust(2, "0")[:2]) if part else 0
    said = []
    if whole or not rest:
        said.append(f"{_whole_aloud(whole)} {one if whole == 1 else many}")
    if rest:
        said.append(f"{number_aloud(rest)} {cent if rest == 1 else cents}")
    return minus + " and ".join(said)


def _measure_aloud(found: re.Match[str]) -> str:
    one, many = _UNITS[found["unit"]]
    said = _number_aloud(found["number"])
    return f"{said} {one if said == UNITS[1] else many}"


def _time_aloud(found: re.Match[str]) -> str:
    minute, letter = found["minute"], found["letter"]
    return clock_aloud(int(found["hour"]), int((minute or ":0")[1:]), half=letter or "")
