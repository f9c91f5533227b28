"""Small hand-written files in the forms of LitBank and PolNeAR come out as the right spans."""

from __future__ import annotations

import json

import pytest

from eval.external import litbank, measuring, polnear
from eval.external.measuring import PAGE, RESULTS, table
from eval.ladder.results import read_results
from voicenlp.errors import InputError

NOVEL = 'The lamp was lit .\n" Come in , " said Miss Pell .\n" I am cold . "\n" I have walked all night ! " he said .\n'
QUOTES = (
    'QUOTE\tQ1\t1\t0\t1\t4\t" Come in , "\n'
    'QUOTE\tQ2\t2\t0\t3\t7\t" I am cold . " " I have walked all night ! "\n'
    "ATTRIB\tQ1\tMiss_Pell-3\n"
    "ATTRIB\tQ2\tthe_stranger-4\n"
)


@pytest.fixture
def novels(tmp_path):
    folder = tmp_path / "litbank" / "quotations" / "tsv"
    folder.mkdir(parents=True)
    (folder / "1_lamp_brat.txt").write_bytes(NOVEL.encode())
    (folder / "1_lamp_brat.ann").write_bytes(QUOTES.encode())
    return tmp_path / "litbank"


def test_quotations_are_cut_by_sentence_and_trimmed(novels):
    (record,) = litbank.read_litbank(novels)
    assert record.note_id == "1_lamp_brat" and record.text == NOVEL
    found = [(record.text[span.start : span.end], span.person, span.speaker, span.verbatim) for span in record.spans]
    assert found == [
        ("Come in", "Miss Pell", "other", True),
        ("I am cold", "the stranger", "other", True),
        ("I have walked all night", "the stranger", "other", True),
    ]
    assert litbank.read_litbank(novels / "quotations" / "tsv") == [record]


@pytest.mark.parametrize(
    "line", ["QUOTE\tQ3\t9\t0\t9\t2\tx", "QUOTE\tQ3\t1\t0\t1\t99\tx", "QUOTE\tQ3\t1\t4\t1\t0\tx", "QUOTE\tQ3\tone\t0\t1\t2\tx"]
)
def test_a_quotation_outside_its_text_is_named(novels, line):
    path = novels / "quotations" / "tsv" / "1_lamp_brat.ann"
    path.write_text(QUOTES + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"1_lamp_brat\.ann.*5.*does not fit"):
        litbank.read_litbank(novels)


def test_a_folder_without_annotations_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no \.ann files"):
        litbank.read_litbank(tmp_path)
    with pytest.raises(InputError, match="no attributions"):
        polnear.read_polnear(tmp_path)


def test_the_command_measures_and_says_what_is_comparable(novels, capsys):
    before = RESULTS.read_bytes(), PAGE.read_bytes()
    assert litbank.main([str(novels), "--model", "rules"]) == 0
    printed = capsys.readouterr().out
    assert "1 texts, 3 spans; model rules" in printed
    assert "not comparable" in printed
    assert (RESULTS.read_bytes(), PAGE.read_bytes()) == before  # written only where asked for
    assert litbank.main([str(novels / "nowhere")]) == 1
    assert "no .ann files" in capsys.readouterr().err


ARTICLE = "Mayor Reed said that “the bridge is unsafe.” Critics, she added, “had years\nto act.” Nobody resigned."


def at(words: str) -> str:
    start = ARTICLE.index(words)
    return f"{start} {start + len(words)}"


@pytest.fixture
def articles(tmp_path):
    text, marks = tmp_path / "test" / "text", tmp_path / "test" / "attributions"
    text.mkdir(parents=True)
    marks.mkdir()
    (text / "paper_2016-01-01_bridge.txt").write_bytes(ARTICLE.encode())
    lines = [
        f"T1\tSource {at('Mayor Reed')}\tMayor Reed",
        f"T2\tCue {at('said')}\tsaid",
        f"T3\tContent {at('that “the bridge is unsafe.”')}\tthat “the bridge is unsafe.”",
        f"T4\tAttribution {at('said')}\tsaid",
        "E1\tAttribution:T4 Content:T3 Cue:T2 Source:T1",
        f"T5\tSource {at('she')}\tshe",
        f"T6\tCue {at('added')}\tadded",
        f"T7\tContent {at('Critics')};{at('“had years')};{at('to act.”')}\tCritics “had years",
        "to act.”",  # the words of an annotation may hold a line end
        f"T8\tAttribution {at('added')}\tadded",
        "E2\tAttribution:T8 Source:T5 Cue:T6 Content:T7",
        f"T9\tDiscard {at('Nobody resigned')}\tNobody resigned",
    ]
    (marks / "paper_2016-01-01_bridge_a1b2.ann").write_bytes("\n".join(lines).encode())
    (marks / "paper_2016-01-01_bridge_c3d4.ann").write_bytes(b"")  # a second annotator, who found nothing
    return tmp_path / "test"


def test_contents_become_voices(articles):
    (record,) = polnear.read_polnear(articles)
    found = [(record.text[span.start : span.end], span.person) for span in record.spans]
    assert found == [("that “the bridge is unsafe.”", "Mayor Reed"), ("Critics", "she"), ("“had years\nto act.”", "she")]
    (again,) = polnear.trimmed([record])
    assert [again.text[span.start : span.end] for span in again.spans] == ["the bridge is unsafe", "Critics", "had years\nto act"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("T10\tContent 5 9999\tx", "outside the article"),
        ("T10\tContent\tx", "no offsets"),
        ("E3\tAttribution:T44 Content:T3", "names an annotation that is not there"),
    ],
)
def test_an_annotation_that_does_not_fit_is_named(articles, line, words):
    path = next((articles / "attributions").glob("*_a1b2.ann"))
    path.write_text(path.read_text(encoding="utf-8") + "\n" + line, encoding="utf-8")
    with pytest.raises(InputError, match=rf"_a1b2\.ann.*13.*{words}"):
        polnear.read_polnear(articles)


def test_published_figures_stand_beside_ours(articles, capsys, tmp_path, monkeypatch):
    results, page = tmp_path / "external.json", tmp_path / "README.md"
    page.write_text("<!-- external -->\n<!-- /external -->\n", encoding="utf-8")
    monkeypatch.setattr(measuring, "RESULTS", results)
    monkeypatch.setattr(measuring, "PAGE", page)
    assert polnear.main([str(articles), "--version", "abc123", "--write"]) == 0
    printed = capsys.readouterr().out
    assert all(words in printed for words in ("PolNeAR test: 1 texts, 3 spans", "source .832, cue .753, content .729", ".28 to .46"))
    kept = json.loads(results.read_text(encoding="utf-8"))["PolNeAR test"]["rules"]
    assert (kept["version"], kept["records"], kept["spans"]) == ("abc123", 1, 3)
    assert "bridge" not in results.read_text(encoding="utf-8")  # numbers only
    assert "abc123" in page.read_text(encoding="utf-8")


def test_the_table_is_what_the_figures_say():
    assert f"<!-- external -->\n{table(read_results(RESULTS))}\n<!-- /external -->" in PAGE.read_text(encoding="utf-8")
