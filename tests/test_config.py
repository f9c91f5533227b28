from __future__ import annotations

import pytest

from voicenlp.config import Settings, read_settings
from voicenlp.errors import InputError, UsageError


def write(folder, text):
    (folder / "voicenlp.toml").write_bytes(text.encode("utf-8"))
    return folder


def test_what_is_set_if_nothing_is(tmp_path, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "s.khan")
    found = read_settings(tmp_path, {})
    assert found.model_dump() == {
        "purpose": "", "actor": "s.khan", "role": "", "lawful_basis": "", "dpia": "", "audit": None, "key": None, "policy": None,
        "opt_out": None, "model": "neural", "limit_chars": 2_000_000, "workers": 1,
    }  # fmt: skip


def test_a_system_that_tells_no_user(monkeypatch):
    def nobody():
        raise OSError("no user")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert Settings().actor == "unknown"


def test_arguments_go_before_environment_and_environment_before_file(tmp_path):
    write(tmp_path, 'purpose = "file"\nrole = "file"\ndpia = "file"\nworkers = 3\n')
    environ = {"VOICENLP_ROLE": "environment", "VOICENLP_DPIA": "environment", "OTHER": "x", "VOICENLP_WORKERS": "  "}
    found = read_settings(tmp_path, environ, dpia="argument", purpose=None)
    assert (found.purpose, found.role, found.dpia, found.workers) == ("file", "environment", "argument", 3)


def test_the_working_folder_and_the_environment_of_the_process(tmp_path, monkeypatch):
    write(tmp_path, 'purpose = "review"')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICENLP_LIMIT_CHARS", "500")
    found = read_settings()
    assert (found.purpose, found.limit_chars) == ("review", 500)


def test_paths_in_the_file_are_taken_from_where_it_lies(tmp_path):
    write(tmp_path, 'audit = "logs/audit.log"')
    found = read_settings(tmp_path, {"VOICENLP_KEY": "safe.key"})
    assert found.audit == tmp_path / "logs" / "audit.log"
    assert str(found.key) == "safe.key"


def test_a_file_with_a_byte_order_mark_and_other_letters(tmp_path):
    assert read_settings(write(tmp_path, '\ufeffactor = "Zoë"'), {}).actor == "Zoë"


def test_all_faults_at_once_each_with_its_place(tmp_path):
    write(tmp_path, 'purpos = "review"\nlimit_chars = 0\nrole = ["a"]\n[tagger]\nx = 1\n')
    with pytest.raises(UsageError) as caught:
        read_settings(tmp_path, {"VOICENLP_WORKERS": "many", "VOICENLP_COLOUR": "red"}, dpia="a\nb", nonsense=1)
    lines = str(caught.value).splitlines()
    assert lines[:4] == [
        "voicenlp.toml: purpos: no such setting; did you mean purpose?",
        "voicenlp.toml: tagger: no such setting",
        "VOICENLP_COLOUR: no such setting",
        "argument nonsense: no such setting",
    ]
    assert [line.partition(": ")[0] for line in lines[4:]] == ["voicenlp.toml", "argument dpia", "voicenlp.toml", "VOICENLP_WORKERS"]
    assert "argument dpia: must be a single line" in lines
    assert "review" not in str(caught.value)


@pytest.mark.parametrize(("data", "message"), [(b"purpose = ", "not TOML"), (b"\xff", "not UTF-8"), (b"a = 1\na = 2", "not TOML")])
def test_a_file_that_cannot_be_read(tmp_path, data, message):
    (tmp_path / "voicenlp.toml").write_bytes(data)
    with pytest.raises(InputError, match=f"voicenlp.toml: {message}"):
        read_settings(tmp_path, {})


def test_a_folder_in_its_place(tmp_path):
    (tmp_path / "voicenlp.toml").mkdir()
    with pytest.raises(InputError, match="can't be read"):
        read_settings(tmp_path, {})


def test_what_is_noted_holds_no_path():
    assert Settings(model="/srv/models/own", limit_chars=9).noted() == {"model": "own", "limit_chars": 9}


def test_settings_do_not_change():
    with pytest.raises(ValueError):
        Settings().purpose = "other"


def test_who_fits_the_audit_log(tmp_path):
    from voicenlp.audit import AuditLog, tail

    settings = read_settings(tmp_path, {}, actor="s.khan", purpose="review", role="analyst", lawful_basis="6(1)(e)", dpia="14")
    AuditLog(tmp_path / "audit.log", **settings.who())
    assert {name: tail(tmp_path / "audit.log")[0][name] for name in settings.who()} == settings.who()
