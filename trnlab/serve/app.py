"""The two servers: the workbench under Voila, and the same notebooks in JupyterLab."""

import logging
import os
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.handlers import _kernel_id_regex
from jupyter_server.utils import url_path_join
from tornado.ioloop import IOLoop
from tornado.web import HTTPError
from traitlets import Unicode
from traitlets.config import Config
from voila.app import Voila

from trnlab.serve.lessons import NOTEBOOKS, ROOT
from trnlab.serve.pages import NoSuchPage, handlers
from trnlab.serve.settings import (
    HEADERS,
    configure_server,
    configure_voila,
    find_template,
    keep_ready,
)
from trnlab.serve.sockets import MAX_BYTES, KernelSocket


class Workbench(Voila):
    """Voila with our settings, which says in one line where it listens."""

    page = Unicode("", help="path that the line names and the browser opens")
    opens_browser = False

    def init_settings(self) -> dict[str, Any]:
        return {
            **super().init_settings(),
            "headers": HEADERS,
            "websocket_max_message_size": MAX_BYTES,
            "default_handler_class": NoSuchPage,
            "default_handler_args": {"voila_configuration": self.voila_configuration},
        }

    def init_handlers(self) -> list[Any]:
        socket = url_path_join(self.server_url, rf"/api/kernels/{_kernel_id_regex}/channels")
        ours = handlers(self.base_url, self.voila_configuration)
        return [(socket, KernelSocket), *ours, *super().init_handlers()]

    def listen(self) -> None:
        IOLoop.current().add_callback(self._announce)  # runs once the socket is open
        super().listen()

    def stop(self) -> None:
        with suppress(HTTPError):  # a kernel that ended by itself meanwhile, or never started
            super().stop()

    def _announce(self) -> None:
        address = f"http://localhost:{self.port}{self.base_url}{self.page}"
        print(f"trnlab: the workbench listens at {address} (stop it with Ctrl+C)", flush=True)
        if self.opens_browser:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _require_notebooks(folder: Path) -> None:
    if not folder.is_dir():
        raise ValueError(
            f"there are no notebooks at {folder}; install from a clone: pip install -e ."
        )


def require_free(port: int) -> None:
    """Refuse a port that cannot be listened on.

    Raises:
        ValueError: taken by another program, or not allowed
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name == "posix")
        try:
            if not port:  # a server would take any, and name none
                raise OverflowError("ports go from 1 to 65535")
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise ValueError(
                f"port {port} cannot be used ({why.lower()}); choose another:"
                " make lab PORT=8899, or trnlab open --port 8899"
            ) from None


def serve(
    port: int,
    page: str = "",
    browser: bool = True,
    folder: Path = NOTEBOOKS,
    ready: int = 0,
) -> None:
    """Serve every lesson of a folder under Voila on localhost until interrupted.

    Args:
        page: path that the browser opens
        ready: kernels that wait for each lesson
    """
    _require_notebooks(folder)
    require_free(port)
    find_template()
    _share_cores()
    # A page is a kernel's only client: what it sets need not come back to it.
    os.environ.setdefault("JUPYTER_WIDGETS_ECHO", "0")
    config = Config()
    configure_voila(config, folder)
    configure_server(config)
    if ready:
        keep_ready(config, ready, folder)
    config.Voila.update(
        {
            "port": port,
            "port_retries": 0,
            "open_browser": False,
            "config_file_paths": [],
            "log_level": "ERROR",
        }
    )
    # Jupyter Server counts milliseconds where Tornado counts seconds, and is told so at length.
    logging.getLogger("tornado.general").setLevel("ERROR")
    app = Workbench.instance(config=config, page=page)
    app.opens_browser = browser
    app.initialize([str(folder)])
    app.start()


def _share_cores() -> None:
    """Kernels share the cores: threads of one that wait for those of another only burn time."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def serve_lab(port: int, page: str = "", browser: bool = True) -> None:
    """Serve the same notebooks in JupyterLab; Jupyter prints its own address with a token."""
    _require_notebooks(NOTEBOOKS)
    require_free(port)
    find_template()
    _share_cores()
    paths = [str(ROOT / "binder" / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    start = f"/lab/tree/notebooks/{page}" if page else "/lab/tree/notebooks"
    options = [f"--port={port}", "--port-retries=0", f"--ServerApp.root_dir={ROOT}", "--allow-root"]
    options += [f"--LabApp.default_url={start}"] + ([] if browser else ["--no-browser"])
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *options])
