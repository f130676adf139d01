import pytest

from shared.language.as_heard import (
    codes,
    dates,
    is_backchannel,
    is_listening_sound,
    normalize,
    phrase,
    yes_or_no,
)
from shared.language.likeness import SAME, likeness
from shared.language.spelling import spelled
from shared.language.to_say import (
    date_aloud,
    digits_aloud,
    full_date_aloud,
    money_aloud,
    number_aloud,
    time_aloud,
)


@pytest.mark.parametrize(
    "written",
    [
        "47219",
        "47,219",
        "4-7-2-1-9.",
        "4, 7, 2, 1, 9",
        "four seven two one nine",
        "Forty-seven thousand two hundred and nineteen",
        "47 219",
    ],
)
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    assert normalize(written) == list("47219")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It's $49.", "it is forty nine dollars"),
        ("$49.00", "49 dollars"),
        ("$62.75", "sixty two dollars and seventy five cents"),
        ("Friday the 27th of November", "Friday, November twenty-seventh"),
        ("3 May", "the third of May"),
        ("at 10:30 a.m.", "at ten thirty AM"),
        ("I won't, I can't", "I will not. I cannot!"),
        ("double four oh two", "4402"),
        ("O\u2019Neill", "oneill"),
        ("It was cancelled. Goodbye", "it was canceled good bye"),
    ],
)
def test_two_ways_to_write_one_thing_are_equal(one: str, other: str) -> None:
    assert normalize(one) == normalize(other)


def test_different_numbers_stay_different() -> None:
    assert normalize("4 7 2 1 8") != normalize("47219")
    assert normalize("the 3rd") != normalize("3")


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("It's 47 to 19.", "47219"),
        ("four seven two, one nine", "47219"),
        ("472-19", "47219"),
        ("My number is for 7 2 1 9", "47219"),
        ("The order for 47219", "47219"),
        ("double four seven two one", "44721"),
        ("4 7 2 oh 9", "47209"),
        ("It's one-oh, one-oh-oh.", "10100"),
        ("47219, oh no, that is all", "47219"),
        ("It's triple 707.", "77707"),
        ("double 5650", "55650"),
        ("47219, 47219", "47219"),
        ("It is not 47218, it is 47219", "47219"),
        ("47 thousand 219", "47219"),
    ],
)
def test_a_code_is_found_however_its_digits_are_grouped(text: str, best: str) -> None:
    [code] = codes(text, (5,))
    assert code.digits[0] == best


@pytest.mark.parametrize(
    "text",
    ["", "I do not have it", "49 dollars", "four seven two one", "the first of two", "to for"],
)
def test_what_is_no_code_is_not_taken_for_one(text: str) -> None:
    assert codes(text, (5,)) == []


def test_a_doubtful_word_leaves_both_readings() -> None:
    [code] = codes("four seven to one nine", (5, 4))
    assert code.digits == ("47219", "4719")


def test_two_codes_are_told_apart_by_the_words_before_them() -> None:
    first, second = codes("My order is 47219 and my postcode is 60614.", (5,))
    assert (first.digits[0], second.digits[0]) == ("47219", "60614")
    assert "order" in first.before
    assert second.before == ("my", "post", "code", "is")


@pytest.mark.parametrize(
    "text",
    [
        "2007 00. No, sorry.",
        "4 7 2 1 9, sorry.",
        "It is 47219. No, wait.",
        "47219. Scratch that.",
        "47219. Oh no, that is wrong.",
    ],
)
def test_a_code_that_is_taken_back_was_not_said(text: str) -> None:
    assert codes(text, (5, 6)) == []


@pytest.mark.parametrize(
    "text",
    [
        "My order is 47218, no, sorry, 4 7 2 1 9.",
        "My order is 47218. Sorry, no, it's 47219.",
        "My order is 47218, I mean 47219",
        "My order is 4 7 3, no, wait, 4 7 2 1 9",
    ],
)
def test_a_code_that_is_corrected_takes_the_place_of_the_other(text: str) -> None:
    [code] = codes(text, (5,))
    assert code.digits == ("47219",)
    assert "order" in code.before


@pytest.mark.parametrize(
    "text",
    [
        "47219, no problem.",
        "It is 47219, sorry about that.",
        "My order is 47219. No idea where it is.",
        "47219. No, that is all.",
        "47219, no it's not here yet",
    ],
)
def test_a_no_to_something_else_takes_no_code_back(text: str) -> None:
    assert codes(text, (5,))[0].digits == ("47219",)


@pytest.mark.parametrize(
    "text", ["Yes, please.", "Yeah go ahead", "That would be fine.", "No problem, do it"]
)
def test_an_answer_agrees(text: str) -> None:
    assert yes_or_no(text) is True


@pytest.mark.parametrize(
    "text",
    ["No, thank you.", "Okay, but that is not right", "I'd rather not", "Please don't"],
)
def test_an_answer_declines(text: str) -> None:
    assert yes_or_no(text) is False


@pytest.mark.parametrize("text", ["The weather", ""])
def test_an_answer_may_be_neither(text: str) -> None:
    assert yes_or_no(text) is None


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("Josh Patel", "Yash Patel"),
        ("My name is Yash Patell.", "Yash Patel"),
        ("YashPatal", "Yash Patel"),
        ("in Grid Soronson", "Ingrid Sorensen"),
        ("Thomas Kolsky", "Tomasz Kowalski"),
        ("Beetress Lauren", "Beatrice Laurent"),
        ("Shawn Obrien", "Sean O'Brien"),
        ("P A T E L Patel", "Patel"),
    ],
)
def test_a_misspelt_name_is_still_that_name(heard: str, name: str) -> None:
    assert likeness(heard, name) >= SAME


@pytest.mark.parametrize(
    ("heard", "name"),
    [("Laura Chen", "Yash Patel"), ("Mark Pierce", "Ingrid Sorensen"), ("", "Yash Patel")],
)
def test_another_name_is_not(heard: str, name: str) -> None:
    assert likeness(heard, name) < SAME


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("June twelfth nineteen ninety one", "June 12, 1991"),
        ("the fifth of May two thousand four", "May 5th 2004"),
        ("January first nineteen ninety nine", "1 January 1999"),
        ("three thirty PM", "3.30pm"),
        ("one thousand two hundred dollars", "$1,200"),
    ],
)
def test_a_fact_is_the_same_in_words_and_in_figures(said: str, heard: str) -> None:
    assert phrase(said) == phrase(heard)


def test_letters_spelled_out_make_a_word() -> None:
    assert spelled("It's P-A-T-E-L.") == "patel"
    assert spelled("I have a dog") == ""


def test_what_is_said_has_no_figures() -> None:
    assert digits_aloud("47219") == "four seven two one nine"
    assert digits_aloud("AB-12") == "A B one two"
    assert money_aloud(4900) == "forty nine dollars"
    assert money_aloud(101) == "one dollar and one cent"
    assert money_aloud(75) == "seventy five cents"
    assert number_aloud(12_345) == "twelve thousand three hundred forty five"
    assert date_aloud("2026-11-27") == "Friday the twenty seventh of November"


@pytest.mark.parametrize("number", [-1, 10**12])
def test_a_number_without_words_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="not between"):
        number_aloud(number)


@pytest.mark.parametrize("number", range(0, 100_000, 977))
def test_every_number_is_understood_as_it_is_said(number: int) -> None:
    assert "".join(normalize(number_aloud(number))) == str(number)


def test_a_phrase_has_whole_words_only() -> None:
    assert " late " in phrase("It's LATE!")
    assert " late " not in phrase("later")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It's May 4th, 1990.", ("1990-05-04",)),
        ("My birthday is the 21st of August 1962.", ("1962-08-21",)),
        ("June 12 1985, and yours?", ("1985-06-12",)),
        ("5/4/1990", ("1990-05-04", "1990-04-05")),
        ("Six, six, sixty-six. The sixth of June, nineteen sixty six.", ("1966-06-06",)),
        ("4 5 90, that is the 24th of May 1990.", ("1990-05-24",)),
        ("the thirtieth of February 1990", ()),
        ("It should come on the 4th of May.", ()),
    ],
)
def test_a_date_with_its_year_is_found(text: str, found: tuple[str, ...]) -> None:
    assert dates(text) == found


@pytest.mark.parametrize("day", ["1990-05-04", "2004-12-12", "2010-01-31", "1905-06-01"])
def test_a_date_is_understood_as_it_is_said(day: str) -> None:
    assert dates(full_date_aloud(day)) == (day,)


def test_times_are_said_in_words() -> None:
    assert time_aloud("09:05") == "nine oh five in the morning"
    assert time_aloud("14:30") == "two thirty in the afternoon"
    assert time_aloud("18:00") == "six in the evening"


@pytest.mark.parametrize("text", ["Mm-hmm.", "Uh-huh.", "Right.", "I see.", "Okay, yeah.", "Rate."])
def test_who_only_listens_takes_no_turn(text: str) -> None:
    assert is_backchannel(text)
    assert is_listening_sound(text) is (text in {"Mm-hmm.", "Uh-huh."})


@pytest.mark.parametrize("text", ["No.", "Wait.", "Stop!", "What?", "Sorry.", "Right, but why?"])
def test_who_demands_something_takes_a_turn(text: str) -> None:
    assert not is_backchannel(text)
