"""The commands about what is published: python -m offline snapshots and rollback."""

from typing import Annotated, Any

import typer

from core.embedders import may_serve
from core.errors import NoSnapshot, SnapshotError, SnapshotMismatch
from core.files import exclusive
from core.snapshot import Manifest
from core.snapshot_store import SnapshotStore
from offline.sources.items import Problem
from offline.terminal import AsJson, DataDir, load_settings, plain_errors, show, warn


def snapshots(data_dir: DataDir = None, json: AsJson = False) -> None:
    """List the published snapshots, oldest first."""
    with plain_errors():
        settings = load_settings(data_dir)
        store = SnapshotStore(settings.data_dir)
        current = store.current()
        listed = {version: _manifest(store, version) for version in store.versions()}
        lines = [
            f"{'*' if version == current else ' '} {version}  {_described(manifest)}"
            for version, manifest in listed.items()
        ]
        show(
            {
                "current": current,
                "snapshots": [
                    {"version": version, "current": version == current, **_fields(manifest)}
                    for version, manifest in listed.items()
                ],
            },
            lines or [f"nothing has been published in {settings.data_dir} yet"],
            as_json=json,
        )


def rollback(
    version: Annotated[
        str | None, typer.Argument(help="Version to go back to; the one before if not given.")
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Serve an earlier snapshot again; a running bot picks it up by itself."""
    with plain_errors():
        settings = load_settings(data_dir)
        store = SnapshotStore(settings.data_dir)
        if not store.versions():  # told before the lock makes a folder of a misspelt name
            raise NoSnapshot(f"nothing has been published in {settings.data_dir} yet")
        with exclusive(settings.data_dir, "roll back"):
            before = _manifest(store, store.current() or "")
            version = store.earlier() if version is None else version
            made_with = store.manifest(version).embedder
            served = may_serve(
                made_with,
                settings.embedder,
                text_model=settings.text_model,
                data_dir=settings.data_dir,
            )
            if served is False:
                raise SnapshotMismatch(
                    f"snapshot {version} was built with embedder {made_with}, which "
                    f"GUIDE_EMBEDDER={settings.embedder} does not serve: change it first"
                )
            store.rollback(version)
        same = isinstance(before, Manifest) and before.embedder == made_with
        if served is None and not same:
            why = (
                f"built with embedder {made_with}, unlike the one before: "
                f"see that GUIDE_EMBEDDER={settings.embedder} serves it"
            )
            warn([Problem(f"snapshot {version}", why)])
        show({"snapshot": version}, [f"now serving snapshot {version}"], as_json=json)


def _manifest(store: SnapshotStore, version: str) -> Manifest | SnapshotError:
    """The manifest of a version, or why it cannot be used."""
    try:
        return store.manifest(version)
    except SnapshotError as error:
        return error


def _described(manifest: Manifest | SnapshotError) -> str:
    """A snapshot for people."""
    if isinstance(manifest, SnapshotError):
        return f"unusable: {manifest}"
    heads = ", with trained heads" if manifest.trained else ""
    return f"{manifest.photos} photos of {manifest.places} places{heads}  {manifest.embedder}"


def _fields(manifest: Manifest | SnapshotError) -> dict[str, Any]:
    """A snapshot for machines; of one that cannot be used nothing is known but why."""
    known = manifest if isinstance(manifest, Manifest) else None
    return {
        "created": known and known.created,
        "photos": known and known.photos,
        "places": known and known.places,
        "trained": known and known.trained,
        "embedder": known and known.embedder,
        "unusable": None if known else str(manifest),
    }
