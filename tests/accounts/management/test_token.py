"""`manage.py token` and `manage.py service`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.actions import devices_record_use
from accounts.models import Device, User
from accounts.selectors.users import user_by_token


def _run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


@pytest.mark.usefixtures("db")
def test_a_service_is_created_listed_and_restricted() -> None:
    assert _run("service", "create", "shop", "--nickname", "The shop") == "shop: chat.use_gateway"
    shop = User.objects.get(username="shop")
    assert (shop.kind, shop.nickname, shop.has_usable_password()) == ("service", "The shop", False)
    assert _run("service", "set-permissions", "shop", "chat.view_state") == "shop: chat.view_state"
    assert _run("service", "list") == "shop: chat.view_state"
    with pytest.raises(CommandError, match="taken"):
        _run("service", "create", "Shop")
    with pytest.raises(CommandError, match=r"chat\.nothing"):
        _run("service", "create", "till", "chat.nothing")
    with pytest.raises(CommandError, match=r"chat\.nothing"):
        _run("service", "set-permissions", "shop", "chat.nothing")
    with pytest.raises(CommandError, match="no service till"):
        _run("service", "set-permissions", "till")


@pytest.mark.usefixtures("db")
def test_a_token_is_created_listed_and_revoked() -> None:
    _run("service", "create", "shop")
    token = _run("token", "create", "shop", "Till 1", "--days", "3")
    known = user_by_token(token)
    assert known is not None and known[0].username == "shop"
    listed = _run("token", "list", "shop")
    assert "Till 1" in listed and "never used" in listed and token not in listed
    devices_record_use({known[1]: (None, "192.0.2.7")})
    assert "from 192.0.2.7" in _run("token", "list")
    number = str(Device.objects.get().pk)
    assert _run("token", "revoke", number) == f"Revoked token {number} of shop."
    assert user_by_token(token) is None
    assert _run("token", "list") == ""
    with pytest.raises(CommandError, match="no token"):
        _run("token", "revoke", number)


def test_tokens_are_created_for_services_and_expire(alice: User) -> None:
    with pytest.raises(CommandError, match="no service alice"):
        _run("token", "create", "alice", "Till 1")
    _run("service", "create", "shop")
    for days in ("0", "731"):
        with pytest.raises(CommandError, match="1 to 730 days"):
            _run("token", "create", "shop", "Till 1", "--days", days)
