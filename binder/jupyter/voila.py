"""Read by Voila in both ways of running it: by itself, and inside JupyterLab's server."""

from trnlab.serve.settings import configure_server, configure_voila

c = get_config()  # noqa: F821
configure_voila(c)
configure_server(c)
