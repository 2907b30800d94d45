"""Tools of the views: one class each, listed once here; a measuring tool is one file."""

from viewer.room.tools.angle import AngleTool
from viewer.room.tools.arrow import ArrowTool
from viewer.room.tools.base import Host, Pointer, Tool
from viewer.room.tools.bidirectional import BidirectionalTool
from viewer.room.tools.box import BoxTool
from viewer.room.tools.cobb import CobbTool
from viewer.room.tools.ctr import CtrTool
from viewer.room.tools.ellipse import EllipseTool
from viewer.room.tools.freehand import FreehandTool
from viewer.room.tools.length import LengthTool
from viewer.room.tools.measure import MeasureTool
from viewer.room.tools.navigate import CrosshairTool, PanTool, ScrollTool, WindowTool, ZoomTool
from viewer.room.tools.polygon import PolygonTool
from viewer.room.tools.probe import ProbeTool
from viewer.room.tools.rectangle import RectangleTool
from viewer.room.tools.text import TextTool

#: Every tool, in the order of the menus; those with a `short` word stand on the toolbar.
TOOLS: tuple[type[Tool], ...] = (
    WindowTool,
    PanTool,
    ZoomTool,
    ScrollTool,
    CrosshairTool,
    LengthTool,
    BidirectionalTool,
    AngleTool,
    CobbTool,
    EllipseTool,
    RectangleTool,
    PolygonTool,
    FreehandTool,
    BoxTool,
    ProbeTool,
    CtrTool,
    ArrowTool,
    TextTool,
)
#: The measuring ones by id.
MEASURES: dict[str, type[MeasureTool]] = {tool.id: tool for tool in TOOLS if issubclass(tool, MeasureTool)}

__all__ = ["MEASURES", "TOOLS", "Host", "MeasureTool", "Pointer", "Tool"]
