import datetime as dt

import pytest

from voicenlp.errors import InputError
from voicenlp.linkage import WindowSettings, attach, read_ssda903, write

XML = """<?xml version='1.0' encoding='us-ascii'?>
<EXPSSDA903><CHILD><HEADER><CHILDID>0012</CHILDID><UPN>E09</UPN><SEX>M</SEX><DOB>02/03/2013</DOB><ETHNIC>BOTH</ETHNIC><UASC>1</UASC>
<DUC>15/12/2030</DUC><AREVIEW><REVIEW>28/01/2025</REVIEW><REVIEW_CODE>PN3</REVIEW_CODE></AREVIEW>
<AREVIEW><REVIEW>28/07/2025</REVIEW><REVIEW_CODE>XXX</REVIEW_CODE></AREVIEW><MOTHER /><MC_DOB />
<OC2><SDQ_REASON>SDQ5</SDQ_REASON></OC2><AMISSING><MISSING>M</MISSING><MIS_START>01/02/2025</MIS_START><MIS_END /></AMISSING>
<PERMANENCE><PREV_PERM>Z1</PREV_PERM></PERMANENCE></HEADER>
<EPISODE><DECOM>01/01/2025</DECOM><RNE>S</RNE><LS>C2</LS><CIN>N1</CIN><PL>U1</PL><DEC>01/06/2025</DEC></EPISODE>
<EPISODE><DECOM>01/06/2025</DECOM><RNE>P</RNE><PL>U4</PL><DEC /></EPISODE>
<SOCIALWORKER><SW_ID>S1</SW_ID><SW_DECOM>01/01/2025</SW_DECOM><SW_REASON>SWLAZY</SW_REASON></SOCIALWORKER>
<PETS><PET><NAME>SECRET</NAME></PET></PETS></CHILD>
<CHILD><HEADER><CHILDID>B</CHILDID><SEX>F</SEX><DOB>02/03/2010</DOB><IN_TOUCH>YES</IN_TOUCH></HEADER></CHILD></EXPSSDA903>
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "xml" / "903.xml"
    file.parent.mkdir()
    file.write_bytes(XML.encode())
    return file


def test_the_tables_are_those_of_the_csv_files(path):
    returned = read_ssda903(path)
    assert {name: table.num_rows for name, table in returned.tables.items()} == {
        "header": 2, "episodes": 2, "reviews": 2, "uasc": 1, "oc2": 1, "oc3": 1, "previous_permanence": 1, "missing": 1, "sw_episodes": 1,
    }  # fmt: skip
    header = returned.tables["header"].to_pylist()
    assert [(row["CHILD"], row["SEX"], row["DOB"], row["UASC"]) for row in header] == [
        ("0012", "M", "02/03/2013", "1"),
        ("B", "F", "02/03/2010", ""),
    ]
    review = returned.tables["reviews"].to_pylist()[1]
    assert review == {
        "xpath": "/EXPSSDA903/CHILD[1]/HEADER[1]/AREVIEW[2]", "CHILD": "0012", "DOB": "02/03/2013", "REVIEW": "28/07/2025",
        "REVIEW_CODE": "XXX",
    }  # fmt: skip
    assert returned.tables["episodes"].column("PLACE").to_pylist() == ["U1", "U4"]
    assert returned.tables["uasc"].to_pylist()[0]["DUC"] == "15/12/2030"
    assert returned.tables["oc3"].to_pylist()[0]["IN_TOUCH"] == "YES"


def test_windows_and_findings_are_those_of_the_csv_files(path):
    returned = read_ssda903(path)
    episodes = returned.windows("episodes", WindowSettings())
    assert [(one.start, one.end) for one in episodes] == [(dt.date(2025, 1, 1), dt.date(2025, 5, 31)), (dt.date(2025, 6, 1), None)]
    said = [(f["table"], f["row"], f["column"], f["kind"]) for f in returned.findings.to_pylist()]
    assert ("reviews", 3, "REVIEW_CODE", "code") in said
    assert ("sw_episodes", 2, "SW_REASON", "code") in said
    assert ("(xml)", 10, "PETS", "table") in said
    assert "SECRET" not in str(returned.findings.to_pylist())


def test_the_xml_goes_out_again(path, make_run, tmp_path):
    linked = attach(make_run(("n", "12", "2025-01-20", 3)), read_ssda903(path.parent))  # the folder that holds it will do
    assert linked.tables["reviews"].column("voice_voices_child").to_pylist() == [3, 0]
    assert write(linked, tmp_path / "out")["903.xml"].read_bytes() == path.read_bytes()


def test_what_is_no_return(tmp_path):
    file = tmp_path / "x.xml"
    file.write_text("<Message><Children/></Message>")
    with pytest.raises(InputError, match="not an SSDA903 return"):
        read_ssda903(file)
    file.write_text('<!DOCTYPE x [<!ENTITY a "b">]><EXPSSDA903/>')
    with pytest.raises(InputError, match="document type"):
        read_ssda903(file)
