import json

import pyarrow as pa

from voicenlp.indicators import data_dictionary, indicators, load_catalogue, write_dictionary
from voicenlp.indicators.periods import PERIODS
from voicenlp.records import notes_schema, spans_schema


def test_every_column_of_every_grouping_has_an_entry():
    by = ("child_id", *PERIODS, "note_type", "author_role")
    table = indicators(spans_schema().empty_table(), notes_schema().empty_table(), by=by)
    fields = data_dictionary(table.column_names)["fields"]
    assert [field["name"] for field in fields] == table.column_names
    assert not [field["name"] for field in fields if "As handed in" in field["description"]]
    kinds = {pa.int64(): "integer", pa.float64(): "number", pa.date32(): "date", pa.string(): "string"}
    assert {f["name"]: f["type"] for f in fields} == {f.name: kinds[f.type] for f in table.schema}


def test_prefix_own_entries_and_columns_handed_in():
    fields = data_dictionary(
        ["CHILD", "voice_voices", "voices", "voice_x"],
        prefix="voice_",
        own={"CHILD": {"title": "C", "description": "Id.", "type": "string"}},
    )["fields"]
    assert fields[0] == {"name": "CHILD", "title": "C", "description": "Id.", "type": "string"}
    assert fields[1]["title"] == "Voices"
    assert {field["description"] for field in fields[2:]} == {"As handed in; not made by voicenlp."}


def test_the_written_dictionary_is_plain_json_with_every_indicator(tmp_path):
    path = write_dictionary(tmp_path / "new" / "dictionary.json")
    names = [field["name"] for field in json.loads(path.read_text(encoding="utf-8"))["fields"]]
    assert set(load_catalogue().ids) | {"child_id", "quarter", "status"} <= set(names)
    assert len(names) == len(set(names))
    assert [one.name for one in path.parent.iterdir()] == ["dictionary.json"]
