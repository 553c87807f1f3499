from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.errors import InvalidNumberError
from registry.model import NumberKind
from registry.numbers import (
    Sex,
    entity_id_sisc,
    parse_eori,
    parse_excise,
    parse_id_sisc,
    parse_nip,
    parse_number,
    parse_pesel,
    parse_regon,
    person_id_sisc,
)

NIP = "8567346215"


def _holds(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except InvalidNumberError:
        return False
    return True


def _completions(parse: Callable[[str], object], body: str) -> list[str]:
    return [body + digit for digit in "0123456789" if _holds(parse, body + digit)]


def _digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


def _with_one_other_digit(number: str, position: int, shift: int) -> str:
    other = str((int(number[position]) + shift) % 10)
    return number[:position] + other + number[position + 1 :]


def test_the_worked_example_of_a_nip_holds() -> None:
    assert parse_nip(NIP) == NIP


def test_spaces_and_hyphens_are_ignored() -> None:
    assert parse_nip(" 856-734-62-15 ") == NIP


@given(body=_digits(9))
def test_a_nip_body_has_one_check_digit_or_none_when_the_remainder_is_ten(body: str) -> None:
    remainder = sum(int(d) * w for d, w in zip(body, (6, 5, 7, 2, 3, 4, 5, 6, 7), strict=True)) % 11
    assert _completions(parse_nip, body) == ([] if remainder == 10 else [body + str(remainder)])


@given(body=_digits(9), position=st.integers(0, 9), shift=st.integers(1, 9))
def test_a_wrong_digit_of_a_nip_is_always_noticed(body: str, position: int, shift: int) -> None:
    numbers = _completions(parse_nip, body)
    assume(numbers)
    assert not _holds(parse_nip, _with_one_other_digit(numbers[0], position, shift))


@pytest.mark.parametrize("number", ["123456785", "12345678512347"])
def test_a_regon_of_nine_or_fourteen_digits_holds(number: str) -> None:
    assert parse_regon(number) == number


@given(body=_digits(8))
def test_every_regon_body_has_exactly_one_check_digit(body: str) -> None:
    assert len(_completions(parse_regon, body)) == 1


@given(body=_digits(8), position=st.integers(0, 8), shift=st.integers(1, 9))
def test_a_wrong_digit_of_a_regon_is_noticed_unless_ten_folds_onto_zero(
    body: str, position: int, shift: int
) -> None:
    number = _completions(parse_regon, body)[0]
    assume(number[8] != "0")  # remainders 10 and 0 share the check digit 0
    altered = _with_one_other_digit(number, position, shift)
    assume(altered[8] != "0")
    assert not _holds(parse_regon, altered)


def test_a_long_regon_needs_a_valid_short_one_inside() -> None:
    with pytest.raises(InvalidNumberError):
        parse_regon("12345678012347")


@pytest.mark.parametrize(
    ("number", "born", "sex"),
    [
        ("44051401458", date(1944, 5, 14), Sex.MALE),
        ("02070803628", date(1902, 7, 8), Sex.FEMALE),
        ("00210100004", date(2000, 1, 1), Sex.FEMALE),
        ("00410100000", date(2100, 1, 1), Sex.FEMALE),
        ("00610100006", date(2200, 1, 1), Sex.FEMALE),
        ("00810100002", date(1800, 1, 1), Sex.FEMALE),
    ],
)
def test_a_pesel_tells_birth_date_and_sex(number: str, born: date, sex: Sex) -> None:
    pesel = parse_pesel(number)
    assert (born, sex) == (pesel.born, pesel.sex)


@given(born=st.dates(date(1800, 1, 1), date(2299, 12, 31)), serial=_digits(4))
def test_the_birth_date_written_into_a_pesel_is_read_back(born: date, serial: str) -> None:
    month = born.month + {18: 80, 19: 0, 20: 20, 21: 40, 22: 60}[born.year // 100]
    numbers = _completions(parse_pesel, f"{born.year % 100:02}{month:02}{born.day:02}{serial}")
    assert [born] == [parse_pesel(number).born for number in numbers]


@given(serial=_digits(4), position=st.integers(0, 10), shift=st.integers(1, 9))
def test_a_wrong_digit_of_a_pesel_is_always_noticed(serial: str, position: int, shift: int) -> None:
    number = _completions(parse_pesel, "440514" + serial)[0]
    assert not _holds(parse_pesel, _with_one_other_digit(number, position, shift))


def test_a_pesel_without_a_real_date_says_so() -> None:
    number = next(n for n in (f"4402300145{d}" for d in range(10)) if "date" in _reason(parse_pesel, n))
    assert number.startswith("440230")


def _reason(parse: Callable[[str], object], text: str) -> str:
    with pytest.raises(InvalidNumberError) as caught:
        parse(text)
    return caught.value.reason_en


def test_the_reason_names_what_is_wrong() -> None:
    assert "10 digits" in _reason(parse_nip, "123")
    assert "only digits" in _reason(parse_nip, "85673462l5")
    assert "check digit" in _reason(parse_nip, "8567346216")


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert "only digits" in _reason(parse_nip, "８５６７３４６２１５")


@pytest.mark.parametrize(
    "number",
    [
        f"PL{NIP}00000",
        f"PL{NIP}00002",
        "PL440514014580000",
        "PL12345678901234Z",
        "DE1234567",
        "XI123456789000",
    ],
)
def test_eori_forms_that_hold(number: str) -> None:
    assert parse_eori(number) == number


@pytest.mark.parametrize(
    "number", [f"pl{NIP}00000", "PL856734621600000", f"PL{NIP}", "D", "DE", "DE" + "1" * 16, "DEö1"]
)
def test_eori_forms_that_do_not_hold(number: str) -> None:
    assert not _holds(parse_eori, number)


def test_an_excise_number_has_thirteen_characters() -> None:
    assert parse_excise("PL12345678901") == "PL12345678901"
    assert not _holds(parse_excise, "PL1234567890")
    assert not _holds(parse_excise, "12345678901AB")


@pytest.mark.parametrize(
    ("text", "holds"),
    [("1" * 9, False), ("1" * 10, True), ("1" * 50, True), ("1" * 51, False), ("12345 67890", False)],
)
def test_an_id_sisc_is_taken_as_the_channel_allows(text: str, holds: bool) -> None:  # noqa: FBT001 - a case
    assert _holds(parse_id_sisc, text) is holds


def test_an_id_sisc_of_ours_has_seventeen_characters() -> None:
    assert entity_id_sisc(eori=f"PL{NIP}00000") == f"PL{NIP}00000"
    assert entity_id_sisc(nip=NIP, regon="123456785") == f"PL{NIP}56785"
    assert entity_id_sisc(eori="DE12345") == "0000000000DE12345"
    assert person_id_sisc("44051401458") == "00000044051401458"


def test_too_few_numbers_give_no_id_sisc() -> None:
    with pytest.raises(InvalidNumberError):
        entity_id_sisc(nip=NIP)


@given(kind=st.sampled_from(NumberKind), text=st.text())
def test_any_text_is_either_a_number_or_refused_with_a_reason(kind: NumberKind, text: str) -> None:
    if not _holds(lambda value: parse_number(kind, value), text):
        assert _reason(lambda value: parse_number(kind, value), text)
