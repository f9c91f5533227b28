import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicenlp.errors import InputError, SchemeError, UsageError
from voicenlp.io.annotations import Record, read_annotations, write_annotations
from voicenlp.io.formats import FORMATS, brat, convert, docbin, doccano, format_module, inception, label_studio
from voicenlp.io.formats.utf16 import Utf16
from voicenlp.records import Span

NAMES = {"jsonl": "x.jsonl", "label-studio": "x.json", "doccano": "x.jsonl", "spacy": "x.spacy"}
WHOLE = ("jsonl", "label-studio", "inception", "brat", "spacy")  # hold every attribute

HOSTILE = [
    Record("plain", "Tia wants to swim.", (Span("voice", 4, 17, "child", "Tia", expression=("wish",), themes=("leisure",), span_id="s1"),)),
    Record("empty", ""),
    Record("sub/none", "\n\n  no spans \t\n"),
    Record(
        "emoji",
        "😀 a👩‍👩‍👧 b e\u0301🇬🇧 said:'I hate it'!!!SW\u00a0end 😀",
        (
            Span("voice", 0, 1, "child", "😀", expression=("feeling",), channel="creative", verbatim=True, themes=("home",), span_id="s1"),
            Span("voice", 3, 8, "parent", '"B" <C> & D', via="carer", challenge=True, expression=("view",), themes=("home",), span_id="s2"),
            Span("voice", 20, 29, "child", expression=("feeling", "view"), themes=("home", "health"), span_id="s3"),
            Span("influence", 33, 35, "child", "é", outcome="planned", of=("s3", "s1"), span_id="s4"),
        ),
        {"record_type": "visit", "people": [{"name": "Zoë 😀", "also": ["a", "b"]}], "focus_child": {"age": None, "x": 0.5}},
    ),
    Record(
        "breaks",
        "One\r\n\r\nTwo\rthree\u2028four\n \x85five\r\n",
        (
            Span("voice", 0, 10, "practitioner", "SW", expression=("view",), themes=("services",), span_id="s1"),
            Span("space", 7, 10, "child", given=False, how="not_asked", span_id="s2"),
            Span("audience", 17, 21, "family", "Nan", span_id="s3"),
        ),
    ),
    Record(
        "nested",
        "abcdefghij",
        (
            Span("voice", 0, 10, "parent", expression=("view",), themes=("home",), span_id="s1"),
            Span("space", 0, 10, "child", given=True, how="seen_alone", span_id="s2"),
            Span("voice", 2, 5, "child", expression=("wish",), themes=("home",), span_id="s3"),
            Span("voice", 3, 4, "child", expression=("view",), themes=("home",), span_id="s4"),
            Span("influence", 9, 10, "child", outcome="refused", of=("s4",), span_id="s5"),
        ),
    ),
]  # fmt: skip
RICH = Record(
    "rich",
    "x <v y &lt; z 0123456789",
    (
        Span("voice", 0, 4, "child", "T", "p7", score=0.25, tagger="rules:said", heading="other", expression=("view",), span_id="v-9"),
        Span("influence", 5, 9, "child", outcome="done", of=("v-9",), score=0.0, span_id="b"),
    ),
)


def path_of(name, folder):
    return folder / NAMES.get(name, "out")


def there_and_back(name, records, folder):
    module, path = format_module(name), path_of(name, folder)
    module.write(records, path)
    return {record.note_id: record for record in module.read(path)}


@pytest.mark.parametrize("name", ["inline", *WHOLE])
def test_hostile_records_come_back_whole(name, tmp_path):
    assert there_and_back(name, HOSTILE, tmp_path) == {record.note_id: record for record in HOSTILE}


@pytest.mark.parametrize("name", WHOLE)
def test_scores_ids_and_reasons_come_back(name, tmp_path):
    assert there_and_back(name, [RICH], tmp_path) == {"rich": RICH}


def test_inline_refuses_what_looks_like_a_tag(tmp_path):
    with pytest.raises(InputError, match=r"record 'rich'.*would be taken for a tag"):
        there_and_back("inline", [RICH], tmp_path)


def test_doccano_keeps_what_it_can(tmp_path):
    for record in there_and_back("doccano", HOSTILE, tmp_path).values():
        (source,) = [one for one in HOSTILE if one.note_id == record.note_id]
        kept = [(s.element, s.start, s.end, s.speaker, s.of, s.span_id) for s in source.spans]
        assert [(s.element, s.start, s.end, s.speaker, s.of, s.span_id) for s in record.spans] == kept
        assert (record.text, record.meta) == (source.text, source.meta)
    assert {"person", "expression", "themes", "outcome"} <= set(doccano.LOSES)


@pytest.mark.parametrize("first", FORMATS)
@pytest.mark.parametrize("second", FORMATS)
def test_every_way_of_conversion(first, second, tmp_path):
    source, middle, end = (tmp_path / name for name in ("source", "middle", "end"))
    format_module(first).write(HOSTILE, path_of(first, source))
    done = convert(path_of(first, source), path_of(second, middle), first, second)
    assert (done.records, done.spans) == (6, 13)
    assert done.loses == format_module(second).LOSES
    convert(path_of(second, middle), path_of("jsonl", end), second, "jsonl")
    found = read_annotations(path_of("jsonl", end))
    assert {r.note_id: r.text for r in found} == {r.note_id: r.text for r in HOSTILE}
    assert {(s.start, s.end, s.element, s.speaker) for r in found for s in r.spans} == {
        (s.start, s.end, s.element, s.speaker) for r in HOSTILE for s in r.spans
    }


def test_unknown_forms_and_places(tmp_path):
    with pytest.raises(UsageError, match="unknown form of annotations 'xml'"):
        convert(tmp_path, tmp_path, "xml", "jsonl")
    with pytest.raises(InputError, match="no such file or folder"):
        convert(tmp_path / "none", tmp_path / "x.jsonl", "inline", "jsonl")


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("inline", "brat")])
def test_rubbish_is_refused_in_one_line(name, tmp_path):
    path = tmp_path / "rubbish.x"
    (tmp_path / "TypeSystem.xml").write_text("<a>")
    path.write_bytes(b"\x00\xff{[<not anything")
    with pytest.raises(InputError) as caught:
        format_module(name).read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
def test_values_outside_the_scheme_are_refused(name, tmp_path):
    bad = [Record("n1", "abc", (Span("voice", 0, 2, "aunt", span_id="s1"),))]
    with pytest.raises(SchemeError, match="speaker 'aunt' is not in the scheme"):
        there_and_back(name, bad, tmp_path)


pieces = st.sampled_from(["a", "😀", "e\u0301", "\r\n", "\n", "\r", "\t", " ", "&", "<b>", '"', "\u2028", "👩‍👧", "I'm", "..."])


@st.composite
def hostile(draw):
    text = draw(st.lists(pieces, min_size=1, max_size=20).map("".join))
    spans, low = [], 0
    while low < len(text) and len(spans) < 5 and draw(st.booleans()):
        start = draw(st.integers(low, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        if text[start] not in "\r\n" and text[end - 1] not in "\r\n":
            spans.append(Span("voice", start, end, "child", "P", expression=("view",), themes=("home",), span_id=f"s{len(spans) + 1}"))
        low = end
    return Record("n/1", text, tuple(spans))


@pytest.mark.parametrize("name", ["inline", *WHOLE])
def test_any_text_comes_back(name, tmp_path_factory):
    folder = tmp_path_factory.mktemp(name)

    @settings(max_examples=40, deadline=None)
    @given(hostile())
    def check(record):
        assert there_and_back(name, [record], folder) == {record.note_id: record}

    check()


# Label Studio


def test_label_studio_counts_utf16_units(tmp_path):
    label_studio.write([HOSTILE[3]], tmp_path / "x.json")
    (task,) = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    regions = [item for item in task["annotations"][0]["result"] if item["type"] == "labels"]
    assert [(item["value"]["start"], item["value"]["end"]) for item in regions[:2]] == [(0, 2), (4, 12)]
    units = task["data"]["text"].encode("utf-16-le")
    for item in regions:
        value = item["value"]
        assert units[2 * value["start"] : 2 * value["end"]].decode("utf-16-le") == value["text"]


def label_studio_task(tmp_path, *annotations, **more):
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"id": 5, "data": {"text": "😀 Tia swims"}, "annotations": list(annotations)} | more]))
    return path


def region(start, end, name="r1", **value):
    return {"id": name, "type": "labels", "from_name": "element", "value": {"start": start, "end": end, "labels": ["voice"]} | value}


SPEAKER = {"id": "r1", "type": "choices", "from_name": "speaker", "value": {"choices": ["child"]}}


def test_label_studio_export_of_a_person_at_work(tmp_path):
    drawn = {"completed_by": {"id": 3, "email": "a@x"}, "result": [SPEAKER, region(3, 6, text="Tia")]}
    other = {"completed_by": {"id": 4, "email": "b@x"}, "result": []}
    gone = {"completed_by": {"id": 9}, "was_cancelled": True, "result": []}
    path = label_studio_task(tmp_path, drawn, gone)
    (record,) = label_studio.read(path)
    assert (record.note_id, record.spans) == ("5", (Span("voice", 2, 5, "child", span_id="r1"),))
    path = label_studio_task(tmp_path, drawn, other)
    with pytest.raises(InputError, match="task 1, record '5': the task has 2 annotations: name the annotator"):
        label_studio.read(path)
    assert len(label_studio.read(path, annotator="a@x")[0].spans) == 1
    assert len(label_studio.read(path, annotator=4)[0].spans) == 0


def test_label_studio_offsets_counted_in_characters_are_known_by_their_text(tmp_path):
    (record,) = label_studio.read(label_studio_task(tmp_path, {"result": [region(2, 5, text="Tia"), SPEAKER]}))
    assert (record.spans[0].start, record.spans[0].end) == (2, 5)


@pytest.mark.parametrize(("start", "end", "more"), [(3, 99, {}), (1, 6, {}), (5, 9, {"text": "Tia"}), (6, 6, {}), ("3", 6, {})])
def test_label_studio_offsets_that_do_not_fit(tmp_path, start, end, more):
    with pytest.raises(InputError, match="record '5'") as caught:
        label_studio.read(label_studio_task(tmp_path, {"result": [region(start, end, **more), SPEAKER]}))
    assert "Tia" not in str(caught.value)


def test_label_studio_prediction_where_nobody_annotated(tmp_path):
    (record,) = label_studio.read(label_studio_task(tmp_path, predictions=[{"result": [region(3, 6), SPEAKER]}]))
    assert len(record.spans) == 1


def test_label_studio_interface_is_xml_and_names_every_value():
    from xml.etree import ElementTree

    root = ElementTree.fromstring(label_studio.labelling_config())
    assert {node.get("value") for node in root.iter("Label")} == {"voice", "space", "audience", "influence"}
    assert {node.get("name") for node in root.iter("Choices")} == {
        "speaker", "expression", "channel", "verbatim", "via", "challenge", "themes", "given", "how", "outcome",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "abc", "😀", "a😀b😀😀", "e\u0301😀"])
def test_utf16_offsets(text):
    offsets = Utf16(text)
    for char in range(len(text) + 1):
        unit = len(text[:char].encode("utf-16-le")) // 2
        assert (offsets.to_units(char), offsets.to_chars(unit)) == (unit, char)
    assert offsets.to_chars(-1) is None
    assert offsets.to_chars(offsets.to_units(len(text)) + 1) is None


# INCEpTION


def test_inception_offsets_are_utf16_in_the_file(tmp_path):
    from xml.etree import ElementTree

    inception.write([HOSTILE[3]], tmp_path)
    spans = [node for node in ElementTree.parse(tmp_path / "emoji.xmi").iter() if node.tag.endswith("VoiceSpan")]
    assert [(node.get("begin"), node.get("end")) for node in spans[:2]] == [("0", "2"), ("4", "12")]


def test_inception_refuses_what_xml_does_not_allow(tmp_path):
    with pytest.raises(InputError, match=r"record 'n': the text holds U\+000B at character 1"):
        inception.write([Record("n", "a\x0bb")], tmp_path)


def test_inception_wants_its_type_system(tmp_path):
    inception.write(HOSTILE[:1], tmp_path)
    (tmp_path / "TypeSystem.xml").unlink()
    with pytest.raises(InputError, match=r"no TypeSystem\.xml beside it"):
        inception.read(tmp_path)


# brat


def test_brat_standoff_by_hand(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"Tia wants\nto swim. Agreed.")
    (tmp_path / "a.ann").write_text(
        "T1\tvoice 4 9;10 17\twants to swim\nA1\tSpeaker T1 child\nA2\tExpression T1 wish\nA3\tVerbatim T1\n"
        "T2\tinfluence 19 25\tAgreed\nA4\tSpeaker T2 child\nA5\tOutcome T2 planned\nR1\tof Arg1:T2 Arg2:T1\n#1\tAnnotatorNotes T1\tTia\n"
    )
    (record,) = brat.read(tmp_path)
    assert record.spans == (
        Span("voice", 4, 17, "child", "Tia", expression=("wish",), verbatim=True, span_id="s1"),
        Span("influence", 19, 25, "child", outcome="planned", of=("s1",), span_id="s2"),
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("T1\tvoice 0 3;6 8\tx", "row 1: the span 0 3;6 8 has a gap"),
        ("T1\tvoice 0 99\tx", "row 1: offsets 0 99 lie outside the text of 10 characters"),
        ("T1\tvoice 3 3\tx", "row 1: offsets 3 3 lie outside"),
        ("T1\tvoice a b\tx", "row 1: offsets are not pairs"),
        ("T1\tvoice 0 3\tx\nA1\tSpeaker T7 child", "row 2: not a line of standoff"),
        ("T1", "row 1: not a line of standoff"),
    ],
)
def test_brat_faults_name_the_line(tmp_path, line, words):
    (tmp_path / "a.txt").write_text("0123456789")
    (tmp_path / "a.ann").write_text(line)
    with pytest.raises(InputError) as caught:
        brat.read(tmp_path)
    assert words in str(caught.value)


def test_brat_refuses_line_breaks_at_an_edge(tmp_path):
    with pytest.raises(InputError, match="span 0 to 2 begins or ends with a line break"):
        brat.write([Record("n", "a\nb", (Span("voice", 0, 2, "child", span_id="s1"),))], tmp_path)


def test_brat_configuration_names_the_scheme(tmp_path):
    brat.write(HOSTILE, tmp_path)
    text = (tmp_path / "annotation.conf").read_text(encoding="utf-8")
    assert "Outcome\tArg:influence, Value:done|planned|refused|explained|none" in text.splitlines()


# doccano


def test_doccano_export_with_label_triples(tmp_path):
    (tmp_path / "x.jsonl").write_text(
        '{"id": 12, "text": "😀 Tia swims", "label": [[2, 5, "voice:child"]], "Comments": [], "kind": "visit"}\n'
    )
    (record,) = doccano.read(tmp_path / "x.jsonl")
    assert record == Record("12", "😀 Tia swims", (Span("voice", 2, 5, "child", span_id="s1"),), {"kind": "visit"})


@pytest.mark.parametrize(
    ("entities", "error", "words"),
    [
        ('[{"id": 1, "label": "voice:child", "start_offset": 0, "end_offset": 9}]', InputError, "voice 0 to 9 is empty or outside"),
        ('[{"id": 1, "label": "voice", "start_offset": 0, "end_offset": 1}]', InputError, "speaker is missing"),
        ('[{"id": 1, "label": "noise:child", "start_offset": 0, "end_offset": 1}]', SchemeError, "element 'noise'"),
        ('[{"label": "voice:child"}]', InputError, "not built as expected"),
    ],
)
def test_doccano_faults_name_the_row(tmp_path, entities, error, words):
    (tmp_path / "x.jsonl").write_text(f'{{"id": 1, "text": "abc", "entities": {entities}}}')
    with pytest.raises(error, match="row 1") as caught:
        doccano.read(tmp_path / "x.jsonl")
    assert words in str(caught.value)


# spaCy


def test_docbin_groups_hold_aligned_spans_and_never_wider_ones(tmp_path):
    import spacy
    from spacy.tokens import DocBin

    text = "Tia said:'I hate it' there"
    record = Record("n", text, (Span("voice", 10, 19, "child", span_id="s1"), Span("voice", 21, 26, "parent", span_id="s2")))
    docbin.write([record], tmp_path / "x.spacy")
    (doc,) = DocBin().from_disk(tmp_path / "x.spacy").get_docs(spacy.blank("en").vocab)
    assert doc.text == text
    assert [(span.text, span.label_, span.id_) for span in doc.spans["voice"]] == [("there", "parent", "s2")]
    assert docbin.read(tmp_path / "x.spacy") == [record], "both, to the character"


def test_docbin_of_somebody_else(tmp_path):
    import spacy
    from spacy.tokens import DocBin, SpanGroup

    doc = spacy.blank("en")("Tia wants to swim.")
    doc.spans["voice"] = SpanGroup(doc, spans=[doc.char_span(4, 17, label="child")])
    DocBin(docs=[doc]).to_disk(tmp_path / "x.spacy")
    assert docbin.read(tmp_path / "x.spacy") == [Record("1", doc.text, (Span("voice", 4, 17, "child", span_id="voice1"),))]


@pytest.mark.parametrize(("name", "package"), [("inception", "cassis")])
def test_missing_package_is_named(name, package, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match="pip install dkpro-cassis"):
        format_module(name).write(HOSTILE, tmp_path)


@pytest.mark.parametrize("name", ["inline", "brat", "inception"])
def test_one_file_a_record_never_leaves_the_folder(name, tmp_path):
    with pytest.raises(InputError, match="can't be a file name"):
        format_module(name).write([replace(HOSTILE[0], note_id="../out")], tmp_path / "in")
    assert not (tmp_path / "out.txt").exists()


def test_spans_without_ids_are_numbered(tmp_path):
    bare = Record("n", "abc def", (Span("voice", 0, 3, "child"), Span("voice", 4, 7, "parent")))
    for name in FORMATS:
        (record,) = there_and_back(name, [bare], tmp_path / name).values()
        assert len({span.span_id for span in record.spans}) == 2, name
    write_annotations([bare], tmp_path / "b.jsonl")
    assert [span.span_id for span in read_annotations(tmp_path / "b.jsonl")[0].spans] == ["s1", "s2"]
