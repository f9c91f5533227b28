import pytest

from voicenlp.disclosure.policies import load_policies, load_policy
from voicenlp.errors import PolicyError


def test_policies_of_the_package_name_their_sources():
    policies = load_policies()
    assert set(policies) == {"dfe-children-in-need", "dfe-looked-after", "none"}
    for policy in policies.values():
        assert policy.name == "none" or policy.source.startswith("https://explore-education-statistics.service.gov.uk/")
    assert [n for n in range(8) if policies["dfe-children-in-need"].hides(n)] == [1, 2, 3, 4, 5]
    assert not any(policies["none"].hides(n) for n in range(8))


def test_own_policy_adds_and_rewrites(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text("[policies.dfe-children-in-need]\nround_to = { authority = 5, region = 10, england = 10 }\n", encoding="utf-8")
    assert load_policy("dfe-children-in-need", path).round_to["authority"] == 5
    assert load_policy("dfe-children-in-need", path).hide_to == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[policies.mine]\nhide_from = 1", "hide_to is missing"),
        ("[policies.none]\nthreshold = 3", "threshold: not known"),
        ("[policies.none]\nhide_to = true", "hide_to must be a whole number"),
        ('[policies.none]\nsymbol = "5"', "not a number"),
        ("[policies.none]\nround_to = { authority = 0, region = 1, england = 1 }", "round_to"),
        ("[policies.none]\nround_to = { authority = 1 }", "round_to"),
        ('[policies.none]\nrates = "both"', "exact or shown"),
        ("[rules]\na = 1", "rules: not known"),
        ("policies = 3", "must be a table"),
        ("[policies]\nnone = 3", "must be a table"),
        ("not toml", "TOML"),
    ],
)
def test_faults_of_an_own_policy(tmp_path, text, said):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=said):
        load_policies(path)


def test_unknown_name_and_missing_file(tmp_path):
    with pytest.raises(PolicyError, match="'dfe' is not known"):
        load_policy("dfe")
    with pytest.raises(PolicyError, match=r"can't be read"):
        load_policies(tmp_path / "none.toml")
