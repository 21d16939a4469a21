"""Why a server gave no answer over HTTP, in our words."""

from __future__ import annotations

import os
import socket
import ssl

import aiohttp

__all__ = ["why_no_answer"]


def why_no_answer(error: Exception) -> str:
    """What goes after the server's name in a message.

    Args:
        error: Of aiohttp, or of the system.

    >>> why_no_answer(TimeoutError())
    "doesn't answer in time"
    """
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"can't be reached: {_why_unreached(error.os_error)}"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = getattr(error.certificate_error, "verify_message", "") or "its certificate doesn't hold"
        return f"can't be trusted: {reason}"
    if isinstance(error, TimeoutError):
        return "doesn't answer in time"
    return f"doesn't answer: {str(error) or type(error).__name__}"


def _why_unreached(error: OSError) -> str:
    """What the system says, without the address, which stands before it."""
    # Names of hosts and TLS have numbers of their own, which are not the system's.
    own = isinstance(error, socket.gaierror | ssl.SSLError) or error.errno is None
    reason = (error.strerror or str(error)) if own else os.strerror(error.errno or 0)
    return reason[:1].lower() + reason[1:]
