"""Which executor a word means."""

from __future__ import annotations

from typing import Literal, TypeAlias

from guildhall.app.executors.local import LocalExecutor
from guildhall.app.executors.modal_app import ModalExecutor, load_modal
from guildhall.app.executors.ports import Executor
from guildhall.app.executors.ray_cluster import RayExecutor, load_ray
from guildhall.settings import Settings

Place: TypeAlias = Literal["local", "ray", "modal"]


def check_place(place: Place) -> None:
    """
    See that what an executor needs is installed, before anything is planned.

    Raises:
        ExecutorMissing: It is not.
    """
    match place:
        case "local":
            pass
        case "ray":
            load_ray()
        case "modal":
            load_modal()


def executor_for(place: Place, settings: Settings) -> Executor:
    """
    The executor that runs trials there.

    Raises:
        ExecutorMissing: Its package is not installed.
    """
    match place:
        case "local":
            return LocalExecutor(hidden=(settings.data_dir,))
        case "ray":
            return RayExecutor(silence_s=settings.lease_s / 3)
        case "modal":
            return ModalExecutor(settings)
