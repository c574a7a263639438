"""The clients with and without asyncio have the same methods, and so have their connections."""

from __future__ import annotations

import inspect

import pytest

from imsite.client import Client, ClientConnection, SyncClient, SyncConnection


def _methods(face: type) -> dict[str, list[inspect.Parameter]]:
    """Return the parameters of each public method."""
    functions = inspect.getmembers(face, inspect.isfunction)
    return {
        name: list(inspect.signature(function).parameters.values())
        for name, function in functions
        if not name.startswith("_")
    }


def _properties(face: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(face, lambda value: isinstance(value, property))}


@pytest.mark.parametrize(("face", "sync_face"), [(Client, SyncClient), (ClientConnection, SyncConnection)])
def test_both_faces_have_the_same_methods(face: type, sync_face: type) -> None:
    assert _methods(sync_face) == _methods(face)


@pytest.mark.parametrize(("face", "sync_face"), [(Client, SyncClient), (ClientConnection, SyncConnection)])
def test_methods_without_asyncio_are_no_coroutines(face: type, sync_face: type) -> None:
    coroutines = [name for name in _methods(face) if inspect.iscoroutinefunction(getattr(face, name))]
    assert len(coroutines) > 10
    assert not [name for name in coroutines if inspect.iscoroutinefunction(getattr(sync_face, name))]


def test_both_connections_have_the_same_properties() -> None:
    assert _properties(SyncConnection) == _properties(ClientConnection) | {"position", "disconnect_count"}
