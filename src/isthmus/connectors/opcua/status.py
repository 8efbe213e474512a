"""What an OPC UA status, or a failure of asyncua, means to the runtime: which error, what next."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from asyncua import ua
from asyncua.common.utils import NotEnoughData, ServiceError
from asyncua.ua.status_codes import code_to_name_doc
from asyncua.ua.uaerrors import UaError, UaStatusCodeError
from cryptography.exceptions import InvalidSignature

from isthmus.model.errors import AuthError, IsthmusError, LinkError, ProtocolError

TRUST_US = "trust this connection's own certificate on the server"
SIGN_IN = "check `user` and `password`, and that the account may use OPC UA"
SERVER_CERTIFICATE = "renew the server's certificate, or pin it with `server_certificate`"
ALGORITHMS = "choose a `security` and `policy` that the server offers"
FULL = "the server has no room left; close other clients or raise its limits"
AGAIN = "the server closed it; it is opened again"

AUTH = {
    "BadUserAccessDenied": SIGN_IN,
    "BadIdentityTokenInvalid": SIGN_IN,
    "BadIdentityTokenRejected": "the server accepts no such sign-in: set `user` and `password`",
    "BadIdentityChangeNotSupported": SIGN_IN,
    "BadUserSignatureInvalid": SIGN_IN,
    "BadNoValidCertificates": TRUST_US,
    "BadApplicationSignatureInvalid": TRUST_US,
    "BadSecurityChecksFailed": TRUST_US,
    "BadCertificateUntrusted": TRUST_US,
    "BadCertificateInvalid": TRUST_US,
    "BadCertificateChainIncomplete": TRUST_US,
    "BadCertificateTimeInvalid": "compare the clocks of both sides; " + SERVER_CERTIFICATE,
    "BadCertificateIssuerTimeInvalid": "compare the clocks of both sides",
    "BadCertificateHostNameInvalid": SERVER_CERTIFICATE,
    "BadCertificateUriInvalid": SERVER_CERTIFICATE,
    "BadCertificateUseNotAllowed": SERVER_CERTIFICATE,
    "BadCertificateRevoked": "the certificate was revoked; do not trust it",
    "BadCertificateIssuerRevoked": "the certificate's issuer was revoked; do not trust it",
    "BadCertificateRevocationUnknown": "give the server the issuer's revocation list",
    "BadCertificateIssuerRevocationUnknown": "give the server the issuer's revocation list",
    "BadCertificatePolicyCheckFailed": ALGORITHMS,
    "BadSecurityModeRejected": ALGORITHMS,
    "BadSecurityModeInsufficient": ALGORITHMS,
    "BadSecurityPolicyRejected": ALGORITHMS,
}

LINK = {
    "BadTcpEndpointUrlInvalid": "the server knows itself by another name: compare `url` with it",
    "BadTcpServerTooBusy": FULL,
    "BadServerTooBusy": FULL,
    "BadTcpNotEnoughResources": FULL,
    "BadOutOfMemory": FULL,
    "BadResourceUnavailable": FULL,
    "BadMaxConnectionsReached": FULL,
    "BadTooManySessions": "the server has no session left; those of dead clients end by time-out",
    "BadTooManySubscriptions": FULL,
    "BadTooManyPublishRequests": "lower `in_flight`",
    "BadTcpInternalError": "see the server's own log",
    "BadTcpMessageTooLarge": "the server takes no messages so long",
    "BadTcpSecureChannelUnknown": AGAIN,
    "BadSecureChannelClosed": AGAIN,
    "BadSecureChannelIdInvalid": AGAIN,
    "BadSecureChannelTokenUnknown": AGAIN,
    "BadConnectionClosed": AGAIN,
    "BadConnectionRejected": "does the server allow this machine?",
    "BadDisconnect": AGAIN,
    "BadSessionIdInvalid": AGAIN,
    "BadSessionClosed": AGAIN,
    "BadSessionNotActivated": AGAIN,
    "BadNoSubscription": AGAIN,
    "BadSubscriptionIdInvalid": AGAIN,
    "BadShutdown": "the server is shutting down",
    "BadServerHalted": "the server has halted; start it",
    "BadServerNotConnected": "is the server on?",
    "BadNotConnected": "is the device behind the server on?",
    "BadNoCommunication": "is the device behind the server on?",
    "BadCommunicationError": "is the network between us and the server sound?",
    "BadTimeout": "raise `timeout` if the server is slow",
    "BadRequestTimeout": "raise `timeout` if the server is slow",
    "BadLicenseExpired": "the server's licence has run out",
    "BadLicenseLimitsExceeded": "the server's licence allows no more",
}

ANSWER = {
    "BadNotWritable": "the server does not let this variable be written",
    "BadWriteNotSupported": "the server does not let this variable be written so",
    "BadTypeMismatch": "the variable has another type",
    "BadOutOfRange": "the variable's range does not hold this value",
    "BadNodeIdUnknown": "browse the server for the right node id",
    "BadNodeIdInvalid": "browse the server for the right node id",
    "BadIndexRangeNoData": "the array has no element at `index`",
    "BadIndexRangeInvalid": "the variable is no array, or has no element at `index`",
    "BadHistoryOperationUnsupported": "turn historizing on for these nodes at the server",
    "BadHistoryOperationInvalid": "turn historizing on for these nodes at the server",
    "BadTooManyOperations": "the server takes fewer tags at once than it says",
    "BadServiceUnsupported": "the server cannot do this; try `mode: poll`",
}


def name(code: int) -> str:
    """The standard's name of a status code, `BadNodeIdUnknown`; hexadecimal where unknown."""
    known = code_to_name_doc.get(code & 0xFFFF_0000)
    return str(known[0]) if known else f"0x{code:08X}"


def failed(code: int, doing: str) -> IsthmusError:
    """The error that a bad status is: refused (AuthError), lost (LinkError) or a wrong answer."""
    word = name(code)
    message = f"{doing}: {word}"
    if word in AUTH:
        return AuthError(message, hint=AUTH[word])
    if word in LINK:
        return LinkError(message, hint=LINK[word])
    return ProtocolError(message, hint=ANSWER.get(word, ""))


def translated(error: Exception, doing: str) -> IsthmusError:
    """The error of ours that a failure of asyncua, the network or the wire is."""
    if isinstance(error, IsthmusError):
        return error
    if isinstance(error, ServiceError | UaStatusCodeError):
        return failed(int(error.code), doing)
    for kind, (ours, said, hint) in FAILURE.items():
        if isinstance(error, kind):
            return ours(f"{doing}: {said or _said(error)}", hint=hint)
    return ProtocolError(f"{doing}: {type(error).__name__}: {_said(error)}")


FAILURE: dict[type[Exception], tuple[type[IsthmusError], str, str]] = {
    TimeoutError: (LinkError, "no answer in time", "raise `timeout` if the server is slow"),
    InvalidSignature: (
        AuthError,
        "the server's signature is wrong",
        "somebody may sit in between, or the server's key and certificate differ",
    ),
    OSError: (LinkError, "", "is the server on, and reachable on this network?"),
    NotEnoughData: (ProtocolError, "", ""),
    UaError: (ProtocolError, "", ""),
    struct.error: (ProtocolError, "", ""),
    ValueError: (ProtocolError, "", ""),
    TypeError: (ProtocolError, "", ""),
}


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


@contextmanager
def meaning(doing: str) -> Iterator[None]:
    """Errors of the block as ours, saying what was being done."""
    try:
        yield
    except Exception as error:
        ours = translated(error, doing)
        if ours is error:
            raise
        raise ours from error


def check(status: ua.StatusCode, doing: str) -> None:
    """Raise what `status` means, where it is bad."""
    if status.is_bad():
        raise failed(int(status.value), doing)
