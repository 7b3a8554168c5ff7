"""Make the figure of the demo, and screenshots of its report, for README and documentation.

    python scripts/screenshots.py [--browser /usr/bin/chromium]

The extra ``test`` has Playwright; Japanese needs a font such as Debian's fonts-noto-cjk.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

import otowake
from otowake.plot import analysis_figure
from otowake.results.save import write_analysis
from otowake.text import LANGUAGES

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = {"width": 1280, "height": 1180}


def main() -> None:
    """Analyse the demo and write the images in each language."""
    parser = argparse.ArgumentParser(description="Take the screenshots of the documentation.")
    parser.add_argument("--browser", default=shutil.which("chromium"))
    options = parser.parse_args()
    analysis = otowake.analyse(otowake.load(otowake.demo_path()))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        write_analysis(analysis, Path(folder), "en")
        browser = playwright.chromium.launch(executable_path=options.browser, args=["--no-sandbox"])
        for language in LANGUAGES:
            figure = IMAGES / f"demo-{language}.png"
            analysis_figure(analysis, language=language).savefig(figure)
            page = browser.new_page(viewport=SIZE)
            page.goto((Path(folder) / "report.html").as_uri() + f"#{language}")
            page.wait_for_selector("#course-at")
            path = IMAGES / f"report-{language}.png"
            page.screenshot(path=path)
            page.close()
            for made in (figure, path):
                with Image.open(made) as image:
                    image.convert("RGB").quantize(256).save(made, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
