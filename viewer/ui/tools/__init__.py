"""Tools of the viewport: one class each, listed once here."""

from viewer.ui.tools.base import Host, Pointer, Tool
from viewer.ui.tools.box import BoxTool
from viewer.ui.tools.drawing import AngleTool, ArrowTool, EllipseTool, LengthTool, ProbeTool, TextTool
from viewer.ui.tools.navigate import CrosshairTool, PanTool, ScrollTool, WindowTool, ZoomTool

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
