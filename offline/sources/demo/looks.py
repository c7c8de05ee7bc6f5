"""How each sight of the demo city looks: its drawing, its colours, what stands round it."""

from collections.abc import Callable
from dataclasses import dataclass

from offline.sources.demo.canvas import Paint, Pen
from offline.sources.demo.sights import bridges, halls, sacred, squares, towers, walls


@dataclass(frozen=True, slots=True)
class Look:
    """How one sight is drawn."""

    draw: Callable[[Pen, Paint], None]
    paint: Paint
    ground: str  # a key of scenery.GROUNDS
    backdrop: str  # a key of scenery.BACKDROPS
    width: float  # units
    height: float  # units
    size: float = 1.0  # how much larger than usual it is drawn


def _look(
    draw: Callable[[Pen, Paint], None],
    colours: str,
    ground: str,
    backdrop: str,
    width: float,
    height: float,
    size: float = 1.0,
) -> Look:
    """A look; ``colours`` are those of walls, trim, roof and accent."""
    return Look(draw, Paint(*colours.split()), ground, backdrop, width, height, size)


LOOKS = {
    "demo-clock-tower": _look(
        towers.clock_tower, "#c4553c #f0d9b0 #3f8f7c #e0ad3e", "plaza", "city", 36, 125
    ),
    "demo-tv-tower": _look(
        towers.tv_tower, "#dcd6cc #b9c3cb #d9483b #e88b3a", "park", "hills", 36, 122
    ),
    "demo-lighthouse": _look(
        towers.lighthouse, "#f8f1e4 #e8dcc8 #37414f #cf3f36", "bay", "sea", 60, 112, 1.05
    ),
    "demo-obelisk": _look(
        towers.obelisk, "#a78fa0 #cdbcae #7a6676 #e9b73e", "plaza", "hills", 64, 118
    ),
    "demo-windmill": _look(
        towers.windmill, "#7d5a42 #c9ad83 #b9472f #f7eed9", "meadow", "hills", 40, 104, 1.16
    ),
    "demo-wooden-church": _look(
        sacred.wooden_church, "#b98149 #8a5d3b #a9b4b4 #e7c15a", "meadow", "forest", 92, 112, 1.08
    ),
    "demo-cathedral": _look(
        sacred.cathedral, "#fbf6ea #e6d8bd #2f62b0 #e8b23a", "quay", "hills", 84, 122, 1.08
    ),
    "demo-pagoda": _look(
        sacred.pagoda, "#c73e32 #a79a8c #35605c #e6b24d", "park", "mountains", 66, 122
    ),
    "demo-cable-bridge": _look(
        bridges.cable_bridge, "#f7f5ef #b8c2c8 #e9eef0 #3f6f8f", "banks", "city", 180, 118
    ),
    "demo-stone-bridge": _look(
        bridges.stone_bridge, "#d6a765 #edd3a2 #4b4f58 #6f8a76", "banks", "hills", 180, 48, 1.05
    ),
    "demo-aqueduct": _look(
        bridges.aqueduct, "#d9926c #e9bd94 #b8775a #b26c50", "meadow", "mountains", 180, 86
    ),
    "demo-theatre": _look(
        halls.theatre, "#efc667 #fbf3df #7d8f86 #4f7d68", "plaza", "city", 128, 68, 1.3
    ),
    "demo-palace": _look(
        halls.palace, "#5fb6b5 #fbf5e6 #7b8794 #e6b445", "quay", "forest", 176, 92
    ),
    "demo-station": _look(
        halls.station, "#b65f66 #f4e2cb #5d7f72 #e4b04a", "plaza", "hills", 164, 85, 1.12
    ),
    "demo-greenhouse": _look(
        halls.greenhouse, "#c9a98a #fdfbf4 #bfe3dc #3f8a4f", "park", "forest", 150, 76, 1.25
    ),
    "demo-glass-pyramid": _look(
        halls.glass_pyramid, "#d9cdbb #e9f2f5 #6fb0cc #c78f4a", "quay", "city", 170, 73, 1.15
    ),
    "demo-stadium": _look(
        halls.stadium, "#57748c #fbfaf5 #8f9aa3 #f0803c", "park", "city", 160, 76, 1.08
    ),
    "demo-observatory": _look(
        halls.observatory, "#ead9b8 #c9a877 #f4f6f7 #c9853f", "meadow", "mountains", 116, 68, 1.3
    ),
    "demo-fountain": _look(
        squares.fountain, "#c7b19a #e7d8c2 #58b0c4 #e5b148", "plaza", "forest", 150, 108, 1.2
    ),
    "demo-ferris-wheel": _look(
        squares.ferris_wheel, "#fbf8f0 #a9b6be #4f8fc0 #e0564b", "quay", "forest", 72, 114
    ),
    "demo-ferryman": _look(
        squares.monument, "#a5aab0 #8b8f98 #4c8270 #d8a646", "plaza", "sea", 78, 114
    ),
    "demo-triumphal-arch": _look(
        squares.triumphal_arch, "#f3e3bf #fcf5e3 #8a7a66 #e6ad33", "plaza", "forest", 98, 104, 1.1
    ),
    "demo-town-gate": _look(
        walls.town_gate, "#a9653f #ecd6ae #4f6d8f #d8503f", "park", "hills", 120, 112
    ),
    "demo-fortress": _look(
        walls.fortress, "#b9544a #f3dcc0 #3f7f5c #e9b840", "quay", "hills", 180, 98
    ),
}
