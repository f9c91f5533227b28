"""Folders of documents, and the text of Word, HTML and RTF files."""

import hashlib
import os
import time
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from voicenlp.errors import InputError, UsageError
from voicenlp.io.documents import find_documents
from voicenlp.io.markup import html_text
from voicenlp.io.notes import read_notes
from voicenlp.records import Note


def put(folder, relative, data=b"x"):
    path = folder / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


def read(source, **options):
    opened = read_notes(source, **options)
    found = [note for batch in opened.batches() for note in batch]
    return found, opened.rejects


# --- folders ---


def test_folder(tmp_path):
    put(tmp_path, "b/note 2.txt", b"\xef\xbb\xbfone\r\ntwo\xc2\xa0\r")
    put(tmp_path, "b/note 10.TXT", "Zoë’s".encode("cp1252"))
    put(tmp_path, "a.HTM", "<p>Hi</p>")
    put(tmp_path, "c.d.rtf", rb"{\rtf1 seen}")
    put(tmp_path, "z.png")
    put(tmp_path, ".hidden.txt")
    put(tmp_path, ".git/x.txt")
    put(tmp_path, "~$lock.docx")
    found, rejects = read(tmp_path)
    assert found == [Note("a", "Hi"), Note("b/note 10", "Zoë’s"), Note("b/note 2", "one\r\ntwo\xa0\r"), Note("c.d", "seen")]
    assert rejects == []
    assert read_notes(tmp_path).check() == 4


def test_text_files_are_not_extracted_and_others_are(tmp_path):
    put(tmp_path, "a.txt")
    assert read_notes(tmp_path).extracted is False
    put(tmp_path, "b.html")
    assert read_notes(tmp_path).extracted is True


def test_two_files_of_one_stem_do_not_collide(tmp_path):
    for name in ("a.txt", "a.html", "a.txt.txt", "b.txt", "c.pdf", "c.txt"):
        put(tmp_path, name)
    ids = {one.relative: one.note_id for one in find_documents(tmp_path)}
    assert ids == {
        "a.txt": "a.txt", "a.html": "a.html", "a.txt.txt": "a.txt.txt", "b.txt": "b", "c.pdf": "c.pdf", "c.txt": "c",
    }  # fmt: skip


def test_what_can_t_be_read_is_rejected_and_the_rest_goes_on(tmp_path):
    put(tmp_path, "a.docx", b"not a zip")
    put(tmp_path, "b.doc")
    put(tmp_path, "c.pdf")
    put(tmp_path, "d.rtf", b"secret")
    put(tmp_path, "e.txt", b"caf\x81")
    put(tmp_path, "f.txt", b"a" * 60)
    put(tmp_path, "g.txt", b"fine")
    with zipfile.ZipFile(tmp_path / "h.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    found, rejects = read(tmp_path, limit_chars=10)
    assert found == [Note("g", "fine")]
    assert [one.note_id for one in rejects] == ["a", "b.doc", "c.pdf", "d", "e", "f", "h"]
    assert {one.stage for one in rejects} == {"read"}
    reasons = {one.note_id: one.reason for one in rejects}
    assert "convert it" in reasons["b.doc"] and "convert it" in reasons["c.pdf"]
    assert "at byte 4" in reasons["e"] and "over the limit" in reasons["f"] and "broken" in reasons["h"]
    assert not any("secret" in reason or "\n" in reason for reason in reasons.values())
    assert read_notes(tmp_path).check() == 8


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user to whom a file can be closed")
def test_a_file_that_may_not_be_read_is_rejected(tmp_path):
    put(tmp_path, "a.txt").chmod(0)
    put(tmp_path, "b.txt")
    found, rejects = read(tmp_path)
    assert [note.note_id for note in found] == ["b"] and [one.note_id for one in rejects] == ["a"]


def test_folders_without_notes(tmp_path):
    for name in (None, "a.png", "b.pdf"):
        if name:
            put(tmp_path, name)
        with pytest.raises(InputError, match=r"holds no \.txt"):
            read_notes(tmp_path).check()
    with pytest.raises(UsageError):
        read_notes(tmp_path, columns="note_id=ID")


def test_one_document(tmp_path):
    path = put(tmp_path, "Visit 1.txt", b"a\r\nb")
    assert read(path) == ([Note("Visit 1", "a\r\nb")], [])
    assert read_notes(path).inputs == [{"name": "Visit 1.txt", "sha256": hashlib.sha256(b"a\r\nb").hexdigest(), "bytes": 4}]
    with pytest.raises(InputError, match="convert it"):
        read_notes(put(tmp_path, "x.pdf"))
    with pytest.raises(InputError, match="no such file"):
        read_notes(tmp_path / "absent.docx")


def test_the_hash_of_a_folder_is_that_of_its_listing(tmp_path):
    folder = tmp_path / "notes"
    put(folder, "b.txt", b"two")
    put(folder, "a/c.txt", b"one")
    listing = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for data, name in ((b"one", "a/c.txt"), (b"two", "b.txt")))
    assert read_notes(folder).inputs == [
        {"name": "notes", "sha256": hashlib.sha256(listing.encode()).hexdigest(), "bytes": 6, "files": 2}
    ]  # fmt: skip


def test_many_files_are_opened_one_at_a_time(tmp_path, monkeypatch):
    for number in range(300):
        put(tmp_path, f"{number:03}.txt", str(number))
    opened = []
    monkeypatch.setattr("voicenlp.io.notes.read_document", lambda path, limit_chars: opened.append(path) or "x")
    batches = read_notes(tmp_path).batches(size=10)
    next(batches)
    assert len(opened) == 10


def test_without_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr("voicenlp.io.documents.find_spec", lambda name: None)
    put(tmp_path, "a.txt")
    put(tmp_path, "b.html")
    assert read_notes(tmp_path).check() == 2
    for name in ("c.docx", "d.rtf"):
        path = put(tmp_path, name)
        for source in (tmp_path, path):
            with pytest.raises(UsageError, match=r'pip install "voicenlp\[office\]"'):
                read_notes(source)
        path.unlink()


# --- Word ---


def word(path, build):
    document = docx.Document()
    build(document)
    document.save(path)
    (note,), rejects = read(path)
    assert not rejects
    return note.text


def test_word_in_document_order(tmp_path):
    def build(document):
        document.add_heading("Visit", level=1)
        document.add_paragraph("Seen ").add_run("alone").bold = True
        table = document.add_table(rows=2, cols=2)
        for cell, words in zip((cell for row in table.rows for cell in row.cells), ("Seen?", "Yes", "Bedroom?", ""), strict=True):
            cell.text = words
        document.add_heading("Views", level=2)
        document.add_paragraph("Line\ttwo\nthree")

    assert word(tmp_path / "a.docx", build) == "Visit\nSeen alone\nSeen? | Yes\nBedroom? |\n\nViews\nLine\ttwo\nthree"


def test_word_layout_tables_and_merged_cells(tmp_path):
    def build(document):
        table = document.add_table(rows=3, cols=2)
        table.cell(0, 0).text = "Child's views"
        table.cell(0, 1).text = "First."
        table.cell(0, 1).add_paragraph("Second.")
        table.cell(1, 0).merge(table.cell(2, 1)).text = "Across and down"
        document.add_paragraph("End")

    assert word(tmp_path / "a.docx", build) == "Child's views\nFirst.\nSecond.\nAcross and down\nEnd"


def test_word_content_controls_tracked_changes_and_text_boxes(tmp_path):
    xml = f"""<w:sdt {nsdecls("w")}><w:sdtPr/><w:sdtContent><w:p><w:r><w:t>In a control</w:t></w:r></w:p></w:sdtContent></w:sdt>"""
    para = f"""<w:p {nsdecls("w")}><w:r><w:t>She </w:t></w:r><w:del w:id="1" w:author="a"><w:r><w:delText>never </w:delText></w:r></w:del>
      <w:ins w:id="2" w:author="a"><w:r><w:t>often </w:t></w:r></w:ins><w:sdt><w:sdtPr/><w:sdtContent><w:r><w:t>smiled</w:t></w:r>
      </w:sdtContent></w:sdt><w:hyperlink><w:r><w:t> here</w:t></w:r></w:hyperlink><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"""
    box = f"""<w:p {nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:r><mc:AlternateContent>
      <mc:Choice Requires="wps"><w:txbxContent><w:p><w:r><w:t>Boxed</w:t></w:r></w:p></w:txbxContent></mc:Choice>
      <mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>Boxed</w:t></w:r></w:p></w:txbxContent></w:pict></mc:Fallback>
      </mc:AlternateContent></w:r></w:p>"""

    def build(document):
        for one in (xml, para, box):
            document.element.body.insert(-1, parse_xml(one))

    assert word(tmp_path / "a.docx", build) == "In a control\nShe often smiled here\nBoxed"


def test_a_word_file_that_would_unpack_to_gigabytes(tmp_path):
    path = tmp_path / "a.docx"
    docx.Document().save(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/media/x.bin", "w", force_zip64=True) as part:
        for _ in range(200):
            part.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    found, rejects = read(path)
    assert found == [] and "too large" in rejects[0].reason


def test_xml_entities_are_not_expanded(tmp_path):
    path = tmp_path / "a.docx"
    docx.Document().save(tmp_path / "plain.docx")
    bomb = '<!DOCTYPE d [<!ENTITY a "secret"><!ENTITY b "&a;&a;&a;">]>'
    with zipfile.ZipFile(tmp_path / "plain.docx") as old, zipfile.ZipFile(path, "w") as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename == "word/document.xml":
                head, rest = data.decode().split("?>", 1)
                data = f"{head}?>{bomb}{rest.replace('<w:sectPr', '<w:p><w:r><w:t>&b;</w:t></w:r></w:p><w:sectPr', 1)}".encode()
            new.writestr(item, data)
    found, rejects = read(path)
    assert all("secret" not in note.text for note in found) and len(found) + len(rejects) == 1


# --- HTML and RTF ---


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain  words\n here", "plain words here"),
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<p>a <b>b</b>c, <i>d</i> .</p>", "a bc, d ."),
        ("<div>a</div> <div><div>b</div></div>c", "a\nb\nc"),
        ("x&nbsp;&amp;&#8217;&eacute;&#x1F600;&bogus; 3 < 4", "x\xa0&’é😀&bogus; 3 < 4"),
        ("<head><title>t</title><style>p{}</style></head><body>a<script>b()</script><!-- c -->d", "ad"),
        ("<ul><li>one<li>two</ul>end", "one\ntwo\n\nend"),
        ("<table><tr><th>Seen<th>Alone</tr><tr><td><p>Yes</p></td><td></td></tr></table>", "Seen | Alone\nYes |"),
        ("<table><tr><td>a<td>b<tr><td><td>c</table>", "a | b\n | c"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<p>never <b>closed <script>x", "never closed"),
        ("", ""),
        ("<<<>>", "<<<>>"),
        ("a<!-- b --><!--[if mso]><p>c</p><![endif]-->d<!-- never closed <p>e</p>", "ad"),
        ("<![if !vml]>a<![endif]><o:p></o:p><?xml version='1.0'?>b", "ab"),
        ('<a title="x > y" href=z>link</a>', "link"),
    ],
)
def test_html(html, text):
    assert html_text(html).rstrip() == text


@pytest.mark.parametrize(
    "piece", ["<!--", "<a ", "<", "<!", "<?", "<![CDATA[", "</", "&#", "&", '<a b="', "<a b='>", "<p><table><td>", "<script>"]
)
def test_broken_html_takes_no_longer_than_whole(piece):
    start = time.process_time()
    html_text(piece * 100_000)
    assert time.process_time() - start < 20  # looking through the rest at each of them would take minutes


@pytest.mark.parametrize(
    "data",
    [
        "<meta charset=utf-8><p>Zoë’s</p>".encode(),
        '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><p>Zoë’s</p>'.encode("cp1252"),
        "<p>Zoë’s</p>".encode("cp1252"),
        "<meta charset='utf-8'><p>Zoë’s</p>".encode("cp1252"),
        "<p>Zoë’s</p>".encode("utf-16"),
        "<meta charset=klingon><p>Zoë’s</p>".encode(),
    ],
)
def test_html_encodings(data):
    assert html_text(data) == "Zoë’s"


def test_rtf(tmp_path):
    rtf = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator Word;}\f0 Mum said \ldblquote no\rdblquote\par
caf\'e9 \u8217?\u-10179?\u-8704?\tab end\par \trowd Seen\cell Yes\cell\row}"""
    (note,), _ = read(put(tmp_path, "a.rtf", rtf))
    assert note.text == "Mum said “no”\ncafé ’😀\tend\nSeen | Yes"
