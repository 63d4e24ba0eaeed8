"""Configurations for sandboxes, which need not know how they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from guildhall.algorithms import safeyaml, sanitise
from guildhall.algorithms.documents import Findings
from guildhall.client.borrowing import ClientBorrower
from guildhall.domains.evaluation import configurations
from guildhall.domains.evaluation.configurations import AgentDefinition, AgentFileRefused, VersionNotFound

_SOURCE = "config_data"


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
        app = await self.db.app()
        async with app.transaction() as tx:
            active = {each.name: each for each in await configurations.list_configurations(tx)}
            found = active.get(config_name)
            if found is None or found.latest_version_id is None:
                raise VersionNotFound(config_name)
            version = await configurations.get_version(tx, str(found.latest_version_id))
        return {
            "config": dict(version.parsed_config),
            "version_id": str(version.version_id),
            "modal_deployment_id": version.modal_deployment_id,
        }

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
        text = yaml.safe_dump(sanitise.plain(dict(config_data)), sort_keys=False, allow_unicode=True)
        document = safeyaml.load(text, _SOURCE)
        findings = Findings(_SOURCE, document.lines)
        spec = configurations.examine(document.value, {}, findings, default_name=config_name)
        if spec is None:
            raise AgentFileRefused(findings.problems)
        definition = AgentDefinition(
            name=spec.name,
            raw_yaml=text,
            parsed=document.value,
            files={},
            config_hash=configurations.config_hash(document.value, {}),
            warnings=tuple(findings.warnings),
        )
        app = await self.db.app()
        async with app.transaction() as tx:
            saved = await configurations.save_version(
                tx, definition, generated_by="modal_sandbox", modal_deployment_id=modal_deployment_id
            )
        return str(saved.version.version_id)
