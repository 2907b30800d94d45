"""The lint over generated reports and over a hold-out of phrasings that were written before any rule."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from viewer.cli import main
from viewer.core.errors import InputError
from viewer.jobs.lint import lint
from viewer.reporting.lint.case import Code
from viewer.reporting.lint.checks import CHECKS

HERE = Path(__file__).parent
Raw = dict[str, Any]


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("lint_reports", HERE / "reports.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["lint_reports"] = module
    spec.loader.exec_module(module)
    return module


def held_out() -> list[Raw]:
    return [json.loads(line) for line in (HERE / "holdout.jsonl").read_text(encoding="utf-8").splitlines()]


def measured(cases: Iterable[Raw]) -> tuple[list[str], list[str], Counter[str]]:
    """Faults that were missed, clean reports with an issue, and how many faults of each code there were."""
    missed, false, asked = [], [], Counter[str]()
    for case in cases:
        issues = lint(case)["issues"]
        for issue in issues:
            assert issue["quote"] in (case["report"].get(issue["section"]) or ""), issue
        found = {issue["code"] for issue in issues}
        asked.update(case["codes"])
        missed += [f"{case['id']}: {code}" for code in case["codes"] if code not in found]
        if not case["codes"] and issues:
            false.append(f"{case['id']}: {issues}")
    return missed, false, asked


def test_every_code_has_one_check() -> None:
    assert [check.code for check in CHECKS] == list(Code)


def test_generated_faults_are_found_and_clean_reports_left_alone() -> None:
    missed, false, asked = measured(generator().made(130, seed=4000))
    assert set(asked) == set(Code)
    assert len(missed) <= 0.05 * asked.total(), missed
    assert len(false) <= 0.05 * 130, false


def test_phrasings_that_were_held_out_are_read() -> None:
    missed, false, asked = measured(held_out())
    assert set(asked) == set(Code)
    clean = sum(not case["codes"] for case in held_out())
    assert len(missed) <= 0.05 * asked.total(), missed
    assert len(false) <= 0.05 * clean, false


def fact(label: str, side: str = "", site: str = "", state: str = "accepted", *sizes: tuple[float, str]) -> Raw:
    measurements = [{"name": "Diameter", "value": value, "unit": unit} for value, unit in sizes]
    return {"id": "f", "label": label, "side": side, "site": site, "state": state, "measurements": measurements}


PRIOR = {"date": "2025-09-02", "modality": "CT"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Nodule of 8 mm in the right upper lobe.", False),
        ("Nodule of 0.8 cm in the right upper lobe.", False),
        ("Nodule of about 8 mm (previously 5 mm) in the right upper lobe.", False),
        ("Nodule of eight millimetres, 4 cm above the carina.", False),
        ("Nodule of 8 mm, slice thickness 5 mm.", False),
        ("Nodule of 12 mm in the right upper lobe.", True),
    ],
)
def test_sizes_of_other_times_and_distances_are_no_sizes(text: str, wrong: bool) -> None:
    context = {"findings": [fact("Nodule", "right", "right upper lobe", "accepted", (8.2, "mm"))], "prior": PRIOR}
    issues = lint({"report": {"findings": text}, "context": context})["issues"]
    assert [issue["code"] for issue in issues] == (["size_mismatch"] if wrong else [])


def run(tmp_path: Path, text: str) -> int:
    file = tmp_path / "cases.jsonl"
    file.write_text(text, encoding="utf-8")
    return main(["lint", str(file)], lambda _paths: 0)


def test_the_command_answers_a_line_each(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cases = held_out()[:3]
    assert run(tmp_path, "\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n\n") == 0
    answers = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [answer["id"] for answer in answers] == [case["id"] for case in cases]
    assert all(set(issue) == {"code", "section", "quote"} for answer in answers for issue in answer["issues"])


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"id": 1}', '{"report": {"findings": 7}}', '{"report": {}, "context": 3}']
)
def test_a_line_that_is_no_case_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str) -> None:
    assert run(tmp_path, f'{{"report": {{}}}}\n{text}\n') == 1
    assert "Line 2" in capfd.readouterr().err


def test_a_file_that_is_not_there_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(tmp_path / "none.jsonl")], lambda _paths: 0) == 1
    assert "cannot be read" in capfd.readouterr().err


@pytest.mark.parametrize(
    "context",
    [None, {}, {"patient": None, "exam": None, "prior": None, "findings": None}, {"exam": {"contrast": None}}],
)
def test_what_is_not_known_is_no_fault(context: Raw | None) -> None:
    report = {"findings": "Small left effusion.", "comparison": None, "impression": "Left effusion."}
    assert lint({"report": report, "context": context})["issues"] == []


def test_no_report_at_all_is_refused() -> None:
    with pytest.raises(InputError):
        lint({"context": {}})
