"""Configurations for sandboxes, which need not know how they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guildhall.client.borrowing import ClientBorrower


class ConfigurationManager(ClientBorrower):
    """
    Gives sandboxes the configuration to run and keeps new versions.

    It works through `db`, or through a client of its own.
    """

    async def get_active_config(self, config_name: str) -> dict[str, Any]:
        """
        The latest version of an active configuration: `config`, `version_id`, `modal_deployment_id`.

        Raises:
            VersionNotFound: There is no active configuration of that name.
        """
        return await (await self.db.evidence()).active_configuration(config_name)

    async def create_config_version(
        self, config_data: Mapping[str, Any], *, config_name: str | None = None, modal_deployment_id: str | None = None
    ) -> str:
        """
        Keep a configuration, with the keys of an agent.yaml, as a version; its id.

        Its name is `config_data["name"]` or `config_name`. The same content is
        kept once within its configuration: then the id is that of the version
        that has it.

        Raises:
            AgentFileRefused: The configuration has mistakes; the error has all of them.
        """
        version_id = await (await self.db.evidence()).save_configuration(
            config_data, config_name=config_name, modal_deployment_id=modal_deployment_id
        )
        return str(version_id)
