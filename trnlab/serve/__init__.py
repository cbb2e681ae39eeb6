"""The workbench as a server: which lessons there are, how Voila is set up, where it listens.

It knows notebooks as files and their metadata. It knows nothing of the engine or the widgets.
"""
