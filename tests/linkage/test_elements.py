from pathlib import Path

import pytest

from voicenlp.errors import InputError
from voicenlp.linkage.elements import read_elements

SOURCE = Path("census.xml")


def read(data, unit="Child"):
    taken = []
    root, findings = read_elements(data.encode() if isinstance(data, str) else data, SOURCE, unit, taken.append)
    return root, findings, taken


def test_paths_and_lines_say_where_an_element_stands():
    _, _, taken = read("<M>\n<Child><Id>7</Id></Child>\n<Child><Id>8</Id><Id>9</Id></Child>\n</M>")
    assert [(one.path, one.line) for one in taken] == [("/M/Child[1]", 2), ("/M/Child[2]", 3)]
    assert [(leaf.path, leaf.text) for leaf in taken[1].leaves()] == [("/M/Child[2]/Id[1]", "8"), ("/M/Child[2]/Id[2]", "9")]


def test_namespaces_comments_cdata_and_long_text():
    long = "x" * 200_000
    _, found, taken = read(f'<c:M xmlns:c="urn:x"><c:Child><c:Id><![CDATA[a&b]]><!-- no --></c:Id><c:T>{long}</c:T></c:Child></c:M>')
    assert [leaf.text for leaf in taken[0].leaves()] == ["a&b", long]
    assert not found


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<?xml version='1.0' encoding='iso-8859-1'?><M><Child>Zoë</Child></M>".encode("latin-1"), "Zoë"),
        ("<?xml version='1.0' encoding='windows-1252'?><M><Child>Zoë’s</Child></M>".encode("cp1252"), "Zoë’s"),
        ("\ufeff<M><Child>Zoë</Child></M>".encode(), "Zoë"),
        ("\ufeff<M><Child>Zoë</Child></M>".encode("utf-16-le"), "Zoë"),
    ],
)
def test_encodings(data, text):
    assert read(data)[2][0].text == text


def test_stray_text_is_listed_with_its_line():
    _, found, taken = read("<M><Child>\n<Id>7</Id>stray\n<Born>2015-01-01</Born>\n<Sex>M</Sex> more\n</Child></M>")
    assert [(f.row, f.column, f.kind) for f in found] == [(3, "Child", "text"), (5, "Child", "text")]
    assert not any("stray" in f.finding for f in found)
    assert [leaf.text for leaf in taken[0].leaves()] == ["7", "2015-01-01", "M"]


BOMB = """<?xml version="1.0"?>
<!DOCTYPE M [<!ENTITY a "SECRET"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<M><Child>&c;</Child></M>"""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BOMB, "document type"),
        ('<!DOCTYPE M [<!ENTITY f SYSTEM "file:///etc/passwd">]><M><Child>&f;</Child></M>', "document type"),
        ('<!DOCTYPE M SYSTEM "http://example.org/census.dtd"><M/>', "document type"),
        ("<M><Child>&f;</Child></M>", "not well-formed"),
        ("<M><Child></M>", "not well-formed"),
        ("<M>", "not well-formed"),
        ("", "not well-formed"),
        ("CHILD,SEX\n7,1\n", "not well-formed"),
        (b"<M><Child>Zo\xeb</Child></M>", "not well-formed"),
        ("<?xml version='1.0' encoding='klingon'?><M/>", "not well-formed|encoding"),
        ("<a>" * 40 + "</a>" * 40, "nested too deeply"),
    ],
)
def test_what_is_refused(data, message):
    with pytest.raises(InputError, match=message) as caught:
        read(data)
    assert str(caught.value).startswith("census.xml") and "\n" not in str(caught.value)
