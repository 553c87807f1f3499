"""Whole life cycles over the wire: what a back end says later arrives like what it says at once."""

import json

from gateway import clock
from gateway.client.channel_client import ChannelClient
from gateway.described import describe
from signing.keys import KeyPair
from signing.parsing import ParseLimits, parse
from signing.sign import sign_enveloped
from tests.acceptance.messages import fresh_lrn, signed_example
from tests.acceptance.running import RunningSandbox, replies
from tests.integration.routing.life import letter

_MRN = "TransitOperation/MRN"


def _signed(content: bytes, key: KeyPair) -> bytes:
    return sign_enveloped(parse(content, ParseLimits()), key, at=clock.now(), ids=clock.signature_id)


def _kinds(client: ChannelClient, sys_ref: str, *, at_least: int) -> list[str]:
    return [describe(document.content).kind for document in replies(client, sys_ref, at_least=at_least)]


def test_a_transit_is_followed_from_its_declaration_to_its_write_off(
    client: ChannelClient, signer: KeyPair
) -> None:
    declared = client.send(signed_example("CC015C", signer, lrn=fresh_lrn("SLOW")))
    answers = replies(client, declared, at_least=5)
    assert [describe(answer.content).kind for answer in answers][-1] == "CC029C"
    mrn = describe(answers[-1].content).facts["MRN"]

    arrival = letter(
        "CC007C", {_MRN: mrn, "TransitOperation/simplifiedProcedure": "0"}, number=fresh_lrn("A")
    )
    arrived = client.send(_signed(arrival, signer))
    assert _kinds(client, arrived, at_least=3) == ["UPP", "UPO", "CC043C"]

    remarks = letter("CC044C", {_MRN: mrn, "UnloadingRemark/conform": "1"}, number=fresh_lrn("U"))
    unloaded = client.send(_signed(remarks, signer))
    assert _kinds(client, unloaded, at_least=3) == ["UPP", "UPO", "CC025C"]
    assert _kinds(client, declared, at_least=6)[-1] == "CC045C"


def test_a_message_out_of_sequence_is_rejected_with_its_code(client: ChannelClient, signer: KeyPair) -> None:
    remarks = letter("CC044C", {_MRN: "26PL401010003046J2"}, number=fresh_lrn("U"))
    sent = client.send(_signed(remarks, signer))
    rejected = replies(client, sent, at_least=3)[-1]
    assert describe(rejected.content).kind == "CC057C"
    assert b"<errorCode>93</errorCode>" in rejected.content


def test_a_scenario_is_set_for_a_party_shown_and_cleared(sandbox: RunningSandbox) -> None:
    party = "PL526000000900000"
    assert '"CTRL"' in sandbox.sisc("scenarios", "list", "--json").stdout
    assert '"release"' in sandbox.sisc("scenarios", "show", "ctrl", "--json").stdout
    sandbox.sisc("scenarios", "set", "NCTS2", party, "nrel")
    assert json.loads(sandbox.sisc("scenarios", "parties", "NCTS2", "--json").stdout) == {
        "party": party,
        "scenario": "NREL",
    }
    sandbox.sisc("scenarios", "clear", "NCTS2", party)
    assert sandbox.sisc("scenarios", "parties", "NCTS2", "--json").stdout == ""
    refused = sandbox.sisc("scenarios", "set", "NCTS2", party, "STOP", check=False)
    assert (refused.returncode, "EMCSPL2" in refused.stderr) == (2, True)
