"""The demo: the sandbox EHR, the app and its worker on this machine, and the whole story told over HTTP."""
