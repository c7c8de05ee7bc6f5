"""The command of exporting: python -m offline export."""

from dataclasses import asdict
from typing import Annotated

import typer

from core.assembly import image_limits, make_embedder
from core.files import exclusive
from core.settings import Settings
from offline.exporting.check import Bounds
from offline.exporting.exporting import ExportReport, Form
from offline.terminal import AsJson, DataDir, fail, load_settings, plain_errors, progress, show

_FORMS: dict[tuple[bool, bool, bool], Form] = {  # by --int8, --openvino and --float32
    (False, False, False): "fp32",
    (True, False, False): "int8",
    (False, True, False): "openvino",
    (False, True, True): "openvino-f32",
    (True, True, False): "openvino-int8",
}


def export(
    int8: Annotated[
        bool, typer.Option("--int8", help="In 8-bit integers: smaller, faster, less exact.")
    ] = False,
    openvino: Annotated[
        bool,
        typer.Option(
            "--openvino",
            help="By OpenVINO, in bf16 where the processor has it; with --int8 for CLIP.",
        ),
    ] = False,
    float32: Annotated[
        bool,
        typer.Option("--float32", help="With --openvino: in float32, also where there is bf16."),
    ] = False,
    photos: Annotated[
        int, typer.Option(min=1, help="Gallery photos asked, at most, to check the result.")
    ] = 1000,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Make a pair of models that serves without torch; refused unless it answers alike."""
    with plain_errors():
        settings = load_settings(data_dir)
        if settings.embedder == "optimized":
            fail(
                "GUIDE_EMBEDDER=optimized names no original: run `GUIDE_EMBEDDER=clip "
                "python -m offline export` (or =bundled, or the model's id)",
                code=2,
            )
        if (form := _FORMS.get((int8, openvino, float32))) is None:
            fail("--float32 goes with --openvino, and without --int8", code=2)
        with exclusive(settings.data_dir, "export"):
            report = _export(settings, form, photos)
        pair, check = report.pair, report.check
        show(
            {
                "pair": pair.name,
                "source": pair.source,
                "precision": pair.precision,
                "snapshot": report.snapshot,
                "check": asdict(check),
            },
            [
                f"exported {pair.source} as {pair.name}; serve it with GUIDE_EMBEDDER=optimized",
                f"{check.photos} photos of snapshot {report.snapshot} asked: same first place "
                f"{check.top1:.2%}, same five {check.top5:.2%}, same claim {check.claims:.2%}",
                f"cosine of photos: least {check.cosine_min:.4f}, median {check.cosine_median:.4f}"
                f"; among words: {check.joint_cosine_min:.4f}, {check.joint_cosine_median:.4f}"
                f"; of words: {check.words_cosine_min:.4f}, {check.words_cosine_median:.4f}",
            ],
            as_json=json,
        )


def _export(settings: Settings, form: Form, photos: int) -> ExportReport:
    # Imported here: the other commands need none of it.
    from offline.exporting import exporting

    with progress("photos") as started:
        return exporting.export(
            make_embedder(settings),
            settings.data_dir,
            form=form,
            bounds=Bounds(
                settings.export_min_first, settings.export_min_five, settings.export_min_cosine
            ),
            photos=photos,
            limits=image_limits(settings),
            k=settings.k,
            threads=settings.threads,
            started=started,
        )
