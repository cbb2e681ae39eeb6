"""Read by JupyterLab's server. A reader may come back to a notebook after a break."""

from trnlab.serve.settings import configure_server

c = get_config()  # noqa: F821
configure_server(c, idle_s=3600)
c.ServerApp.jpserver_extensions = {"trnlab.serve.pages": True}
