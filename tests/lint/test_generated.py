"""Generated code is committed, and is what its source makes today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_grpc_code_is_what_make_proto_writes(tmp_path: Path) -> None:
    outputs = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")]
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", "-I.", *outputs, "delivery/deliver.proto"], cwd=ROOT, check=True
    )
    made = {path.name: path.read_text() for path in (tmp_path / "delivery").iterdir()}
    assert set(made) == {"deliver_pb2.py", "deliver_pb2.pyi", "deliver_pb2_grpc.py"}
    for name, text in made.items():
        assert (ROOT / "delivery" / name).read_text() == text, f"delivery/{name} is stale: run `make proto`"
