"""A throw-away certificate authority for one control plane."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey
LOOPBACK = ipaddress.ip_address("127.0.0.1")


@dataclass(frozen=True)
class Pair:
    """The paths of a certificate and of its private key, both PEM."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates for the servers and the users of one control plane and writes them into
    `directory`.
    """

    def __init__(self, directory: Path, now: datetime) -> None:
        self.directory = directory
        self.now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("kubewise-test-ca", ())
        self._certificate = self._signed(
            self._name, self._key, [(x509.BasicConstraints(ca=True, path_length=None), True)]
        )
        self.path = _write(directory / "ca.crt", _pem(self._certificate))

    def server(self, name: str, *addresses: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Pair:
        """A serving certificate for localhost, the loopback address and `addresses`."""
        names = [x509.DNSName(dns) for dns in ("localhost", "kubernetes", "kubernetes.default.svc")]
        subjects = x509.SubjectAlternativeName(
            [*names, *map(x509.IPAddress, (LOOPBACK, *addresses))]
        )
        return self._pair(
            name,
            _name(name, ()),
            [(subjects, False), (_usage(ExtendedKeyUsageOID.SERVER_AUTH), False)],
        )

    def user(self, name: str, *groups: str) -> Pair:
        """A client certificate: the API server takes the common name for the user and the
        organisations for the groups.
        """
        return self._pair(
            name.replace(":", "-"),
            _name(name, groups),
            [(_usage(ExtendedKeyUsageOID.CLIENT_AUTH), False)],
        )

    def _pair(
        self, file_name: str, subject: x509.Name, extensions: list[tuple[x509.ExtensionType, bool]]
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _pem(self._signed(subject, key, extensions))
        return Pair(
            _write(self.directory / f"{file_name}.crt", certificate),
            _write(self.directory / f"{file_name}.key", _private(key)),
        )

    def _signed(
        self, subject: x509.Name, key: Key, extensions: list[tuple[x509.ExtensionType, bool]]
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(minutes=5))
            .not_valid_after(self.now + timedelta(days=7))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


def service_account_keys(directory: Path) -> Pair:
    """The RSA pair that signs ServiceAccount tokens; `certificate` is the public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Pair(
        _write(directory / "service-account.pub", public),
        _write(directory / "service-account.key", _private(key)),
    )


def authority(directory: Path) -> Authority:
    return Authority(directory, datetime.now(UTC))


def _name(common_name: str, organisations: tuple[str, ...]) -> x509.Name:
    names = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)
        for organisation in organisations
    ]
    return x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(usage: x509.ObjectIdentifier) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([usage])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: Key | rsa.RSAPrivateKey) -> bytes:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _write(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
