"""Column mappings of case-management systems, and form answers folded into notes."""

import datetime as dt

import pytest

from voicenlp.errors import InputError, UsageError
from voicenlp.io.notes import read_notes
from voicenlp.io.presets import load_presets
from voicenlp.records import Note


def notes(source, **options):
    return [note for batch in read_notes(source, **options).batches() for note in batch]


def table(names, *rows):
    return [dict(zip(names.split(), row, strict=True)) for row in rows]


def test_mosaic_case_notes():
    names = "id person_id note_type title created_on created_by last_updated_by note"
    source = read_notes(table(names, (5, 7, "Visit", "Home visit", "09/03/2026 10:00", "jt", "ab", "Seen alone.\r\n")))
    assert next(source.batches()) == [Note("5", "Seen alone.\r\n", "7", dt.date(2026, 3, 9), "jt", "", "Visit", "Home visit")]
    assert source.extracted is False and source.check() == 1


@pytest.mark.parametrize("text", ["NOTE_TEXT", "CaseNote_Text", "DETAILS"])
def test_liquidlogic_case_notes(text):
    names = f"FACT_CASENOTE_ID DIM_PERSON_ID EVENT_DTTM SEEN_FLAG DIM_LOOKUP_CASNT_TYPE_ID_CODE {text}"
    assert notes(table(names, (5.0, 7.0, dt.datetime(2026, 3, 9), "Y", "STVL", "a"))) == [
        Note("5", "a", "7", dt.date(2026, 3, 9), note_type="STVL")
    ]


def test_liquidlogic_without_a_known_text_column_says_what_is_there():
    rows = table("FACT_CASENOTE_ID DIM_PERSON_ID LONGTEXT", (5, 7, "a"))
    with pytest.raises(InputError, match=r"preset liquidlogic_case_notes.*there are: FACT_CASENOTE_ID, DIM_PERSON_ID, LONGTEXT"):
        read_notes(rows)
    assert notes(rows, preset="liquidlogic_case_notes", columns="text=LONGTEXT") == [Note("5", "a", "7")]
    assert notes(rows, columns="note_id=FACT_CASENOTE_ID,text=LONGTEXT") == [Note("5", "a")]


def test_liquidlogic_form_answers():
    names = "FACT_FORM_ANSWER_ID FACT_FORM_ID ANSWER_NO QUESTION_TEXT ANSWER_TEXT DIM_PERSON_ID FORM_NAME"
    rows = [(1, 90, 1, "Child's  views\r\n", "Likes it", 7, "Visit"), (2, 90, 2, "Parents' views", None, 7, "Visit")]
    source = read_notes(table(names, *rows))
    assert source.extracted is True and source.check() == 1
    assert next(source.batches()) == [Note("90", "Child's views\nLikes it\n\nParents' views\n\n\n", "7", note_type="Visit")]


MOSAIC = "workflow_step_id form_answer_row_id question_user_code text_answer date_answer subject_person_id"


def test_rows_of_a_form_need_not_stand_together():
    rows = table(
        MOSAIC,
        (1, 1, "cinFLDDateOfThisVisit", None, "09/03/2026", None),
        (2, 1, "Other", "b", None, 8),
        (1, 2, "cinCOLSubjectsFLDChildOrYPSeen", "Yes", None, 7),
        (2, 2, "Last", "d", None, 8),
        (1, 3, "Notes", "e\nf", None, 7),
    )
    source = read_notes(rows)
    assert source.check() == 2
    assert [note for batch in source.batches() for note in batch] == [
        Note("2", "Other\nb\n\nLast\nd\n\n", "8"),
        Note(
            "1", "Date of this visit\n09/03/2026\n\nChild or young person seen\nYes\n\nNotes\ne\nf\n\n", "7", dt.date(2026, 3, 9)
        ),
    ]  # fmt: skip


def test_siblings_in_one_form_stay_apart():
    rows = table(MOSAIC, (1, 1, "Q", "both", None, None), (1, 2, "Views", "a", None, 7), (1, 3, "Views", "b", None, 8))
    assert notes(rows) == [Note("1", "Q\nboth\n\n"), Note("1/7", "Views\na\n\n", "7"), Note("1/8", "Views\nb\n\n", "8")]
    assert read_notes(rows).check() == 3


def test_eclipse_takes_the_first_answer_that_is_there():
    names = "INSTANCEID ANSWERFORSUBJECTID DESIGNGUID DESIGNSUBNAME INSTANCESTATE CONTROLNAME ANSWERVALUE SHORTANSWERVALUE DATEANSWERVALUE"
    rows = table(
        names,
        (3, 7, "g", "Review", "COMPLETE", "AnnexAReturn_dateOfVisit", None, " ", dt.datetime(2026, 3, 9)),
        (3, 7, "g", "Review", "COMPLETE", "howWasTheChildAbleToContributeTheirViewsToTheReview", "", "PN3", None),
    )
    text = "Date of visit\n2026-03-09T00:00:00\n\nHow was the child able to contribute their views to the review?\nPN3\n\n"
    assert notes(rows) == [Note("3", text, "7", dt.date(2026, 3, 9), note_type="Review")]


@pytest.mark.parametrize("spelling", ["PSID", "PseudoId", "PsuedoID", "PesudoID", "PsueodID"])
def test_extract_with_one_row_a_question(spelling):
    names = f"{spelling} ActualStartDate DocumentName SectionName Question QuestionType ShortAnswer MultipleChoiceAnswer"
    rows = table(
        names,
        ("P1", "03/25/2026 10:00", "(c) Assessment v3.1", "Views", "What does the child say?", "text", "Wants nan", None),
        ("P1", "03/25/2026 10:00", "(c) Assessment v3.1", "Views", "Seen?", "choice", None, "Yes"),
        ("P2", "03/25/2026 10:00", "(c) Assessment v3.1", "Views", "Seen?", "choice", None, "No"),
    )
    name = "03/25/2026 10:00/(c) Assessment v3.1"
    day, kind = dt.date(2026, 3, 25), "(c) Assessment v3.1"
    assert notes(rows) == [
        Note(f"P1/{name}", "What does the child say?\nWants nan\n\nSeen?\nYes\n\n", "P1", day, note_type=kind),
        Note(f"P2/{name}", "Seen?\nNo\n\n", "P2", day, note_type=kind),
    ]


def test_bad_form_answers():
    with pytest.raises(InputError, match="row 2, column 'workflow_step_id': is empty"):
        read_notes(table(MOSAIC, (1, 1, "Q", "a", None, 7), (None, 2, "Q", "b", None, 7))).check()
    names = "FACT_FORM_ANSWER_ID FACT_FORM_ID QUESTION ANSWER EVENT_DTTM"
    with pytest.raises(InputError, match="row 1, column 'EVENT_DTTM': not a date"):
        read_notes(table(names, (1, 1, "Q", "a", "soon"))).check()
    source = read_notes(table(MOSAIC, (1, 1, "Q", "abcdef", None, 7), (2, 1, "Q", "a", None, 7)), limit_chars=6)
    assert [len(batch) for batch in source.batches()] == [1] and source.rejects[0].note_id == "1"


def test_the_contract_s_own_columns_win_over_a_preset():
    rows = table("note_id text id person_id note_type created_on note", ("n1", "mine", 5, 7, "V", None, "theirs"))
    assert notes(rows) == [Note("n1", "mine", note_type="V")]
    assert notes(rows, preset="mosaic_case_notes")[0].text == "theirs"


def test_an_authority_s_own_presets(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[presets.ours]\ndistinctive = ["Ref"]\n[presets.ours.columns]\nnote_id = "Ref"\ntext = ["Body", "What happened?"]\n')
    rows = table("Ref What_happened?", ("r", "x"))
    assert notes(rows, presets_file=path) == notes(rows, presets_file=path, preset="ours") == [Note("r", "x")]
    assert "mosaic_case_notes" in load_presets(path)
    with pytest.raises(UsageError, match="none named 'theirs'; there are: eclipse"):
        read_notes(rows, preset="theirs")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[presets", "not readable as TOML"),
        ("a = 1", "has no table"),
        ("[presets.x]\n[presets.x.columns]\nnote_id = 'a'", "preset 'x' maps no text"),
        ("[presets.x]\nlong = true\n[presets.x.columns]\ninstance = 'a'", "maps no question and no answer"),
        ("[presets.x]\ncolour = 1\n[presets.x.columns]\nnote_id = 'a'\ntext = 'b'", "unknown keys: colour"),
        ("[presets.x.columns]\nnote_id = 'a'\ntext = 'b'\nmood = 'c'", "no column of the contract: mood"),
        ("[presets.x.columns]\nnote_id = 'a'\ntext = 3", "must be a name"),
        ("presets.x = 1", "is not a table"),
    ],
)
def test_bad_presets(tmp_path, toml, said):
    path = tmp_path / "own.toml"
    path.write_text(toml)
    with pytest.raises(InputError) as caught:
        load_presets(path)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(InputError, match="no such file"):
        load_presets(tmp_path / "absent.toml")
