"""Generated code is committed and current."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def generated(source: str, kinds: tuple[str, ...], directory: Path) -> dict[str, str]:
    outputs = [f"--{kind}_out={directory}" for kind in kinds]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", "-I.", *outputs, source], cwd=ROOT, check=True)
    return {path.name: path.read_text() for path in (directory / source).parent.iterdir()}


@pytest.mark.parametrize(
    ("source", "kinds", "names"),
    [
        (
            "delivery/cluster/rpc/deliver.proto",
            ("python", "pyi", "grpc_python"),
            {"deliver_pb2.py", "deliver_pb2.pyi", "deliver_pb2_grpc.py"},
        ),
        ("chat/wire/im.proto", ("python", "pyi"), {"im_pb2.py", "im_pb2.pyi"}),
    ],
)
def test_the_generated_code_is_current(tmp_path: Path, source: str, kinds: tuple[str, ...], names: set[str]) -> None:
    made = generated(source, kinds, tmp_path)
    assert set(made) == names
    for name, text in made.items():
        assert (ROOT / source).with_name(name).read_text() == text, f"{name} is stale: run `make proto`"
