"""The vectors are those of RFC 8785: sections 3.2.2 and 3.2.3, appendix B."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicenlp.audit.canonical import canonical, digest, parse

NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_of_appendix_b(bits, text):
    assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]) == text.encode()


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_nan_and_infinity_have_no_form(bits):
    with pytest.raises(ValueError):
        canonical(struct.unpack(">d", bytes.fromhex(bits))[0])


def test_sample_of_section_3_2_2():
    given_ = (
        rb'{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],'
        rb' "string": "\u20ac$\u000F\u000aA' + rb"'" + rb'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}'
    )
    wanted = '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical(parse(given_)) == wanted.encode()


def test_keys_are_sorted_by_utf_16_as_in_section_3_2_3():
    data = {"€": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Dalet", "1": "One", "😀": "Emoji", "\x80": "Control", "ö": "o"}
    assert list(parse(canonical(data))) == ["\r", "1", "\x80", "ö", "€", "😀", "\ufb33"]


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800", {1: 2}, {"a": object()}, b"x", {"\udfff": 1}])
def test_what_is_not_json_is_refused(value):
    with pytest.raises(ValueError):
        canonical(value)


@pytest.mark.parametrize("data", [b"\xff", b"{", b"", b"[" * 100_000, b'{"a":NaN}x'])
def test_what_cannot_be_read_is_a_value_error(data):
    with pytest.raises(ValueError):
        parse(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_reading_and_writing_again_changes_nothing(value):
    written = canonical(value)
    assert canonical(parse(written)) == written
    assert b"\n" not in written


def test_digest_is_the_sha_256_of_the_form():
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
