"""Make the font of the figures: a subset of Noto Sans JP Regular.

The source is the static TrueType file ``400Regular/NotoSansJP_400Regular.ttf`` of the npm package
``@expo-google-fonts/noto-sans-jp`` (version 0.4.3; ``npm pack`` fetches it), Google's build of
Adobe's design under the SIL Open Font License 1.1. ``NotoSansJP-OFL.txt`` is the package's
``LICENSE_FONT``. Matplotlib embeds TrueType outlines in a PDF as Type 42, but not the CFF outlines
of Debian's package.

The subset has ASCII, Latin-1, the non-kanji of JIS X 0208 (punctuation, symbols, kana, Greek,
full-width forms), half-width kana, some musical and mathematical signs, JIS level 1 kanji, all Jōyō
kanji and a few words of the field. It has no hinting, no vertical metrics and no layout features
except kerning. The licence reserves the font name "Source", which the subset does not use; its own
family name distinguishes it from an installed Noto Sans JP.

    python scripts/make_font.py NotoSansJP_400Regular.ttf

Needs ``fonttools``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

OUT = Path(__file__).resolve().parents[1] / "src/otowake/data/NotoSansJP-subset.ttf"
FAMILY = "Noto Sans JP Subset"

# The 34 Jōyō kanji (2010) that JIS X 0208 does not count as level 1; from Unihan's kJoyoKanji.
JOYO_BEYOND_LEVEL_1 = "丼傲刹剝哺喩嗅嘲塡彙恣惧慄憬拉摯曖楷毀璧瘍箋籠緻羞訃諧貪踪辣錮頰鬱𠮟"
FIELD = "閾笙箏篳篥琵琶絃"  # 閾値 (threshold) and instruments, of which some are JIS level 2
SIGNS = "–—‘’“”•…‰‖€™−×·∞≈≠≤≥±√∑∏∂∫∆←↑→↓↔♩♪♫♬♭♮♯ĀāĒēĪīŌōŪūŒœ"
RANGES = (
    range(0x0020, 0x007F),  # ASCII
    range(0x00A0, 0x0100),  # Latin-1
    range(0x0391, 0x03CA),  # Greek
    range(0x3000, 0x3040),  # CJK punctuation
    range(0x3040, 0x3100),  # hiragana, katakana
    range(0xFF01, 0xFFF0),  # full-width forms, half-width kana
)


def jis_x_0208(rows: Iterable[int]) -> Iterator[int]:
    """Yield the code points of some rows (区) of JIS X 0208."""
    for row in rows:
        for cell in range(1, 95):
            char = bytes([0xA0 + row, 0xA0 + cell]).decode("euc_jp", errors="ignore")
            yield from map(ord, char)


def code_points() -> set[int]:
    """Return the code points of the subset."""
    return {
        *jis_x_0208(range(1, 7)),
        *jis_x_0208(range(16, 48)),
        *map(ord, JOYO_BEYOND_LEVEL_1 + FIELD + SIGNS),
        *(point for points in RANGES for point in points),
    }


def rename(font: TTFont, family: str) -> None:
    """Give the font a family name of its own; keep the copyright, licence, version and credits."""
    names = font["name"]
    names.names = [
        record for record in names.names if record.nameID in {0, 5, 7, 8, 9, 10, 11, 13, 14}
    ]
    postscript = family.replace(" ", "") + "-Regular"
    texts = {1: family, 2: "Regular", 3: f"otowake;{postscript}", 4: family, 6: postscript}
    for name_id, text in texts.items():
        names.setName(text, name_id, 3, 1, 0x409)


def make(source: Path, out: Path) -> None:
    """Write the subset of ``source`` to ``out``."""
    font = TTFont(source, fontNumber=0, recalcTimestamp=False)
    options = subset.Options(
        hinting=False,
        layout_features=["kern"],
        name_IDs=["*"],
        notdef_outline=True,
        drop_tables=[*subset.Options().drop_tables, "BASE", "STAT", "VORG", "gasp", "vhea", "vmtx"],
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=code_points())
    subsetter.subset(font)
    rename(font, FAMILY)
    font.save(out)
    print(f"{out.name}: {len(font.getBestCmap())} characters, {out.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Make the Japanese font for figures.")
    parser.add_argument("source", type=Path, help="Noto Sans JP Regular, TTF, OTF or TTC")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    make(args.source, args.out)


if __name__ == "__main__":
    main()
