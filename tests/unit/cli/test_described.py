import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.described import _FINAL, describe
from schemas.catalogue import load_builtin


def test_a_document_of_the_channel_is_called_by_what_is_in_it() -> None:
    described = describe(b"<Dokument><!-- c --><UPP><Numer/></UPP></Dokument>")

    assert (described.kind, described.final, described.refusal) == ("UPP", False, False)
    assert describe(b"<Dokument/>").kind == "Dokument"


def test_numbers_are_told_by_their_usual_names_once() -> None:
    described = describe(b"<CC029C><a><LRN> L1 </LRN><MRN>M1</MRN></a><MRN>M2</MRN><LRN/></CC029C>")

    assert described.facts == {"LRN": "L1", "MRN": "M1"}
    assert described.as_text() == "CC029C   LRN L1  MRN M1"
    assert described.final


def test_reasons_of_a_refusal_are_told_in_english_where_there_is_a_choice() -> None:
    described = describe(
        b"<NPP><Informacja><Kod>XSD_PATTERN</Kod><Opis Jezyk='PL'>zle</Opis><Opis Jezyk='EN'>wrong</Opis>"
        b"<Linia>9</Linia></Informacja><Informacja/></NPP>"
    )

    assert described.texts == ("XSD_PATTERN  wrong  line 9",)
    assert described.refusal
    assert described.as_json()["refusal"] is True


def test_line_and_column_are_told_as_such() -> None:
    described = describe(b"<NPP><Blad><Kod>X</Kod><Linia>9</Linia><Kolumna>5</Kolumna></Blad></NPP>")

    assert described.texts == ("X  line 9  column 5",)


def test_warnings_of_a_upp_are_told() -> None:
    kinds = ("Ostrzezenie", "idDokumentuSEAP")
    said = [
        f"<InformacjaUzupelniajaca TypInformacjiUzupelniajacej='{one}'>{one}</InformacjaUzupelniajaca>"
        for one in kinds
    ]
    described = describe(f"<Dokument><UPP>{''.join(said)}</UPP></Dokument>".encode())

    assert described.texts == ("Ostrzezenie",)
    assert described.as_text() == "UPP\n  - Ostrzezenie"
    assert not described.refusal


@pytest.mark.parametrize(
    ("outcome", "refusal", "texts"),
    [
        ("<Uwzgledniono><IdSisc>1</IdSisc></Uwzgledniono>", False, ()),
        ("<Odmowiono><Przyczyna><Kod>K1</Kod><Opis>why</Opis></Przyczyna></Odmowiono>", True, ("K1  why",)),
        (
            "<OczekujeNaUrzednika><Powod>P</Powod><Opis>wait</Opis></OczekujeNaUrzednika>",
            False,
            ("P  wait",),
        ),
    ],
)
def test_a_decision_of_the_register_ends_the_waiting_and_tells_its_reasons(
    outcome: str, *, refusal: bool, texts: tuple[str, ...]
) -> None:
    described = describe(f"<DecyzjaWRR xmlns='urn:any'>{outcome}</DecyzjaWRR>".encode())

    assert described.final
    assert described.refusal is refusal
    assert described.texts == texts


def test_what_is_no_xml_is_called_by_its_name() -> None:
    assert describe(b"%PDF-1.7", filename="visa.pdf").kind == "visa.pdf"
    assert describe(b"", filename=None).kind == "document"


def test_every_final_answer_is_a_message_we_know() -> None:
    known = {one.code for one in load_builtin().types()}

    assert set(_FINAL) <= known


@pytest.mark.filterwarnings("error")
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_is_described(content: bytes) -> None:
    assert describe(content, filename="x").kind
