"""GetRandomPassword: classes, exclusions, guarantees."""

import string

import pytest

from texts import PASSWORD_TOO_SHORT, violation

# The reference's list of punctuation is ASCII's.
CLASSES = [string.ascii_uppercase, string.ascii_lowercase, string.digits, string.punctuation]
WITHOUT = {
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


def password(client, **wish):
    answer = client.get_random_password(**wish)
    assert set(answer) - {"ResponseMetadata"} == {"RandomPassword"}
    return answer["RandomPassword"]


def test_default_is_32_characters_of_every_class(sm):
    for _ in range(20):
        text = password(sm)
        assert len(text) == 32
        assert set(text) <= set("".join(CLASSES))
        assert all(set(text) & set(kind) for kind in CLASSES)


@pytest.mark.parametrize("length", [4, 5, 33, 4096])
def test_length(sm, length):
    assert len(password(sm, PasswordLength=length)) == length


def test_shortest_password_with_every_class(sm):
    for _ in range(20):
        text = password(sm, PasswordLength=4)
        assert all(set(text) & set(kind) for kind in CLASSES)


def test_without_requirement_one_character_will_do(sm):
    text = password(sm, PasswordLength=1, RequireEachIncludedType=False)
    assert len(text) == 1


@pytest.mark.parametrize("flag", WITHOUT)
def test_excluded_class_never_shows(sm, flag):
    text = password(sm, PasswordLength=2000, **{flag: True})
    assert not set(text) & set(WITHOUT[flag])
    for kind in CLASSES:
        if kind != WITHOUT[flag]:
            assert set(text) & set(kind)


def test_one_class_alone(sm):
    text = password(
        sm, PasswordLength=1, ExcludeUppercase=True, ExcludeLowercase=True,
        ExcludePunctuation=True,
    )
    assert text in string.digits


def test_every_character_of_the_alphabet_occurs(sm):
    text = password(sm, PasswordLength=4096)
    assert set(text) == set("".join(CLASSES))


def test_excluded_characters_never_show(sm):
    banned = "aeiouAEIOU01\"'\\@/ "
    text = password(sm, PasswordLength=4096, ExcludeCharacters=banned)
    assert not set(text) & set(banned)


def test_space_only_on_request(sm):
    assert " " not in password(sm, PasswordLength=4096)
    assert " " in password(sm, PasswordLength=4096, IncludeSpace=True)


def test_passwords_differ(sm):
    assert len({password(sm) for _ in range(10)}) == 10


def test_characters_are_chosen_evenly(sm):
    # 94 characters, 8 × 4,096 draws: 349 expected each, deviation 19. Six
    # deviations leave less than one false alarm in ten million runs, and still
    # catch the modulo bias of a byte (which would double some characters' share).
    text = "".join(
        password(sm, PasswordLength=4096, RequireEachIncludedType=False)
        for _ in range(8)
    )
    counts = [text.count(character) for character in "".join(CLASSES)]
    assert 349 - 6 * 19 < min(counts) and max(counts) < 349 + 6 * 19


@pytest.mark.parametrize("wish", [
    {"PasswordLength": 3}, {"PasswordLength": 1},
    {"PasswordLength": 2, "ExcludePunctuation": True},
])
def test_too_short_for_its_classes(sm, refused, wish):
    with refused("InvalidParameterException", PASSWORD_TOO_SHORT):  # [E]
        sm.get_random_password(**wish)


def test_nothing_left_to_choose_from(sm, refused):
    everything = {flag: True for flag in WITHOUT}
    # The wording is unknown.
    for wish in (
        everything,
        {"ExcludeCharacters": "".join(CLASSES)},
        {**everything, "RequireEachIncludedType": False},
    ):
        with refused("InvalidParameterException"):
            sm.get_random_password(**wish)


def test_a_required_class_with_all_its_characters_excluded(sm, refused):
    # (inferred)
    with refused("InvalidParameterException"):
        sm.get_random_password(ExcludeCharacters=string.digits)
    text = password(
        sm, PasswordLength=500, ExcludeCharacters=string.digits,
        RequireEachIncludedType=False,
    )
    assert not set(text) & set(string.digits)


@pytest.mark.parametrize("wish, path, constraint", [
    ({"PasswordLength": 4097}, "passwordLength",
     "Member must have value less than or equal to 4096"),
    ({"PasswordLength": 0}, "passwordLength",
     "Member must have value greater than or equal to 1"),
    ({"ExcludeCharacters": "x" * 4097}, "excludeCharacters",
     "Member must have length less than or equal to 4096"),
])
def test_violations(loose, refused, wish, path, constraint):
    with refused("ValidationException", violation(path, constraint)):
        loose.get_random_password(**wish)
