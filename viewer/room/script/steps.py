"""Every step by its name: what it takes and what does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from viewer.room.script import (
    advising,
    arranging,
    browsing,
    hanging,
    judging,
    measuring,
    params,
    picturing,
    registering,
    showing,
)
from viewer.room.script.params import Params, decoded, one_of
from viewer.room.script.sitting import Sitting


def _segment(sitting: Sitting, p: params.SegmentStep) -> Mapping[str, Any]:
    """`segment`; its mathematics are imported with the first segment."""
    from viewer.room.script.segmenting import segment

    return segment(sitting, p)


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step: its word, the struct of its keys, and what does it."""

    name: str
    takes: type[Params]
    run: Callable[[Sitting, Any], Mapping[str, Any]]


STEPS: tuple[StepSpec, ...] = (
    StepSpec("open", params.Open, showing.open_paths),
    StepSpec("join", params.Join, showing.join),
    StepSpec("part", params.Part, showing.part),
    StepSpec("show", params.Show, showing.show),
    StepSpec("slice", params.Slice, arranging.go_to_slice),
    StepSpec("window", params.SetWindow, showing.set_window),
    StepSpec("reset", params.InView, showing.reset),
    StepSpec("value", params.Value, showing.value),
    StepSpec("measure", params.Measure, measuring.measure),
    StepSpec("measurements", params.Nothing, measuring.measurement_list),
    StepSpec("move", params.Move, measuring.move),
    StepSpec("rename", params.Rename, measuring.rename),
    StepSpec("copy", params.Copy, measuring.copy),
    StepSpec("histogram", params.Bins, measuring.histogram),
    StepSpec("delete", params.WithId, measuring.delete),
    StepSpec("undo", params.Nothing, measuring.undo),
    StepSpec("redo", params.Nothing, measuring.redo),
    StepSpec("history", params.Nothing, measuring.history),
    StepSpec("key_image", params.MarkKeyImage, measuring.key_image),
    StepSpec("key_images", params.Nothing, measuring.key_image_list),
    StepSpec("box", params.PlaceBox, judging.place_box),
    StepSpec("analyse", params.Analyse, judging.analyse),
    StepSpec("findings", params.Nothing, judging.findings),
    StepSpec("judge", params.Judge, judging.judge),
    StepSpec("edit", params.Edit, judging.edit),
    StepSpec("text", params.Text, judging.text),
    StepSpec("lint", advising.Lint, advising.lint),
    StepSpec("overrule", advising.Overrule, advising.overrule),
    StepSpec("guideline", advising.Guideline, advising.guideline),
    StepSpec("report", params.Report, judging.report),
    StepSpec("picture", params.Draw, picturing.picture),
    StepSpec("state", params.Nothing, showing.state),
    StepSpec("layout", params.LayOut, hanging.layout),
    StepSpec("save_layout", params.SaveLayout, hanging.save_layout),
    StepSpec("hang", params.Hang, hanging.hang),
    StepSpec("rules", params.Rules, hanging.rules),
    StepSpec("studies", params.ListStudies, browsing.studies),
    StepSpec("priors", params.Priors, browsing.priors),
    StepSpec("sync", params.Sync, arranging.sync),
    StepSpec("compare", params.Compare, arranging.compare),
    StepSpec("pair", params.Pair, measuring.pair),
    StepSpec("plane", params.CutPlane, arranging.plane),
    StepSpec("register", params.Register, registering.register),
    StepSpec("segment", params.SegmentStep, _segment),
)
_BY_NAME = {step.name: step for step in STEPS}


def perform(sitting: Sitting, name: str, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """Do one step.

    Raises:
        ViewerError: in words; nothing was changed.
    """
    step = _BY_NAME[one_of(name, _BY_NAME, "step")]
    return step.run(sitting, decoded(step.takes, keys, name))
