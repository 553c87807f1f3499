import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import IdentifierError
from schemas.identifiers import (
    arc_check_digit,
    grn_check_digit,
    is_valid_arc,
    is_valid_eori,
    is_valid_excise_number,
    is_valid_grn,
    is_valid_mrn,
    is_valid_office,
    make_arc,
    make_mrn,
    mrn_check_digit,
)

ALPHABET = string.ascii_uppercase + string.digits
COUNTRIES = st.text(string.ascii_uppercase, min_size=2, max_size=2)


def mrns() -> st.SearchStrategy[str]:
    return st.builds(
        make_mrn,
        st.integers(2024, 2099),
        COUNTRIES,
        st.text(ALPHABET, min_size=12, max_size=12),
        st.sampled_from("ABCDEJKLM"),
    )


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("0" * 17, 0),
        ("1" + "0" * 16, 1),
        ("A" + "0" * 16, 0),  # remainder 10 counts as 0
        ("B" + "0" * 16, 1),
        ("0" * 16 + "1", 2**16 % 11),
        ("K" + "0" * 16, 21 % 11 % 10),
        ("L" + "0" * 16, 23 % 11),
        ("V" + "0" * 16, 34 % 11),
    ],
)
def test_check_digits_follow_the_published_values(body: str, digit: int) -> None:
    assert mrn_check_digit(body) == digit


@given(mrns())
def test_what_is_made_is_valid(mrn: str) -> None:
    assert len(mrn) == 18
    assert is_valid_mrn(mrn)


@given(mrns(), st.data())
def test_a_changed_digit_is_found_unless_the_check_digit_is_0(mrn: str, data: st.DataObject) -> None:
    places = [at for at in range(17) if mrn[at].isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([one for one in string.digits if one != mrn[place]]))
    changed = mrn[:place] + digit + mrn[place + 1 :]
    if mrn_check_digit(changed[:17]) == int(mrn[17]):
        assert mrn[17] == "0"
    else:
        assert not is_valid_mrn(changed)


@given(st.integers(2000, 2099), COUNTRIES, st.text(ALPHABET, min_size=16, max_size=16))
def test_arcs_have_21_characters_and_a_check_digit(year: int, country: str, body: str) -> None:
    arc = make_arc(year, country, body)
    assert len(arc) == 21
    assert is_valid_arc(arc)
    assert arc_check_digit(arc[:20]) == int(arc[20])


def test_guarantee_numbers_may_have_a_voucher_part() -> None:
    body = "26PL441010000001"
    number = f"{body}{grn_check_digit(body)}"
    assert is_valid_grn(number)
    assert is_valid_grn(f"{number}A123456")
    assert not is_valid_grn(f"{number}A12345")
    assert not is_valid_grn(f"{body}{(grn_check_digit(body) + 1) % 10}")


@pytest.mark.parametrize(
    ("country", "body", "procedure"),
    [
        ("PL", "351010ABC12", "J"),
        ("PL", "351010ABC1234", "J"),
        ("PL", "351010abc123", "J"),
        ("pl", "351010ABC123", "J"),
        ("PL", "351010ABC123", "1"),
        ("PL", "351010ABC123", ""),
        ("1L", "351010ABC123", "J"),
    ],
)
def test_parts_that_make_no_mrn_are_refused(country: str, body: str, procedure: str) -> None:
    with pytest.raises(IdentifierError, match="MRN"):
        make_mrn(2026, country, body, procedure)


def test_years_of_the_present_form_need_a_procedure_letter() -> None:
    old = "23PL3510100000001"
    assert is_valid_mrn(f"{old}{mrn_check_digit(old)}")
    new = "26PL3510100000001"
    assert not is_valid_mrn(f"{new}{mrn_check_digit(new)}")


@pytest.mark.parametrize("value", ["", "26PL", "x" * 18, "26PL351010ABC123J", "26PL351010ABC123J\n"])
def test_other_texts_are_no_mrn(value: str) -> None:
    assert not is_valid_mrn(value)


def test_forms_without_check_digit() -> None:
    assert is_valid_eori("PL526021308900000")
    assert not is_valid_eori("PL5260213089000001")
    assert is_valid_excise_number("PL52602130890")
    assert not is_valid_excise_number("PL5260213089")
    assert is_valid_office("PL441010")
    assert not is_valid_office("PL44101")
