"""ListSecrets page by page: complete, and stable while secrets come and go."""

import time

import pytest

from harness import all_pages, word
from texts import violation

ORDERS = [
    {}, *({"SortBy": by, "SortOrder": direction}
          for by in ("name", "created-date", "last-changed-date", "last-accessed-date")
          for direction in ("asc", "desc")),
]


def scope(prefix):
    return [{"Key": "name", "Values": [prefix]}]


@pytest.fixture(scope="module")
def dozen(sm):
    prefix = word()
    for i in range(12):
        sm.create_secret(Name=f"{prefix}/{i:02}", SecretString="v")
    return prefix


@pytest.mark.parametrize("size", [1, 5, 11, 12, 13, 100])
def test_pages_add_up(sm, dozen, size):
    pages = all_pages(
        sm.list_secrets, "SecretList", Filters=scope(dozen), MaxResults=size
    )
    seen = [entry["Name"] for page in pages for entry in page]
    assert sorted(seen) == [f"{dozen}/{i:02}" for i in range(12)]
    assert all(len(page) <= size for page in pages)


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_pages_keep_the_order_of_the_whole(sm, dozen, order):
    whole = sm.list_secrets(Filters=scope(dozen), **order)["SecretList"]
    pages = all_pages(
        sm.list_secrets, "SecretList", Filters=scope(dozen), MaxResults=5, **order
    )
    assert [e["Name"] for page in pages for e in page] == [e["Name"] for e in whole]


def test_the_official_paginator(sm, dozen):
    pages = sm.get_paginator("list_secrets").paginate(
        Filters=scope(dozen), PaginationConfig={"PageSize": 4}
    )
    assert sum(len(page["SecretList"]) for page in pages) == 12


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_survivors_are_neither_skipped_nor_repeated(sm, order):
    prefix = word()
    alive = []
    for i in range(14):
        alive.append(f"{prefix}/{i:02}")
        sm.create_secret(Name=alive[-1], SecretString="v")
    survivors, seen, round_ = set(alive), [], 0
    wish = {"Filters": scope(prefix), "MaxResults": 3, **order}
    while True:
        answer = sm.list_secrets(**wish)
        seen += [entry["Name"] for entry in answer["SecretList"]]
        if "NextToken" not in answer:
            break
        wish["NextToken"] = answer["NextToken"]
        # One already shown goes (the last one, where the next page takes off),
        # one not yet shown goes, and new ones come at both ends and between.
        for gone in (*seen[-1:], next((n for n in alive if n not in seen), None)):
            if gone in survivors:
                sm.delete_secret(SecretId=gone, ForceDeleteWithoutRecovery=True)
                survivors.discard(gone)
        round_ += 1
        assert round_ < 100, "the listing never ends"
        if round_ > 4:
            continue
        for new in (f"{prefix}/+", f"{prefix}/07-", f"{prefix}/99-"):
            sm.create_secret(Name=f"{new}{round_}", SecretString="v")
    assert len(seen) == len(set(seen))
    assert survivors <= set(seen)


def test_an_item_scheduled_for_deletion_between_pages_leaves(sm):
    prefix = word()
    names = [f"{prefix}/{i}" for i in range(6)]
    for secret in names:
        sm.create_secret(Name=secret)
        time.sleep(0.002)
    wish = {"Filters": scope(prefix), "SortBy": "name", "SortOrder": "asc",
            "MaxResults": 2}
    first = sm.list_secrets(**wish)
    sm.delete_secret(SecretId=names[3])
    rest = all_pages(
        sm.list_secrets, "SecretList", **wish, NextToken=first["NextToken"]
    )
    assert [e["Name"] for page in rest for e in page] == [names[2], names[4], names[5]]


@pytest.mark.parametrize("bad", ["x", "no such token", "AAAA" * 20, "=" * 40])
def test_made_up_tokens(sm, refused, bad):
    with refused("InvalidNextTokenException"):
        sm.list_secrets(NextToken=bad)


def test_damaged_tokens(sm, dozen, refused):
    wish = {"Filters": scope(dozen), "MaxResults": 5}
    good = sm.list_secrets(**wish)["NextToken"]
    middle = len(good) // 2
    flipped = "A" if good[middle] != "A" else "B"
    for bad in (good[:middle], good[:middle] + flipped + good[middle + 1:], good + "A"):
        with refused("InvalidNextTokenException"):
            sm.list_secrets(**wish, NextToken=bad)
    assert len(sm.list_secrets(**wish, NextToken=good)["SecretList"]) == 5


def test_a_token_may_be_used_again(sm, dozen):
    wish = {"Filters": scope(dozen), "MaxResults": 5}
    wish["NextToken"] = sm.list_secrets(**wish)["NextToken"]
    first, second = sm.list_secrets(**wish), sm.list_secrets(**wish)
    assert first["SecretList"] == second["SecretList"]


@pytest.mark.parametrize("wish, path, constraint", [
    ({"MaxResults": 0}, "maxResults", "Member must have value greater than or equal to 1"),
    ({"MaxResults": -1}, "maxResults", "Member must have value greater than or equal to 1"),
    ({"MaxResults": 101}, "maxResults", "Member must have value less than or equal to 100"),
    ({"NextToken": ""}, "nextToken", "Member must have length greater than or equal to 1"),
    ({"NextToken": "t" * 4097}, "nextToken",
     "Member must have length less than or equal to 4096"),
])
def test_violations(loose, refused, wish, path, constraint):
    with refused("ValidationException", violation(path, constraint)):
        loose.list_secrets(**wish)


def test_default_page_is_a_hundred(server):
    # A Region of its own, so that nothing else is listed.
    sm, prefix = server.client("ap-south-1"), word()
    for i in range(103):
        sm.create_secret(Name=f"{prefix}/{i:03}")
    first = sm.list_secrets()
    assert len(first["SecretList"]) == 100
    second = sm.list_secrets(NextToken=first["NextToken"])
    assert len(second["SecretList"]) == 3
    assert "NextToken" not in second
