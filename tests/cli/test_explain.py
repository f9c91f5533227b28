import pytest

from voicenlp.records import Note, Span
from voicenlp.taggers.explain import Explanation
from voicenlp.taggers.rules import RuleTagger

TEXT = "Mum said Kai wants to go home. Dad feels tired."


@pytest.fixture
def note(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_each_span_with_its_rule(cli, note, tmp_path):
    answer = cli("explain", "note.txt", "--model", "rules")
    spans, _, _ = RuleTagger().tag(Note("n", TEXT))
    heads = [line for line in answer.out.splitlines() if not line.startswith(" ")]
    assert answer.code == 0 and len(spans) == 2
    assert heads == ["voice, child, 13 to 29: wants to go home", "voice, parent, 35 to 46: feels tired"]
    assert all(f"  {span.tagger} agrees: voice, {span.speaker}, {span.start} to {span.end}\n" in answer.out for span in spans)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]  # nothing is written, no log either


def test_the_span_over_a_character(cli, note):
    answer = cli("explain", "note.txt", "--model", "rules", "--at", 28)
    assert answer.code == 0 and answer.out.startswith("voice, child") and "tired" not in answer.out
    for at in (12, 29):
        assert cli("explain", "note.txt", "--model", "rules", "--at", at).out == f"no span over character {at}\n"


def test_a_note_without_spans(cli, tmp_path):
    (tmp_path / "empty.txt").write_text("")
    assert cli("explain", "empty.txt", "--model", "rules").out == "no span\n"


def test_words_of_a_neural_tagger_come_with_what_the_figures_mean(cli, note, monkeypatch):
    told = Explanation(Span("voice", 13, 29, "child"), ((4, 8, 2.31), (9, 12, 0.4)), ((0, 3, -0.2), (9, 12, 3.0)))
    monkeypatch.setattr("voicenlp.taggers.explain.explanations", lambda *_: iter([told]))
    lines = cli("explain", "note.txt", "--model", "rules").out.splitlines()
    assert lines[1:4] == [
        "  drawn from: said (at 4) 2.31, Kai (at 9) 0.40",
        "  whose it is from: Kai (at 9) 3.00",
        "  against that: Mum (at 0) -0.20",
    ]
    assert lines[-1].startswith("Figures: by how much the log-chance")


def test_the_model_is_that_of_the_settings(refused, note, monkeypatch):
    monkeypatch.setenv("VOICENLP_MODEL", "none-such")
    assert refused("explain", "note.txt").startswith("no model called 'none-such'")


def test_offsets_are_those_of_the_text_as_it_came_in(cli, tmp_path):
    (tmp_path / "note.txt").write_bytes("\ufeffZoë 🙂 came.\r\nKai said he hates school.\r\n".encode())
    out = cli("explain", "note.txt", "--model", "rules").out
    text = "Zoë 🙂 came.\r\nKai said he hates school.\r\n"
    assert out.splitlines()[0] == f"voice, child, {text.index('hates')} to {text.index('.', 20)}: hates school"


def test_refused(refused, note, tmp_path):
    (tmp_path / "note.csv").write_text("text\nSECRET")
    (tmp_path / "odd.txt").write_bytes("SECRET ünd mehr ünd mehr ünd mehr".encode() + b"\xff")
    assert refused("explain", "none.txt") == "none.txt: no such file"
    assert refused("explain", ".") == ".: no such file"
    assert refused("explain", "note.csv") == "note.csv: .csv files are not read: convert it to .docx, .txt or .rtf"
    assert refused("explain", "odd.txt").startswith("odd.txt: damaged or mixed UTF-8")
    assert refused("explain", "note.txt", "--at", "47") == "--at: the note has 47 characters, counted from 0"
    assert refused("explain", "note.txt", "--at", "-1").startswith("Invalid value for '--at'")
    assert refused("explain", "note.txt", "--model", "none").startswith("no model called 'none'")
    assert refused("explain") == "Missing argument 'NOTE.txt'."


def test_help_loads_nothing_heavy(in_process, program):
    import subprocess

    code = (
        "import sys, atexit\n"
        "heavy = ('spacy', 'pyarrow', 'rich', 'numpy', 'onnxruntime')\n"
        "atexit.register(lambda: print(*[name for name in heavy if name in sys.modules], file=sys.stderr))\n"
    )
    done = subprocess.run([program[0], "-c", code + program[2], "explain", "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith("Usage: voicenlp explain") and done.stderr.split() == []
