"""What a run puts on record of what went in and what came out."""

import json
import os
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import voicenlp as vn
from voicenlp.audit import AuditLog, read_events
from voicenlp.audit.pseudonyms import Pseudonyms


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.upper().startswith("VOICENLP_") and name != "VOICENLP_MODEL":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def rows(count, children=7):
    texts = ["Kai said he wants to go home.", "Ava – “I like it here” 🙂 she said.", "Mum said no.", "No views.\x0b <b>"]
    return [{"note_id": f"n{n}", "child_id": f"c{n % children}", "text": texts[n % 4]} for n in range(count)]


def keyed(names, values):
    mac = names.contents()
    mac.update(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    return f"h_{mac.hexdigest()}"


@pytest.mark.parametrize("workers", [1, 2])
def test_the_hashes_of_batches_can_be_checked_against_notes_and_spans(workers):
    notes = rows(600)
    vn.tag(notes, "out", purpose="review", workers=workers)
    names = AuditLog("out/audit.log").pseudonyms
    events = list(read_events("out/audit.log"))
    came_in = [event["data"] for event in events if event["event"] == "batch.in"]
    came_out = [event["data"] for event in events if event["event"] == "batch.out"]
    assert [one["batch"] for one in came_in] == [one["batch"] for one in came_out] == [0, 1, 2]
    assert [one["notes"] for one in came_in] == [256, 256, 88]
    spans, place = pq.read_table("out/spans.parquet").to_pylist(), 0
    for number, (one, other) in enumerate(zip(came_in, came_out, strict=True)):
        batch = notes[256 * number : 256 * (number + 1)]
        assert one["hash"] == keyed(names, [[note["note_id"], note["text"]] for note in batch])
        part = spans[place : place + other["counts"]["spans"]]
        place += len(part)
        columns = ("note_id", "span_id", "element", "start", "end", "speaker")
        assert other["hash"] == keyed(names, [[span[name] for name in columns] for span in part])
        assert {span["note_id"] for span in part} <= {note["note_id"] for note in batch}
        assert other["counts"]["notes"] + other["counts"]["rejects"] == len(batch)
    assert place == len(spans) > 0


def test_every_child_is_named_once_its_notes_are_counted():
    vn.tag(rows(2_500, children=1_200), "out", purpose="review")
    reads = [event["data"] for event in read_events("out/audit.log") if event["event"] == "child.read"]
    assert len(reads) >= 3 and all(len(one["children"]) <= 500 for one in reads)
    names = AuditLog("out/audit.log").pseudonyms
    counted = {}
    for one in reads:
        for child, count in one["children"].items():
            counted[child] = counted.get(child, 0) + count
    assert counted == {names.of(f"c{n}"): 2 + (n < 100) for n in range(1_200)}


def test_the_card_of_the_model_is_on_record():
    import hashlib

    from voicenlp.taggers.cards import card_file

    vn.tag(rows(1), "out", purpose="review")
    (loaded,) = (event["data"] for event in read_events("out/audit.log") if event["event"] == "model.loaded")
    assert loaded["model"]["name"] == "rules" and loaded["card_sha256"] == hashlib.sha256(card_file("rules").read_bytes()).hexdigest()


def test_many_writers_of_one_key_store():
    Pseudonyms.make("a.key", "a.keys")
    found = [{} for _ in range(4)]

    def make(number):
        names = Pseudonyms("a.key", "a.keys")
        for at in range(0, 60, 3):
            found[number] |= names.of_all([f"c{child}" for child in range(at, at + 6)])

    threads = [threading.Thread(target=make, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1] == found[2] == found[3] and len(set(found[0].values())) == 63
    assert len(Path("a.keys").read_bytes().splitlines()) == 64
