"""The look of the page in Gradio's own terms; the rest is ui/static/page.css.

Importing this module imports Gradio, which takes seconds: do it only where a page is built.
"""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils import fonts

PINE = gr.themes.Color(
    c50="#eef5f2", c100="#d8e8e2", c200="#b3d2c8", c300="#86b8a9", c400="#5d9c8b", c500="#3a7f6e",
    c600="#286b5b", c700="#1f5b4e", c800="#18463d", c900="#12352e", c950="#0b211d", name="pine",
)  # fmt: skip
STONE = gr.themes.Color(
    c50="#f7f6f2", c100="#efede6", c200="#e2dfd5", c300="#cbc7ba", c400="#9c998d", c500="#6f6f66",
    c600="#55574f", c700="#3d413b", c800="#262b28", c900="#191e1c", c950="#111514", name="stone",
)  # fmt: skip


def theme() -> gr.themes.Base:
    """Paper and ink with one green, in fonts that come with Gradio, so that nothing is fetched."""
    return gr.themes.Base(
        primary_hue=PINE,
        secondary_hue=PINE,
        neutral_hue=STONE,
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
        # Of the families that Gradio bundles these are whole; most others hold only the letters of a demo.
        font=[fonts.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"],
        font_mono=[fonts.LocalFont("IBM Plex Mono", weights=(400,)), "ui-monospace", "monospace"],
    ).set(
        body_background_fill="#f7f6f2",
        body_background_fill_dark="#111514",
        body_text_color="#1c2320",
        body_text_color_dark="#ecebe4",
        body_text_color_subdued="#5b635e",
        body_text_color_subdued_dark="#a5ada7",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#191e1c",
        background_fill_secondary="#efede6",
        background_fill_secondary_dark="#222826",
        border_color_primary="#e2dfd5",
        border_color_primary_dark="#2f3633",
        color_accent_soft="#e3eee9",
        color_accent_soft_dark="#20352f",
        input_background_fill="#ffffff",
        input_background_fill_dark="#191e1c",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_text_color="#5b635e",
        button_secondary_text_color_dark="#a5ada7",
    )
