"""Messages that AWS fixes, and the shapes of its refusals, from the reference's index of exact error texts.

[R] recorded from the live service; [E] known from emulators only, so probable.
"""

import re

NOT_FOUND = "Secrets Manager can't find the specified secret."  # [R]
INVALID_NAME = (  # [R]
    "Invalid name. Must be a valid name containing alphanumeric characters, "
    "or any of the following: -/_+=.@!"
)
MARKED = (  # [R]
    "You can't perform this operation on the secret because it was marked for deletion."
)
STAGE_MISMATCH = (  # [R]
    "You provided a VersionStage that is not associated to the provided VersionId."
)
TOKEN_REQUIRED = (  # [R]
    "You must provide a ClientRequestToken value. We recommend a UUID-type value."
)
NAME_SCHEDULED = (  # [R]
    "You can't create this secret because a secret with this name is already "
    "scheduled for deletion."
)
BOTH_KINDS = (  # [E]
    "You can't specify both a binary secret value and a string secret value "
    "in the same secret."
)
NO_VALUE = "You must provide either SecretString or SecretBinary."  # [E]
WINDOW_RANGE = (  # [E]
    "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
)
FORCE_AND_WINDOW = (  # [E]
    "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
)
ALREADY_SCHEDULED = (  # [E]
    "You can't perform this operation on the secret because it was already "
    "scheduled for deletion."
)
PASSWORD_TOO_SHORT = "Password length is too short based on the required types."  # [E]
LIST_OR_FILTERS = (  # [E]
    "Either 'SecretIdList' or 'Filters' must be provided, but not both."
)
MAX_RESULTS_NEEDS_FILTERS = (  # [E]
    "'Filters' not specified. 'Filters' must also be specified when "
    "'MaxResults' is provided."
)
CURRENT_STAYS = re.compile(  # [E]; the source prints a typographic apostrophe
    r"^You can only move staging label AWSCURRENT to a different secret version\. "
    r"It can['’]t be completely removed\.$"
)
UNSUPPORTED_PRINCIPAL = "This resource policy contains an unsupported principal."  # [R]


def exists(name):  # [R]
    return f"The operation failed because the secret {name} already exists."


def token_in_use(token, arn):  # [R]
    return (
        f"You can't use ClientRequestToken {token} because that value is already "
        f"in use for a version of secret {arn}."
    )


def no_value_for_label(label):  # [R]
    return (
        "Secrets Manager can't find the specified secret value "
        f"for staging label: {label}"
    )


def no_value_for_version(version):  # [R]
    return (
        "Secrets Manager can't find the specified secret value "
        f"for VersionId: {version}"
    )


def remove_from_needed(label, version):  # [R] for AWSCURRENT
    return (
        f"The parameter RemoveFromVersionId can't be empty. Staging label {label} "
        f"is currently attached to version {version}, so you must explicitly "
        "reference that version in RemoveFromVersionId."
    )


def violation(path, constraint, value=None):
    """The generic text for one violated constraint.

    Without `value` the text only has to name the path: a sensitive or null value
    is not echoed, and the reference leaves open what stands in its place.
    """
    shown = r"Value (null |'.*' )?" if value is None else f"Value '{re.escape(value)}' "
    return re.compile(
        rf"^1 validation error detected: {shown}at '{re.escape(path)}' failed to "
        rf"satisfy constraint: {constraint}$",
        re.DOTALL,
    )


SIGNATURE_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details."
)


def signature_refused(reply, code, message=None):
    """Signature errors of JSON services: HTTP 400, lower-case `message`."""
    assert (reply.status, reply.code) == (400, code), reply
    assert "Message" not in reply.json
    assert "x-amzn-requestid" in reply.headers
    # SDKs correct their clock by it.
    assert "date" in reply.headers
    if isinstance(message, re.Pattern):
        assert message.search(reply.message), reply.message
    elif message is not None:
        assert reply.message == message
