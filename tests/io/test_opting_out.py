import pytest

from voicenlp.errors import InputError
from voicenlp.io.optouts import OptOuts, read_opt_outs


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("c1\nc2\n", {"c1", "c2"}),
        ("\ufeffc1\r\n\r\n# asked in May\r\n c2 \r\n", {"c1", "c2"}),
        ("child_id\n0042\n", {"0042"}),
        ("child_id,reason\nc1,asked\nc2,\n", {"c1", "c2"}),
        ("name;Child ID\nA;c1\n", {"c1"}),
        ("child_id\treason\nc1\tasked\n", {"c1"}),
        ('child_id,reason\n"c1","asked,\nby letter"\nc2,x\n', {"c1", "c2"}),
        ('"c1"\n', {"c1"}),
        ("child_id\n", set()),
        ("# nobody yet\n", set()),
    ],
)
def test_lists(tmp_path, text, ids):
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8", newline="")
    found = read_opt_outs(path)
    assert found.for_purpose("anything") == (ids, frozenset()) and found.purposes == frozenset()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"child_id,person_id\nc1,p1\n", "row 2, column 'person_id': names a child and a person"),
        (b"child_id,person_id\nc1,\n,\n", "row 3, column 'child_id': holds no id"),
        (b"person_id,purposes\n,research\n", "row 2, column 'person_id': holds no id"),
        (b"child_id,Child ID\nc1,c2\n", "row 1, column 'child_id': comes twice"),
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"c1,asked\n", "row 1: a list of opt-outs with several columns needs a header"),
        (b"c1\nc2;asked\n", "row 2: a list of opt-outs with several columns needs a header"),
        (b"id,reason\nc1,asked\n", "row 1: a list of opt-outs with several columns needs a header"),
        (b"child_id,reason\n,asked\n", "row 2, column 'child_id': holds no id"),
        (b"reason,child_id\nasked\n", "row 2, column 'child_id': holds no id"),
        (b'child_id\n"c1\n', "row 2: not readable as CSV"),
        (b"c\xe9\n", "a list of opt-outs is a text file in UTF-8"),
        ("c1\n".encode("utf-16"), "a list of opt-outs is a text file in UTF-8"),
    ],
)
def test_a_list_not_understood_does_not_pass_for_an_empty_one(tmp_path, content, message):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_opt_outs(path)


def test_no_such_list(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_opt_outs(tmp_path / "none")


def listed(tmp_path, text):
    (tmp_path / "list.csv").write_text(text)
    return read_opt_outs(tmp_path / "list.csv")


def test_purposes(tmp_path):
    found = listed(tmp_path, "child_id,person_id,purposes\nc1,,\nc2,,Research; staff  training\n,p1,research\n,p2,\n")
    assert found.for_purpose("service review") == ({"c1"}, {"p2"})
    assert found.for_purpose(" RESEARCH ") == ({"c1", "c2"}, {"p1", "p2"})
    assert found.for_purpose("Staff Training") == ({"c1", "c2"}, {"p2"})
    assert found.for_purpose("") == ({"c1", "c2"}, {"p1", "p2"})  # it can't be told that it is another
    assert found.purposes == {"Research", "staff  training", "research"}


def test_purposes_in_a_list_parted_by_semicolons(tmp_path):
    assert listed(tmp_path, "child_id;purposes\nc1;research|training\n").for_purpose("training")[0] == {"c1"}


@pytest.mark.parametrize("rows", ["c1,research\nc1,\n", "c1,\nc1,research\n", "c1,research\nc1,review\n"])
def test_who_stands_there_twice_opted_out_of_both(tmp_path, rows):
    found = listed(tmp_path, f"child_id,purposes\n{rows}")
    assert found.for_purpose("research")[0] == {"c1"}
    assert found.for_purpose("review")[0] == {"c1"}


def test_given_by_id():
    assert OptOuts.of([7, "0042"]).for_purpose("x")[0] == {"7", "0042"}
