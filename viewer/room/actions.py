"""Every action as one row: name, key, icon, menu, place on the toolbar; every key that is printed comes from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from viewer.core.errors import UsageError
from viewer.room.tools import TOOLS


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action.

    Attributes:
        id: stable, used by settings; text: in menus; short: on the toolbar ("" = not there).
        keys: default keys, the first is the one shown.
        menu: menu it stands in; a change of `group` draws a separator there.
        tool: id of the tool it picks (exclusive, checkable); toggle: checkable on its own.
        view: works on the active view, so it needs an open picture; on: checked at the start.
    """

    id: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    short: str = ""
    group: int = 0
    tool: str = ""
    toggle: bool = False
    view: bool = False
    on: bool = False


def _tools(menu: str) -> tuple[ActionRow, ...]:
    """The rows of the tools of a menu, as each tool tells them."""
    return tuple(
        ActionRow(f"tool.{t.id}", t.name, menu, t.keys, t.icon, t.short, tool=t.id, view=True, on=t is TOOLS[0])
        for t in TOOLS
        if t.menu == menu
    )


MENUS = ("File", "View", "Image", "Measure", "Analysis", "Report", "Window", "Help")

ACTIONS: tuple[ActionRow, ...] = (
    ActionRow("file.open_folder", "Open folder...", "File", ("Ctrl+O",), "folder-open", "Open"),
    ActionRow("file.open_files", "Open files...", "File", ("Ctrl+Shift+O",)),
    ActionRow("file.samples", "Open sample studies", "File"),
    ActionRow("file.close_study", "Close study", "File", ("Ctrl+W",), group=1),
    ActionRow("file.settings", "Settings...", "File", ("Ctrl+,",), group=2),
    ActionRow("file.hanging", "Hanging rules...", "File", group=2),
    ActionRow("file.quit", "Quit", "File", ("Ctrl+Q",), group=3),
    ActionRow("view.layout", "Next layout", "View", ("Ctrl+L",), "layout", "Layout", view=True),
    ActionRow("view.hang", "Hang again by rule", "View", ("Ctrl+Shift+L",), view=True),
    ActionRow(
        "view.sync", "Synchronise scrolling", "View", ("Ctrl+Alt+S",), "sync", "Sync", toggle=True, view=True, on=True
    ),
    ActionRow("view.references", "Reference lines", "View", ("Ctrl+Alt+R",), toggle=True, view=True),
    ActionRow("view.next", "Next view", "View", ("Tab",), group=1, view=True),
    ActionRow("view.previous", "Previous view", "View", ("Shift+Tab",), group=1, view=True),
    ActionRow("view.maximise", "Maximise view", "View", ("F11",), group=1, view=True),
    ActionRow("view.corners", "Corner annotations", "View", ("Space",), group=2, view=True),
    ActionRow("view.hide_name", "Hide patient name", "View", ("Ctrl+H",), group=2, toggle=True),
    ActionRow("series.previous", "Previous series", "View", ("PgUp",), group=3, view=True),
    ActionRow("series.next", "Next series", "View", ("PgDown",), group=3, view=True),
    ActionRow("patient.previous", "Previous patient", "View", ("Ctrl+Up",), group=3, view=True),
    ActionRow("patient.next", "Next patient", "View", ("Ctrl+Down",), group=3, view=True),
    *_tools("Image"),
    ActionRow("slice.up", "Previous image", "Image", ("Up",), group=1, view=True),
    ActionRow("slice.down", "Next image", "Image", ("Down",), group=1, view=True),
    ActionRow("slice.up10", "10 images back", "Image", ("Shift+Up",), group=1, view=True),
    ActionRow("slice.down10", "10 images on", "Image", ("Shift+Down",), group=1, view=True),
    ActionRow("slice.first", "First image", "Image", ("Home",), group=1, view=True),
    ActionRow("slice.last", "Last image", "Image", ("End",), group=1, view=True),
    ActionRow("image.cine", "Cine", "Image", ("C",), group=1, view=True),
    ActionRow("window.auto", "Automatic window", "Image", ("0",), group=2, view=True),
    ActionRow("window.file", "Window from file", "Image", ("1",), group=2, view=True),
    *(ActionRow(f"window.preset{n}", f"Preset {n - 1}", "Image", (str(n),), group=2, view=True) for n in range(2, 10)),
    ActionRow("image.flip_h", "Flip left and right", "Image", ("H",), group=3, view=True),
    ActionRow("image.flip_v", "Flip up and down", "Image", ("V",), group=3, view=True),
    ActionRow("image.rotate", "Rotate right", "Image", ("R",), group=3, view=True),
    ActionRow("image.rotate_back", "Rotate left", "Image", ("Shift+R",), group=3, view=True),
    ActionRow("image.invert", "Invert", "Image", ("I",), group=3, view=True),
    ActionRow("image.subtract", "Mask subtraction on or off", "Image", ("M",), group=3, view=True),
    ActionRow("image.key", "Key image", "Image", ("K",), "key-image", "Key image", group=4, view=True),
    ActionRow("image.copy", "Copy picture", "Image", ("Ctrl+C",), group=5, view=True),
    ActionRow("image.save", "Save picture...", "Image", ("Ctrl+S",), group=5, view=True),
    ActionRow("image.film", "Save film...", "Image", (), group=5, view=True),
    ActionRow("image.patient_text", "Patient text on copies", "Image", (), group=5, toggle=True),
    *_tools("Measure"),
    ActionRow("measure.point", "Pointer by keys, then a point", "Measure", ("Return",), group=1, view=True),
    ActionRow("measure.copy", "Copy the selected drawing to this image", "Measure", ("Ctrl+D",), group=1, view=True),
    ActionRow("measure.table", "Export measurements...", "Measure", (), group=2, view=True),
    ActionRow("measure.delete", "Delete the selected drawing", "Measure", ("Del",), group=1, view=True),
    ActionRow("analysis.run", "Analyse", "Analysis", ("F5",), view=True),
    ActionRow("analysis.all", "Analyse with all that suit", "Analysis", ("Shift+F5",), view=True),
    ActionRow("analysis.occlusion", "Heatmap by occlusion", "Analysis", ()),
    ActionRow("analysis.cancel", "Cancel analysis", "Analysis", ("Ctrl+.",)),
    ActionRow("overlay.toggle", "Overlay on or off (hold to peek)", "Analysis", ("O",), "eye", group=1, view=True),
    ActionRow("finding.next", "Next finding", "Analysis", ("N",), group=2, view=True),
    ActionRow("finding.previous", "Previous finding", "Analysis", ("Shift+N",), group=2, view=True),
    ActionRow("finding.accept", "Accept finding", "Analysis", ("Ctrl+Return", "Ctrl+Enter"), "accepted", group=3),
    ActionRow("finding.unsure", "Not sure about finding", "Analysis", ("Ctrl+Shift+Return",), "unsure", group=3),
    ActionRow("finding.reject", "Reject finding", "Analysis", ("Ctrl+Backspace",), "rejected", group=3),
    ActionRow("finding.edit", "Edit finding...", "Analysis", ("F2",), group=3),
    ActionRow("report.write", "Write report", "Report", ("F9",), "report", "Report"),
    ActionRow("report.export", "Export report...", "Report", ("Ctrl+E",), group=1),
    ActionRow("view.reset", "Reset view", "Image", ("Ctrl+R",), "reset", "Reset", group=4, view=True),
    ActionRow("edit.undo", "Undo", "Window", ("Ctrl+Z",), "undo", "Undo"),
    ActionRow("edit.redo", "Redo", "Window", ("Ctrl+Y", "Ctrl+Shift+Z"), "redo", "Redo"),
    ActionRow("region.next", "Next region", "Window", ("F6",), group=1),
    ActionRow("region.previous", "Previous region", "Window", ("Shift+F6",), group=1),
    ActionRow("panel.studies", "Studies panel", "Window", ("F7",), group=1),
    ActionRow("panel.right", "Right panel", "Window", ("F8",), group=1),
    ActionRow("view.second", "Views in a second window", "Window", ("Ctrl+Shift+M",), group=1),
    ActionRow("help.keys", "All keys", "Help", ("F1",)),
    ActionRow("help.tour", "Two-minute tour", "Help"),
    ActionRow("help.about", "About SecondRead", "Help"),
)

#: Keys that no action may take.
FIXED = ("Esc",)
_MODIFIERS = ("Ctrl", "Alt", "Shift", "Meta")

#: Groups of the toolbar, by action id.
TOOLBAR: tuple[tuple[str, ...], ...] = (
    ("file.open_folder", "view.layout", "view.sync"),
    ("tool.window", "tool.pan", "tool.zoom", "tool.scroll", "tool.crosshair"),
    ("tool.length", "tool.angle", "tool.ellipse", "tool.box", "tool.probe", "tool.arrow", "tool.text"),
    ("image.key", "report.write"),
    ("view.reset", "edit.undo", "edit.redo"),
)


def row(action_id: str) -> ActionRow:
    """The row of an action."""
    return next(r for r in ACTIONS if r.id == action_id)


def keys_of(action: ActionRow, rebound: Mapping[str, str]) -> tuple[str, ...]:
    """The keys an action has: the reader's own, else the defaults."""
    own = rebound.get(action.id)
    if own is None:
        return action.keys
    return (own,) if own else ()


def conflicts(rebound: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Keys that more than one action has: key -> ids of its actions, "" for what is fixed."""
    users: dict[str, list[str]] = {normal(key): [""] for key in FIXED}
    for action in ACTIONS:
        for key in keys_of(action, rebound):
            users.setdefault(normal(key), []).append(action.id)
    return {key: tuple(ids) for key, ids in users.items() if len(ids) > 1}


def check_keys(rebound: Mapping[str, str]) -> None:
    """Refuse keys with two meanings.

    Raises:
        UsageError: the keys are named.
    """
    clashes = conflicts(rebound)
    if clashes:
        raise UsageError(f"Keys with two meanings: {', '.join(sorted(clashes))}.", "Give each action its own key.")


def normal(key: str) -> str:
    """One way to write a key: modifiers in a fixed order, the key itself last ("shift+ctrl+l" -> "Ctrl+Shift+L")."""
    *held, last = key.replace("++", "+Plus").split("+") if key != "+" else ["Plus"]
    modifiers = [name for name in _MODIFIERS if name.casefold() in {part.strip().casefold() for part in held}]
    name = last.strip()
    return "+".join([*modifiers, name.upper() if len(name) == 1 else name])


def printed_key(action_id: str, rebound: Mapping[str, str]) -> str:
    """The key to print for an action, as Qt writes it on every system; "" where it has none."""
    return next(iter(keys_of(row(action_id), rebound)), "")
