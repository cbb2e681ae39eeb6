"""Pages beside Voila's own that need no kernel: the glossary, and the error page for the rest.

`handlers` gives them to Voila; as a server extension (`trnlab.serve.pages`) they stand beside
Voila's pages in JupyterLab's server.
"""

from typing import Any

from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated
from voila.configuration import VoilaConfiguration
from voila.handler import BaseVoilaHandler
from voila.server_extension import load_config_file
from voila.treehandler import VoilaTreeHandler
from voila.utils import get_page_config

from trnlab.serve.glossary import grouped


class NoSuchPage(BaseVoilaHandler):
    """Any address that nothing else answers: our error page instead of a bare one."""

    async def prepare(self) -> None:
        await super().prepare()
        raise HTTPError(404)


class GlossaryPage(VoilaTreeHandler):
    """Every term, grouped, each with an address of its own."""

    @authenticated
    def get(self) -> None:
        known = {
            "base_url": self.base_url,
            "settings": self.settings,
            "log": self.log,
            "voila_configuration": self.voila_configuration,
        }
        config = get_page_config(**known)
        self.voila_configuration.page_config_hook(config, **known, notebook_path="")
        page = self.render_template("glossary.html", page_config=config, glossary=grouped())
        self.write(page)


def handlers(base_url: str, voila_configuration: VoilaConfiguration) -> list[Any]:
    """What to add to a server's handlers."""
    options = {"voila_configuration": voila_configuration}
    return [(url_path_join(base_url, "/voila/glossary"), GlossaryPage, options)]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    configuration = VoilaConfiguration(parent=server)
    configuration.update_config(load_config_file() or {})
    added = handlers(server.web_app.settings["base_url"], configuration)
    server.web_app.add_handlers(".*$", added)
