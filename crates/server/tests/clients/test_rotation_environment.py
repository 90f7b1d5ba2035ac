"""The environment of built-in functions: the variables of AWS's templates, set the way that
Lambda's are, and what real databases get of it."""

import string

import pytest

import harness
import rotations
from receivers import until
from rotations import set_environment
from test_rotation import as_the_template_makes_it

ONE_OF_EACH = ["postgresql-single", "mariadb-alternating", "mysql-single", "redis-own"]
CANNOT = "Lambda was unable to configure your environment variables because "


def name_of(strategy):
    return f"SecretsManager{strategy.template}"


@pytest.fixture
def lamb(own_server):
    return own_server.client(service="lambda")


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_new_passwords_are_as_the_environment_says(own_server, name):
    strategy = rotations.ALL[name]
    database = rotations.start_database(strategy.engine)

    def rotated(**variables):
        set_environment(own_server, strategy, **variables)
        secret.rotate()
        secret.finished(secret.version)
        assert secret.works()
        return secret.read()["password"]

    try:
        secret = rotations.Secret(own_server, strategy, database)
        as_the_template_makes_it(strategy.engine, rotated())

        letters = rotated(PASSWORD_LENGTH="64", EXCLUDE_NUMBERS="true", EXCLUDE_PUNCTUATION="Yes")
        assert len(letters) == 64 and letters.isalpha()
        assert letters != letters.lower() and letters != letters.upper()

        numbers = rotated(
            PASSWORD_LENGTH="24", EXCLUDE_LOWERCASE="1", EXCLUDE_UPPERCASE="y",
            EXCLUDE_PUNCTUATION="TRUE", EXCLUDE_NUMBERS="no")
        assert len(numbers) == 24 and numbers.isdigit()

        # With all that the databases' own languages quote with.
        few = rotated(
            EXCLUDE_CHARACTERS=string.ascii_letters, REQUIRE_EACH_INCLUDED_TYPE="false",
            PASSWORD_LENGTH="200" if strategy.engine == "redis" else "79")
        assert not set(few) & set(string.ascii_letters)
        assert set(few) & set("'\"\\/@:")

        as_the_template_makes_it(strategy.engine, rotated())
    finally:
        database.remove()


def test_user_names_of_mysql_may_be_told_to_be_short(own_server):
    strategy = rotations.ALL["mysql-alternating"]
    database = rotations.start_database(strategy.engine)
    try:
        secret = rotations.Secret(own_server, strategy, database)
        set_environment(own_server, strategy, USERNAME_CHARACTER_LIMIT="16")
        secret.rotate()
        assert until(lambda: rotations.jobs(own_server).get(secret.name)) == (
            "createSecret: ValueError: Unable to clone user, username length with _clone "
            "appended would exceed 16 characters")
        set_environment(own_server, strategy)
        secret.finished(secret.version)
        assert secret.works()
    finally:
        database.remove()


def test_it_is_told_and_is_of_one_account_and_region(own_server, lamb):
    strategy = rotations.ALL["postgresql-single"]
    name = name_of(strategy)
    before = lamb.get_function_configuration(FunctionName=name)
    assert not {"Environment", "LastModified", "RevisionId"} & set(
        key for key, value in before.items() if value)
    answer = set_environment(own_server, strategy, EXCLUDE_CHARACTERS="%", PASSWORD_LENGTH="40")
    variables = {"EXCLUDE_CHARACTERS": "%", "PASSWORD_LENGTH": "40"}
    after = lamb.get_function_configuration(FunctionName=before["FunctionArn"])
    for told in (answer, after, lamb.get_function(FunctionName=name)["Configuration"]):
        assert told["Environment"] == {"Variables": variables}
        assert told["LastModified"] and told["RevisionId"] == answer["RevisionId"]
    # The code is nobody's to change, and the list is of functions that somebody made.
    assert lamb.list_functions()["Functions"] == []

    elsewhere = own_server.client(service="lambda", region="eu-central-1")
    others = [elsewhere.get_function_configuration(FunctionName=name)]
    others.append(lamb.get_function_configuration(
        FunctionName=name_of(rotations.ALL["postgresql-alternating"])))
    assert not any(other.get("Environment") for other in others)

    # It is there when the server comes back, and changes by revisions.
    own_server.restart()
    again = own_server.client(service="lambda")
    assert again.get_function_configuration(FunctionName=name)["Environment"][
        "Variables"] == variables
    with pytest.raises(again.exceptions.PreconditionFailedException):
        again.update_function_configuration(
            FunctionName=name, RevisionId=harness.word(), Environment={"Variables": {}})
    cleared = again.update_function_configuration(
        FunctionName=name, RevisionId=answer["RevisionId"], Environment={"Variables": {}})
    assert "Environment" not in cleared and cleared["RevisionId"] != answer["RevisionId"]


@pytest.mark.parametrize("variables, words", [
    ({"PASSWORD_LENGTH": "0"}, "the value of the environment variable PASSWORD_LENGTH must be "
                               "a number from 1 to 4096."),
    ({"PASSWORD_LENGTH": "long"}, "the value of the environment variable PASSWORD_LENGTH must "
                                  "be a number from 1 to 4096."),
    ({"EXCLUDE_NUMBERS": "never"}, "the value of the environment variable EXCLUDE_NUMBERS must "
                                   "be true or false."),
    ({"PASSWORD_LENGTH": "2"}, "no password is like that: "
                               "Password length is too short based on the required types."),
    ({"EXCLUDE_CHARACTERS": string.printable}, "no password is like that: "),
    ({"EXCLUDE_NUMBER": "true"}, "SecretsManagerRDSPostgreSQLRotationSingleUser reads no "
                                 "environment variable EXCLUDE_NUMBER: it reads "),
    ({"USERNAME_CHARACTER_LIMIT": "16"}, "SecretsManagerRDSPostgreSQLRotationSingleUser reads "
                                         "no environment variable USERNAME_CHARACTER_LIMIT"),
])
def test_an_environment_that_means_nothing(lamb, variables, words):
    name = name_of(rotations.ALL["postgresql-single"])
    with pytest.raises(lamb.exceptions.InvalidParameterValueException) as raised:
        lamb.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables})
    message = raised.value.response["Error"]["Message"]
    assert message.startswith(CANNOT + words), message
    assert not lamb.get_function_configuration(FunctionName=name).get("Environment")


@pytest.mark.parametrize("members", [
    {"Timeout": 60}, {"MemorySize": 256}, {"Description": "mine"}, {"Handler": "a.b"},
    {"Runtime": "python3.11"}, {"Role": "arn:aws:iam::111122223333:role/mine"},
    {"Layers": ["arn:aws:lambda:us-east-1:111122223333:layer:mine:1"]},
])
def test_nothing_else_of_it_can_be_set(lamb, members):
    with pytest.raises(lamb.exceptions.InvalidParameterValueException):
        lamb.update_function_configuration(
            FunctionName=name_of(rotations.ALL["postgresql-single"]),
            Environment={"Variables": {}}, **members)
