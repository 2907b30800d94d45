"""Tools of the viewport: one class each, listed once here."""

from viewer.room.tools.base import Host, Pointer, Tool
from viewer.room.tools.box import BoxTool
from viewer.room.tools.drawing import AngleTool, ArrowTool, EllipseTool, LengthTool, ProbeTool, TextTool
from viewer.room.tools.navigate import CrosshairTool, PanTool, ScrollTool, WindowTool, ZoomTool

#: Every tool, in the order of the toolbar.
TOOLS: tuple[type[Tool], ...] = (
    WindowTool,
    PanTool,
    ZoomTool,
    ScrollTool,
    CrosshairTool,
    LengthTool,
    AngleTool,
    EllipseTool,
    BoxTool,
    ProbeTool,
    ArrowTool,
    TextTool,
)

__all__ = ["TOOLS", "Host", "Pointer", "Tool"]
