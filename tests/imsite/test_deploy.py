"""The files in deploy/ match the site."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands
from prometheus_client import REGISTRY

from imsite.options import OPTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
_SECRET = "x7" * 25


def environment() -> dict[str, str]:
    lines = (DEPLOY / "imsite.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_names_existing_settings() -> None:
    assert environment().keys() <= {option.name for option in OPTIONS}


def test_a_production_site_starts_with_the_completed_example(tmp_path: Path) -> None:
    filled = environment() | {"SECRET_KEY": _SECRET, "IM_CLUSTER_SECRET": _SECRET, "IM_DATA_DIR": str(tmp_path)}
    answer = check(filled)
    assert answer.returncode == 0, answer.stderr


def test_a_missing_secret_key_is_reported(tmp_path: Path) -> None:
    answer = check(environment() | {"IM_DATA_DIR": str(tmp_path)})
    assert answer.returncode and "SECRET_KEY" in answer.stderr


def check(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check` in a process with only these settings."""
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_guide_names_existing_commands_files_and_figures() -> None:
    text = (DEPLOY / "README.md").read_text()
    assert set(re.findall(r"\bmanage ([a-z]+)", text)) <= set(get_commands())
    for name in re.findall(r"\bdeploy/[\w.-]+", text):
        assert (ROOT / name).exists(), name
    known = {option.name for option in OPTIONS}
    assert {name.removesuffix("_FILE") for name in set(re.findall(r"\bIM_[A-Z_]+[A-Z]\b", text)) - known} <= known
    figures = {sample.name for metric in REGISTRY.collect() for sample in metric.samples} | {
        metric.name for metric in REGISTRY.collect()
    }
    for name in re.findall(r"\bimsite_\w+", text):
        assert name in figures or name.removesuffix("_total") in figures, name


@pytest.mark.parametrize("file", ["alerts.yml", "alerts_test.yml", "grafana-dashboard.json"])
def test_alerts_and_dashboard_name_existing_figures(file: str) -> None:
    figures = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
    # Labelled figures that were not counted yet have no samples.
    figures |= {f"{metric.name}_total" for metric in REGISTRY.collect() if metric.type == "counter"}
    named = set(re.findall(r"\b(?:imsite|process)_\w+", (DEPLOY / "monitoring" / file).read_text()))
    assert named and named <= figures


def test_the_dashboard_or_an_alert_shows_each_figure() -> None:
    shown = "".join((DEPLOY / "monitoring" / file).read_text() for file in ("alerts.yml", "grafana-dashboard.json"))
    own = {metric.name for metric in REGISTRY.collect() if metric.name.startswith("imsite_")}
    assert len(own) > 20
    assert {name for name in own if not re.search(rf"\b{name}(_\w+)?\b", shown)} == set()


def test_every_alert_is_tried_and_has_a_row_that_says_what_to_do() -> None:
    alerts = set(re.findall(r"- alert: (\w+)", (DEPLOY / "monitoring" / "alerts.yml").read_text()))
    tried = set(re.findall(r'alertname="(\w+)"', (DEPLOY / "monitoring" / "alerts_test.yml").read_text()))
    rows = (DEPLOY / "README.md").read_text().partition("| What you see |")[2].splitlines()[2:]
    named = [alert for row in rows for alert in re.findall(r"`(Imsite\w+)`", row.split(" | ")[0])]

    assert len(alerts) > 10
    assert tried == alerts
    assert sorted(named) == sorted(alerts)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool of Prometheus")
@pytest.mark.parametrize("what", [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]])
def test_prometheus_accepts_the_alerts(what: list[str]) -> None:
    answer = subprocess.run(["promtool", *what], cwd=DEPLOY / "monitoring", capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "imsite.service"
    # Nothing is installed here, and systemd checks that the commands exist.
    unit.write_text((DEPLOY / "imsite.service").read_text().replace("/opt/imsite/.venv/bin/python", sys.executable))
    answer = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    assert (answer.returncode, answer.stderr) == (0, "")
