import datetime as dt

import pytest

from voicenlp.errors import InputError, UsageError
from voicenlp.linkage import WindowSettings, attach, read_cin, write

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Message>
  <Header><CollectionDetails><Collection>CIN</Collection><Year>{year}</Year></CollectionDetails></Header>
  <Children>
"""
FOOT = "  </Children>\n</Message>\n"
ONE = """<Child>
  <ChildIdentifiers><LAchildID>007</LAchildID><PersonBirthDate>2015-03-27</PersonBirthDate><Sex>M</Sex></ChildIdentifiers>
  <ChildCharacteristics>
    <Ethnicity>WBRI</Ethnicity>
    <Disabilities><Disability>HEAR</Disability><Disability>AUT</Disability></Disabilities>
  </ChildCharacteristics>
  <CINdetails>
    <CINreferralDate>2025-01-10</CINreferralDate><ReferralSource>1A</ReferralSource><PrimaryNeedCode>N4</PrimaryNeedCode>
    <Assessments>
      <AssessmentActualStartDate>2025-01-12</AssessmentActualStartDate>
      <AssessmentAuthorisationDate>2025-02-20</AssessmentAuthorisationDate>
      <FactorsIdentifiedAtAssessment><AssessmentFactors>2A</AssessmentFactors><AssessmentFactors>4B</AssessmentFactors>
      </FactorsIdentifiedAtAssessment>
    </Assessments>
    <CINPlanDates><CINPlanStartDate>2025-02-21</CINPlanStartDate></CINPlanDates>
    <Section47><S47ActualStartDate>2025-03-01</S47ActualStartDate><ICPCnotRequired>true</ICPCnotRequired></Section47>
    <ReferralNFA>0</ReferralNFA>
    <ChildProtectionPlans>
      <CPPstartDate>2025-03-20</CPPstartDate><InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>
      <Reviews><CPPreviewDate>2025-06-10</CPPreviewDate><CPPreviewDate>2025-11-10</CPPreviewDate></Reviews>
    </ChildProtectionPlans>
    <PreProceedingsandFGDM><PPStartDate>2025-08-01</PPStartDate><FGDMMeetingOffer>1</FGDMMeetingOffer></PreProceedingsandFGDM>
  </CINdetails>
  <CINdetails><CINreferralDate>2024-01-01</CINreferralDate><CINclosureDate>2024-02-01</CINclosureDate></CINdetails>
</Child>
"""
BARE = "<Child><ChildIdentifiers><LAchildID>B</LAchildID></ChildIdentifiers></Child>\n"


@pytest.fixture
def census(tmp_path):
    def make(*children, year=2026, raw=None):
        path = tmp_path / "census.xml"
        path.write_bytes(raw if raw is not None else (HEAD.format(year=year) + "".join(children) + FOOT).encode())
        return path

    return make


def found(returned, kind=None):
    return [(f["table"], f["row"], f["column"], f["finding"]) for f in returned.findings.to_pylist() if kind in (None, f["kind"])]


def column(linked, table, name):
    return linked.tables[table].column(name).to_pylist()


def test_every_record_becomes_a_row_of_its_table(census):
    returned = read_cin(census(ONE, BARE))
    assert {name: table.num_rows for name, table in returned.tables.items()} == {
        "children": 2, "disabilities": 2, "cin_details": 2, "assessments": 1, "cin_plans": 1, "section47": 1, "cp_plans": 1,
        "cp_reviews": 2, "pre_proceedings": 1,
    }  # fmt: skip
    assert returned.tables["disabilities"].column("Disability").to_pylist() == ["HEAR", "AUT"]
    assert returned.tables["assessments"].column("AssessmentFactors").to_pylist() == ["2A;4B"]
    assert returned.tables["cp_reviews"].to_pylist()[1] == {
        "xpath": "/Message/Children[1]/Child[1]/CINdetails[1]/ChildProtectionPlans[1]/Reviews[1]/CPPreviewDate[2]",
        "LAchildID": "007",
        "CPPreviewDate": "2025-11-10",
    }
    assert returned.tables["children"].column("LAchildID").to_pylist() == ["007", "B"]
    assert returned.findings.num_rows == 0


def test_an_xpath_finds_its_record(census):
    from xml.etree import ElementTree

    path = census(BARE, ONE)
    root = ElementTree.fromstring(path.read_bytes())
    for name, table in read_cin(path).tables.items():
        for row in table.to_pylist():
            (element,) = root.findall("." + row["xpath"].removeprefix("/Message"))
            if name == "assessments":
                assert element.findtext("AssessmentActualStartDate") == row["AssessmentActualStartDate"]


def test_windows_of_nested_records(census):
    returned = read_cin(census(ONE))
    window = {name: [(one.start, one.end) for one in returned.windows(name, WindowSettings(10, 5))] for name in returned.tables}
    assert window["children"] == window["disabilities"][:1] == [(None, None)]
    assert window["cin_details"] == [(dt.date(2025, 1, 10), None), (dt.date(2024, 1, 1), dt.date(2024, 2, 1))]
    assert window["assessments"] == [(dt.date(2025, 1, 12), dt.date(2025, 2, 20))]
    assert window["section47"] == [(dt.date(2025, 3, 1), dt.date(2025, 3, 22))]  # no conference and no target: three weeks
    assert window["cp_reviews"][0] == (dt.date(2025, 5, 31), dt.date(2025, 6, 15))


def test_voice_stands_beside_and_never_inside(census, make_run, tmp_path):
    path = census(ONE, BARE)
    run = make_run(("n1", "7", "2025-01-15", 2), ("n2", "7", "2025-06-09", 1), ("n3", "7", "2024-01-15", 4))
    linked = attach(run, read_cin(path))
    assert column(linked, "children", "voice_voices_child") == [7, None]
    assert column(linked, "cin_details", "voice_voices_child") == [3, 4]
    assert column(linked, "assessments", "voice_voices_child") == [2]
    assert column(linked, "cp_reviews", "voice_voices_child") == [3, 1]
    paths = write(linked, tmp_path / "out")
    assert paths["census.xml"].read_bytes() == path.read_bytes()
    assert {"children.csv", "cp_reviews.csv", "coverage.csv", "census.xml"} <= {one.name for one in (tmp_path / "out").iterdir()}
    for one in linked.dictionary["resources"]:
        assert all(field["description"] for field in one["schema"]["fields"])


def test_the_xml_goes_out_as_it_came_whatever_its_form(census, make_run, tmp_path):
    raw = ("\ufeff" + (HEAD.format(year=2024) + ONE + FOOT).replace("\n", "\r\n").replace("</Child>", "<!-- x --></Child>")).encode()
    path = census(raw=raw)
    assert write(attach(make_run(), read_cin(path)), tmp_path / "out")["census.xml"].read_bytes() == raw


def test_the_return_is_never_written_over(census, make_run, tmp_path):
    linked = attach(make_run(), read_cin(census(ONE)))
    with pytest.raises(UsageError, match="would be overwritten"):
        write(linked, tmp_path)


def test_faults_are_listed_and_the_rest_goes_on(census):
    child = """<Child><ChildIdentifiers><LAchildID>TOOLONGFORANID</LAchildID><UPNunknown>UN3</UPNunknown>PersonBirthDate
<PersonBirthDate>02/01/20251</PersonBirthDate><Sex>1</Sex><Sex>M</Sex><Nickname>SECRET</Nickname></ChildIdentifiers>
<ChildCharacteristics><Disabilities><Disability>XXX</Disability><Other/></Disabilities></ChildCharacteristics>
<CINdetails><CINreferralDate>2025-03-01</CINreferralDate><CINclosureDate>2025-01-01</CINclosureDate>
<Assessments><FactorsIdentifiedAtAssessment><AssessmentFactors>1A</AssessmentFactors><AssessmentFactors>RB</AssessmentFactors>
</FactorsIdentifiedAtAssessment></Assessments>
<ChildProtectionPlans><CPPstartDate>2025-01-01</CPPstartDate><CPPendDate>2025-02-01</CPPendDate><Reviews/>
<Reviews><CPPreviewDate>2025-03-01</CPPreviewDate></Reviews></ChildProtectionPlans>
<ChildProtectionPlans><CPPstartDate>2025-01-20</CPPstartDate></ChildProtectionPlans>
<Visits><Visit>2025-01-01</Visit></Visits></CINdetails></Child>"""
    returned = read_cin(census(child, child.replace("2025-03-01</CPP", "2024-03-01</CPP"), year=2019))
    said = found(returned)
    assert ("(xml)", 3, "Year", "not a year from 2021 to 2026; read as the latest") in said
    assert ("(xml)", 6, "ChildIdentifiers", "text stands between the elements; left alone") in said
    assert ("children", 2, "LAchildID", "not one to ten letters and digits") in said
    assert ("children", 3, "LAchildID", "the child stands in row 2 already") in said
    assert ("children", 2, "PersonBirthDate", "not a date") in said
    assert ("children", 2, "Sex", "not a code of this element in any year from 2021 to 2026") in said
    assert ("(xml)", 6, "Sex", "stands twice in one record; the first counts") in said
    assert ("(xml)", 6, "Nickname", "not an element of the census; kept as a column") in said
    assert ("disabilities", 2, "Disability", "not a code of this element in any year from 2021 to 2026") in said
    assert ("(xml)", 7, "Other", "not an element of the census; only in the XML") in said
    assert ("assessments", 2, "AssessmentFactors", "not a code of this element in any year from 2021 to 2026") in said
    assert ("assessments", 2, "AssessmentActualStartDate", "empty") in said
    assert ("cin_details", 2, "", "ends before it begins") in said
    assert ("cp_plans", 3, "", "overlaps with row 2") in said
    assert ("cp_reviews", 3, "CPPreviewDate", "no protection plan of the child on this day") in said
    assert ("(xml)", 14, "Visits", "not an element of the census; only in the XML") in said
    assert not any("SECRET" in f[3] for f in said)
    assert returned.tables["children"].column("Nickname").to_pylist() == ["SECRET", "SECRET"]
    assert returned.tables["children"].column("Sex").to_pylist() == ["1", "1"]


def test_a_record_can_not_give_itself_another_id_or_place(census):
    odd = "<Assessments><xpath>x</xpath><LAchildID>B</LAchildID></Assessments>"
    (row,) = read_cin(census(ONE.replace("<CINPlanDates>", odd + "<CINPlanDates>"))).tables["assessments"].to_pylist()[1:]
    assert row["xpath"].endswith("Assessments[2]") and row["LAchildID"] == "007"


def test_an_element_without_children_or_ids_still_comes_back(census, make_run):
    returned = read_cin(census("<Child/>", "<Child><CINdetails/></Child>"))
    linked = attach(make_run(("n", "", "2025-01-01", 1)), returned)
    assert column(linked, "children", "voice_link") == ["no child id", "no child id"]
    assert column(linked, "cin_details", "voice_link") == ["no child id"]


@pytest.mark.parametrize(
    "raw", [b"<Message><Header/></Message>", b"<EXPSSDA903><CHILD/></EXPSSDA903>", b"LAchildID\n7\n", b"<!DOCTYPE x><Message/>"]
)
def test_what_is_no_census(census, raw):
    with pytest.raises(InputError, match=r"census\.xml"):
        read_cin(census(raw=raw))


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_cin(tmp_path / "none.xml")
