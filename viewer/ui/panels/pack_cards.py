"""Cards of packs: waiting, ready, refused, failed, ran (screens 02, 03, 06)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from viewer.core.analysis import GateVerdict, PackInfo, Suitability
from viewer.room.analyses import PackState
from viewer.room.background import Job
from viewer.room.packs import box_sides
from viewer.room.panels.analysis import Asks, gate_badge, ran_notes, ran_words, reason_words
from viewer.room.views.facts import BadgeSpec
from viewer.ui.kit.basic import button, column, icon_label, label, row
from viewer.ui.kit.flow import FlowRow
from viewer.ui.kit.marks import badge
from viewer.ui.kit.section import Card
from viewer.words.i18n import named, said, tr


def pack_head(pack: PackInfo, mark: QWidget, icon: str = "", token: str = "", role: str = "strong") -> QHBoxLayout:
    """Name, version and badge; a long name goes on in a second line."""
    made, top = row(), Qt.AlignmentFlag.AlignTop
    if icon:
        made.addWidget(icon_label(icon, token, 20), 0, top)
    made.addWidget(label(named(pack.name), role, wrap=True), 1, top)
    version = label(pack.version, "caption")
    version.setContentsMargins(0, 1, 0, 0)
    made.addWidget(version, 0, top)
    made.addWidget(mark, 0, top)
    return made


def waiting_card(pack: PackInfo, gate: GateVerdict | None, place: int, remove: Callable[[], object]) -> Card:
    """A job in the queue."""
    card = Card()
    card.body.addLayout(pack_head(pack, badge(gate_badge(gate))))
    foot = row()
    words = tr("Waiting, next in the queue") if place == 0 else tr("Waiting, {n} before it", n=place)
    foot.addWidget(label(words, "caption"), 1)
    foot.addWidget(button(tr("Remove"), remove, style="quiet compact"))
    card.body.addLayout(foot)
    return card


def failed_card(asks: Asks, state: PackState, job: Job) -> Card:
    """A job that stopped: how far it came, what is safe, what to do."""
    card = Card("failed")
    error = job.error
    what = said(error.what) if error is not None else tr("The analysis stopped.")
    mark = BadgeSpec("failed", tr("Failed"), what)
    card.body.addLayout(pack_head(state.pack, badge(mark), "warn", "refuse"))
    reached = job.progress.fraction
    if reached is not None:
        card.body.addWidget(label(tr("Stopped at {n} %.", n=round(reached * 100)), "small"))
    strong = label(what, "small", wrap=True)
    strong.setStyleSheet("font-weight: 600;")
    card.body.addWidget(strong)
    if error is not None and error.todo:
        card.body.addWidget(label(said(error.todo), "caption2", wrap=True))
    buttons = FlowRow()
    pack_id = state.pack.id
    buttons.addWidget(button(tr("Try again"), lambda: asks.analyse(pack_id), style="primary compact"))
    buttons.addWidget(button(tr("Run on CPU"), lambda: asks.on_cpu(pack_id), style="compact"))
    buttons.addWidget(button(tr("Close"), lambda: asks.dismiss(job.id), style="quiet compact"))
    card.body.addLayout(buttons)
    return card


def idle_card(asks: Asks, state: PackState, *, primary: bool) -> Card:
    """A pack that may run: it suits, is warned, waits for its box, or is not checked yet."""
    warned = state.gate is not None and any(r.verdict is Suitability.WARN for r in state.gate.reasons)
    card = Card("warned" if warned else "")
    needs_box = state.pack.needs_roi and not state.boxes
    mark = BadgeSpec("plain", tr("Needs a box")) if needs_box else gate_badge(state.gate)
    icon = ("warn", "warn") if warned else ("", "")
    card.body.addLayout(pack_head(state.pack, badge(mark), *icon))
    if state.gate is not None:
        for reason in state.gate.reasons:
            if reason.verdict is Suitability.WARN:
                card.body.addWidget(label(f"•  {reason_words(reason)}", "caption2", wrap=True))
    if state.pack.needs_roi:
        card.body.addWidget(label(_box_words(state), "caption2", wrap=True))
        card.body.addLayout(_box_buttons(asks, state))
    if not state.pack.needs_roi or state.boxes:
        card.body.addLayout(_run_buttons(asks, state, warned=warned, primary=primary))
    return card


def _box_words(state: PackState) -> str:
    if state.boxes:
        return tr("Your boxes: {sides}", sides=", ".join(tr(side or "no side") for side in state.boxes))
    return tr("Drag a box around the structure on one view and check it on the other two.")


def _box_buttons(asks: Asks, state: PackState) -> FlowRow:
    buttons = FlowRow()
    pack_id = state.pack.id
    sides = box_sides(state.pack)
    missing = [side for side in sides if side not in state.boxes]
    for side in sides:
        words = {
            "right": tr("Place right box"),
            "left": tr("Place left box"),
            "": tr("Place box"),
        }[side]
        style = "compact" if state.boxes or side != sides[0] else "primary compact"
        icon = "roi-box" if side in missing else "accepted"
        made = button(words, _emit_box(asks, pack_id, side), icon=icon, style=style)
        buttons.addWidget(made)
    return buttons


def _emit_box(asks: Asks, pack_id: str, side: str) -> Callable[[], None]:
    def ask() -> None:
        asks.box(pack_id, side)

    return ask


def _run_buttons(asks: Asks, state: PackState, *, warned: bool, primary: bool) -> QHBoxLayout:
    foot = row()
    pack_id = state.pack.id
    text = tr("Analyse anyway") if warned else tr("Analyse")
    style = "primary compact" if primary and not warned else "compact"
    made = button(text, lambda: asks.analyse(pack_id), icon="warn" if warned else "", style=style)
    key = asks.key()
    made.setToolTip(f"{text} ({key})" if key else text)
    made.setEnabled(state.gate is not None)
    foot.addWidget(made)
    if warned:
        foot.addWidget(label(tr("The warnings enter the report."), "caption", wrap=True), 1)
    elif primary:
        foot.addWidget(label(key, "caption"), 1)
    else:
        foot.addStretch(1)
    return foot


def ran_row(asks: Asks, state: PackState) -> QFrame:
    """A pack that ran: where, how long, what came of it, and "Analyse again"."""
    entry = state.entries[-1]
    holder = QFrame()
    inside = column(holder, 0, 4)
    refused = entry.result.outcome == "refused"
    mark = BadgeSpec("refused", tr("Refused")) if refused else gate_badge(entry.result.gate)
    inside.addLayout(pack_head(state.pack, badge(mark), role=""))
    pack_id = state.pack.id
    again = button(tr("Again"), lambda: asks.analyse(pack_id), style="quiet compact", tip=tr("Analyse again"))
    again.setAccessibleName(f"{tr('Analyse again')}, {named(state.pack.name)}")
    for number, each in enumerate(state.entries):
        told = row()
        told.addWidget(label(ran_words(each), "caption", wrap=True), 1)
        if number == 0:
            told.addWidget(again, 0, Qt.AlignmentFlag.AlignTop)
        inside.addLayout(told)
        for words in ran_notes(each):
            inside.addWidget(label(words, "warn", wrap=True))
    if state.pack.needs_roi:
        inside.addLayout(_box_buttons(asks, state))
    holder.setAccessibleName(f"{named(state.pack.name)}. {ran_words(entry)}")
    return holder
