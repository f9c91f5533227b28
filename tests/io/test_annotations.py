import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicenlp.errors import InputError, SchemeError, UsageError
from voicenlp.io.annotations import Record, check_record, format_inline, parse_inline, read_annotations, write_annotations
from voicenlp.records import Span

VOICE = '<v s="child" p="Tia" e="wish" t="leisure">'


def test_every_attribute_is_read():
    text, spans = parse_inline(
        'A <v s="child" p="Tia" e="wish,view" c="written" q="yes" via="parent" ch="yes" t="home,services">b c</v>, '
        '<s s="parent" g="no" how="declined">d</s> <a s="carer" p="Jo">e</a> <i s="child" p="Tia" o="planned" of="1">f</i>'
    )
    assert text == "A b c, d e f"
    voice, space, audience, influence = spans
    assert voice == Span(
        "voice", 2, 5, "child", "Tia", expression=("wish", "view"), channel="written", verbatim=True, via="parent", challenge=True,
        themes=("home", "services"), span_id="s1",
    )  # fmt: skip
    assert space == Span("space", 7, 8, "parent", given=False, how="declined", span_id="s2")
    assert audience == Span("audience", 9, 10, "carer", "Jo", span_id="s3")
    assert influence == Span("influence", 11, 12, "child", "Tia", outcome="planned", of=("s1",), span_id="s4")


def test_of_counts_voices_not_spans():
    _, spans = parse_inline(
        '<s s="child" g="yes">a</s> <v s="child">b</v> <a s="child">c</a> <v s="parent">d</v> <i s="child" o="done" of="2,1">e</i>'
    )
    assert spans[-1].of == ("s4", "s2")


def test_nested_spans_number_by_opening_tag():
    text, spans = parse_inline('<v s="parent">Mum says <v s="child">he is sad</v></v>')
    assert text == "Mum says he is sad"
    assert [(span.span_id, span.speaker, span.start, span.end) for span in spans] == [("s1", "parent", 0, 18), ("s2", "child", 9, 18)]


@pytest.mark.parametrize(
    "annotated",
    [
        'Tia <v s="child" p="Tia" e="wish" t="leisure">wants to swim</v>.\n',
        '<v s="parent" p="Mr &amp;amp; Mrs &quot;Bo&quot; Hall" e="view" t="home">a</v>',
        'x\r\n<v s="child" e="view" t="home">a\r\n<v s="parent" e="view" t="home">b</v></v>\r\n\r\n',
        '5 < 6 &lt; 7 <vague> <b>bold</b> AT&T <3 <v s="child" e="view" t="home">ok</v>',
        "",
        "\ufeffno span at all \u2028 😀",
    ],
)
def test_bytes_survive_there_and_back(annotated):
    text, spans = parse_inline(annotated)
    assert format_inline(text, spans) == annotated


def test_entities_in_a_name():
    _, spans = parse_inline('<a s="child" p="&quot;A&quot; &lt;B&gt; & &amp;lt;">x</a>')
    assert spans[0].person == '"A" <B> & &lt;'


@pytest.mark.parametrize(
    ("annotated", "error", "words"),
    [
        ('one\ntwo <v s="child">x', InputError, "row 2: <v> is never closed"),
        ("one</v>", InputError, "row 1: </v> closes nothing"),
        ('<v s="child"><s s="child" g="yes">x</v></s>', InputError, "</v> closes nothing inside <s>"),
        ("\n\n<v s=child>x</v>", InputError, "row 3: </v> closes nothing"),
        ("see <v >x", InputError, "row 1: '<v' is not a whole tag"),
        ("a <i>b", InputError, "'<i' is not a whole tag"),
        ('<<v s="child">v s="child">x</v>', InputError, "'<v' is not a whole tag"),
        ('<v s="aunt">x</v>', SchemeError, "speaker 'aunt' is not in the scheme"),
        ('<v p="Tia">x</v>', SchemeError, "speaker is missing"),
        ('<v s="child" e="joy">x</v>', SchemeError, "expression 'joy' is not in the scheme"),
        ('<v s="child" q="maybe">x</v>', SchemeError, "q='maybe' must be yes or no"),
        ('<v s="child" g="yes">x</v>', SchemeError, "<v> has no attribute 'g'"),
        ('<v s="child" s="parent">x</v>', SchemeError, "an attribute stands twice"),
        ('<s s="child">x</s>', SchemeError, "g (yes or no) is missing"),
        ('<s s="child" g="yes" how="declined">x</s>', SchemeError, "how 'declined' does not go with given True"),
        ('<i s="child" o="done" of="1">x</i>', SchemeError, "of='1' counts none of the 0 <v> tags"),
        ('<v s="child">a</v><i s="child" o="done" of="0">x</i>', SchemeError, "of='0' counts none"),
        ('<v s="child">a</v><i s="child" o="done" of="²">x</i>', SchemeError, "counts none"),
        ('a\nbc <v s="child"></v>', SchemeError, "row 2: end 5 is not after start 5 (character 4 of the line)"),
    ],
)
def test_faults_name_file_and_line(annotated, error, words):
    with pytest.raises(error) as caught:
        parse_inline(annotated, source="s1/01.txt")
    assert words in str(caught.value)
    assert str(caught.value).startswith("s1/01.txt, row ")


@pytest.mark.parametrize(
    ("text", "spans", "words"),
    [
        ("0123456789", [Span("voice", 0, 5), Span("voice", 3, 8)], "n1: spans voice 0 to 5 and voice 3 to 8 cross"),
        ("0123456789", [Span("voice", 3, 8), Span("space", 0, 5)], "spans space 0 to 5 and voice 3 to 8 cross"),
        ("0123", [Span("voice", 0, 5)], "span voice 0 to 5 is empty or outside the text of 4 characters"),
        ("0123", [Span("voice", -1, 2)], "outside the text"),
        ("0123", [Span("voice", 2, 2)], "empty"),
        ("a <v s> b", [], "'<v' stands in the text and would be taken for a tag"),
        ("a </i> b", [], "would be taken for a tag"),
    ],
)
def test_what_tags_cannot_hold_is_refused(text, spans, words):
    with pytest.raises(InputError) as caught:
        format_inline(text, spans, source="n1")
    assert words in str(caught.value)


def test_link_to_nothing_is_refused():
    with pytest.raises(SchemeError, match="of 's9' is no voice span"):
        format_inline("abc", [Span("influence", 0, 1, "child", outcome="done", of=("s9",))])


def test_no_message_holds_the_text():
    secret = "Zebedee"
    for annotated in (
        f'{secret} <v s="child">{secret}',
        f'<v s="x">{secret}</v>',
        f"{secret}</v>{secret}",
        f'<v s="child">{secret}<v </v>',
    ):
        with pytest.raises((InputError, SchemeError)) as caught:
            parse_inline(annotated)
        assert secret not in str(caught.value)


def _folder(tmp_path):
    (tmp_path / "s1").mkdir()
    (tmp_path / "s2").mkdir()
    (tmp_path / "s1" / "01.txt").write_bytes(f"Visit.\r\nTia {VOICE}wants to swim</v>\r\n".encode())
    (tmp_path / "s1" / "02.txt").write_bytes("Nothing. 😀".encode())
    (tmp_path / "s2" / "01.txt").write_bytes(f"{VOICE}Swim</v>".encode())
    (tmp_path / "s1" / "people.jsonl").write_text('{"id": "01", "record_type": "visit"}\n\n{"id": "09", "record_type": "call"}\n')
    return tmp_path


def test_folder_of_inline_text(tmp_path):
    records = read_annotations(_folder(tmp_path))
    assert [record.note_id for record in records] == ["s1/01", "s1/02", "s2/01"]
    assert records[0].text == "Visit.\r\nTia wants to swim\r\n"
    assert [record.meta for record in records] == [{"record_type": "visit"}, {}, {}]


def test_one_inline_file(tmp_path):
    (record,) = read_annotations(_folder(tmp_path) / "s1" / "01.txt")
    assert (record.note_id, record.meta) == ("01", {"record_type": "visit"})


def test_both_forms_give_the_same_records(tmp_path):
    records = read_annotations(_folder(tmp_path))
    write_annotations(records, tmp_path / "out" / "all.jsonl")
    write_annotations(records, tmp_path / "out" / "inline")
    assert read_annotations(tmp_path / "out" / "all.jsonl") == records
    assert read_annotations(tmp_path / "out" / "inline") == records


def test_the_line_of_the_contract(tmp_path):
    line = {"note_id": "n1", "text": "x" * 130, "spans": [
        {"id": "s1", "element": "voice", "start": 40, "end": 71, "speaker": "child", "person": "Tia", "expression": ["wish"],
         "channel": "spoken", "verbatim": False, "via": "", "challenge": False, "themes": ["family_time"], "score": 0.91},
        {"id": "s2", "element": "space", "start": 12, "end": 30, "speaker": "child", "person": "Tia", "given": True, "how": "seen_alone"},
        {"id": "s3", "element": "influence", "start": 90, "end": 120, "speaker": "child", "outcome": "planned", "of": ["s1"]}]}  # fmt: skip
    path = tmp_path / "spans.jsonl"
    path.write_text("\ufeff" + json.dumps(line) + "\n", encoding="utf-8")
    (record,) = read_annotations(path)
    assert record.spans[0] == Span("voice", 40, 71, "child", "Tia", expression=("wish",), themes=("family_time",), score=0.91, span_id="s1")
    assert (record.spans[1].given, record.spans[1].how, record.spans[2].of) == (True, "seen_alone", ("s1",))
    assert read_annotations(tmp_path) == [record], "a run's folder is read by its spans.jsonl"


@pytest.mark.parametrize(
    ("spans", "error", "words"),
    [
        ([{"element": "voice", "start": 0, "end": 99, "speaker": "child"}], InputError, "voice 0 to 99 is empty or outside the text of 4"),
        ([{"element": "voice", "start": "0", "end": 2, "speaker": "child"}], InputError, "start is missing or of the wrong kind (str)"),
        ([{"element": "voice", "end": 2, "speaker": "child"}], InputError, "start is missing"),
        ([{"element": "voice", "start": True, "end": 2, "speaker": "child"}], InputError, "start is missing or of the wrong kind (bool)"),
        ([{"element": "voice", "start": 0, "end": 2, "speaker": "child", "themes": [1]}], InputError, "a list of words is wanted"),
        ([{"element": "voice", "start": 0, "end": 2}], InputError, "speaker is missing"),
        ([{"element": "noise", "start": 0, "end": 2, "speaker": "child"}], SchemeError, "element 'noise' is not in the scheme"),
        ([{"element": "voice", "start": 0, "end": 2, "speaker": "aunt"}], SchemeError, "speaker 'aunt' is not in the scheme"),
        ([{"element": "voice", "start": 0, "end": 2, "speaker": "child", "score": 7}], SchemeError, "score 7 is not between 0 and 1"),
        ([{"element": "influence", "start": 0, "end": 2, "speaker": "child", "of": ["s7"]}], SchemeError, "of 's7' is no voice span"),
        ([{"id": "a", "element": "audience", "start": 0, "end": 2, "speaker": "child"}] * 2, InputError, "span id 'a' stands twice"),
        ([{"element": "voice", "start": 0, "end": 2, "speaker": "child"}, {"element": "voice", "start": 1, "end": 3, "speaker": "child"}],
         InputError, "spans voice 0 to 2 and voice 1 to 3 cross"),
        ("none", InputError, "spans of record 'n2' are not a list"),
    ],
)  # fmt: skip
def test_bad_lines_name_record_and_row(tmp_path, spans, error, words):
    path = tmp_path / "p.jsonl"
    rows = [{"note_id": "n1", "text": "abcd", "spans": []}, {"note_id": "n2", "text": "abcd", "spans": spans}]
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(error) as caught:
        read_annotations(path)
    assert words in str(caught.value)
    assert "row 2" in str(caught.value)
    assert "'n2'" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"note_id": "a", "text": "x"}\n{"note_id"', "row 2: not JSON"),
        (b'{"note_id": "a", "text": "\xff"}', "row 1: not UTF-8"),
        (b'{"text": "x"}', "has no note_id"),
        (b'{"note_id": "a"}', "record 'a' has no text"),
        (b"[1]", "not a record"),
        (b'{"note_id": "a", "text": "x"}\n{"note_id": "a", "text": "x"}', "row 2, column 'note_id': record 'a' stands twice"),
    ],
)
def test_unreadable_lines(tmp_path, content, words):
    path = tmp_path / "p.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_annotations(path)
    assert words in str(caught.value)


def test_unreadable_places(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_annotations(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match=r"no \.txt file"):
        read_annotations(tmp_path)
    with pytest.raises(UsageError, match="unknown form"):
        read_annotations(tmp_path, "xml")
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match="not UTF-8"):
        read_annotations(tmp_path)


def test_numbers_in_of_count_voices_and_missing_ids_are_given(tmp_path):
    path = tmp_path / "p.jsonl"
    spans = [{"element": "space", "start": 0, "end": 1, "speaker": "child", "given": True}]
    spans += [{"id": "s1", "element": "voice", "start": 1, "end": 2, "speaker": "child", "expression": "wish"}]
    spans += [{"element": "influence", "start": 2, "end": 3, "speaker": "child", "of": [1]}]
    path.write_text(json.dumps({"id": "n", "text": "abc", "spans": spans}))
    (record,) = read_annotations(path)
    assert [span.span_id for span in record.spans] == ["s2", "s1", "s3"]
    assert record.spans[2].of == ("s1",)
    assert record.spans[1].expression == ("wish",)


@pytest.mark.parametrize("note_id", ["../x", "/etc/x", "a/../b", "a:b", "a\\b", "a//b", "", "CON.", "a/", " a"])
def test_ids_that_make_no_file_name(tmp_path, note_id):
    with pytest.raises(InputError, match="can't be a file name"):
        write_annotations([Record(note_id, "x")], tmp_path / "out")


def test_ids_that_differ_in_case_do_not_overwrite(tmp_path):
    with pytest.raises(InputError, match="would overwrite 'A'"):
        write_annotations([Record("A", "x"), Record("a", "y")], tmp_path / "out")


def test_lone_surrogate(tmp_path):
    record = Record("n", "a\ud800b", (Span("voice", 1, 2, "child", span_id="s1"),))
    write_annotations([record], tmp_path / "x.jsonl")
    assert read_annotations(tmp_path / "x.jsonl") == [record]
    with pytest.raises(InputError, match="lone surrogate at character 1"):
        write_annotations([record], tmp_path / "inline")


def test_crossing_may_be_let_through():
    spans = (Span("voice", 0, 2, "child", span_id="s1"), Span("space", 1, 3, "child", given=True, span_id="s2"))
    check_record(Record("n", "abcd", spans), crossing=True)
    with pytest.raises(InputError, match="cross"):
        check_record(Record("n", "abcd", spans))


@st.composite
def nested(draw):
    """A text of awkward pieces, with spans that nest."""
    pieces = st.sampled_from(["a", "<", ">", "v", " ", "/", "&lt;", "&", '"', "\r\n", "\n", "e\u0301", "😀", "\u2028", 's="child"'])
    text = draw(st.lists(pieces, max_size=25).map("".join))
    spans: list[Span] = []

    def fill(low, high, depth):
        while depth < 3 and high - low >= 1 and draw(st.booleans()):
            start = draw(st.integers(low, high - 1))
            end = draw(st.integers(start + 1, high))
            spans.append(Span("voice", start, end, "child", "P", expression=("view",), themes=("home",), span_id=f"s{len(spans) + 1}"))
            fill(start, end, depth + 1)
            low = end

    fill(0, len(text), 0)
    return text, tuple(spans)


@settings(max_examples=300, deadline=None)
@given(nested())
def test_tags_come_off_or_the_record_is_refused(case):
    text, spans = case
    try:
        annotated = format_inline(text, spans)
    except InputError as error:
        assert "taken for a tag" in str(error)
        return
    assert parse_inline(annotated) == (text, spans)
