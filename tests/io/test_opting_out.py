import pytest

from voicenlp.errors import InputError
from voicenlp.io.optouts import read_opt_outs


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
    assert read_opt_outs(path) == ids


@pytest.mark.parametrize(
    ("content", "message"),
    [
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
