"""What was issued and taken back: the record, the list of RFC 5280, the names that come back."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from isthmus.model.errors import Refused, StorageError
from isthmus.model.sample import Nanoseconds
from isthmus.trust.pki import build
from isthmus.trust.pki.authority import PlantAuthority, Terms
from isthmus.trust.pki.register import REASONS, Register

NOW = 1_800_000_000_000_000_000
DAY = 86_400_000_000_000


def at(days: float = 0):
    return lambda: Nanoseconds(NOW + int(days * DAY))


def authority(folder, days=0.0, **terms):
    return PlantAuthority.open(folder / "pki", "acme", at(days), Terms(**terms))


def loaded(file):
    return x509.load_pem_x509_certificate(file.read_bytes())


def states(made):
    return [(found.name, found.state) for found in made.register.all()]


def test_all_that_is_issued_is_on_record_and_what_a_newer_replaced_still_holds(tmp_path):
    made = authority(tmp_path)
    made.server("nats", hosts=["plant.example"])
    first = loaded(made.client("edge1").certificate)
    later = authority(tmp_path, 61)
    later.client("edge1")
    assert states(later) == [("nats", "good"), ("edge1", "superseded"), ("edge1", "good")]
    kept = later.register.find(first.serial_number)
    assert (kept.use, kept.ends) == ("client", first.not_valid_after_utc)
    assert kept.sha256.replace(":", "") == first.fingerprint(first.signature_hash_algorithm).hex()
    assert kept.due == kept.begins + (kept.ends - kept.begins) * 2 / 3
    assert kept.at(kept.ends - timedelta(seconds=1)).state == "superseded"
    assert kept.at(kept.ends).state == "expired"


def test_an_older_folder_is_put_on_record_and_its_long_lives_end_early(tmp_path):
    old = authority(tmp_path, life=397)
    kept = loaded(old.client("isthmus").certificate)
    old.register.file.unlink()
    now = authority(tmp_path, 1)
    assert states(now) == [("isthmus", "good")]
    renewed = loaded(now.client("isthmus").certificate)
    assert renewed.not_valid_after_utc < kept.not_valid_after_utc
    assert states(now) == [("isthmus", "superseded"), ("isthmus", "good")]


def test_what_is_revoked_is_on_a_list_that_openssl_reads_and_comes_back_as_another(tmp_path):
    made = authority(tmp_path)
    before = loaded(made.hand_out("edge.edge1", "edge1", tmp_path / "a").certificate)
    assert made.subject("edge.edge1") == before.subject.rfc4514_string() == "CN=edge.edge1"
    hit = made.revoke("edge.edge1", "keyCompromise", "person:anna")
    assert [found.serial for found in hit] == [f"{before.serial_number:x}"]
    told = x509.load_der_x509_crl(made.published())
    assert told.is_signature_valid(made.certificate.public_key())
    (entry,) = told
    assert entry.serial_number == before.serial_number
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.key_compromise
    after = loaded(made.hand_out("edge.edge1", "edge1", tmp_path / "b").certificate)
    assert after.subject.rfc4514_string() == made.subject("edge.edge1") != "CN=edge.edge1"
    assert after.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == "edge.edge1"
    assert states(made) == [("edge.edge1", "revoked"), ("edge.edge1", "good")]
    if shutil.which("openssl"):
        words = ["openssl", "verify", "-crl_check", "-no_check_time", "-CAfile", str(made.ca)]
        crl = ["-CRLfile", str(tmp_path / "list.pem")]
        (tmp_path / "list.pem").write_bytes(told.public_bytes(serialization.Encoding.PEM))
        for name, good in (("a", False), ("b", True)):
            file = str(tmp_path / name / "edge1.crt")
            said = subprocess.run([*words, *crl, file], capture_output=True, text=True, check=False)
            assert (said.returncode == 0) is good, said
            assert good or "certificate revoked" in said.stderr + said.stdout


def test_the_list_is_made_anew_in_time_and_forgets_what_has_ended(tmp_path):
    made = authority(tmp_path)
    made.client("edge1")
    made.revoke("edge1", "superseded", "owner")
    first = x509.load_der_x509_crl(made.published())
    assert authority(tmp_path, 0.5).published() == made.list.read_bytes()
    later = x509.load_der_x509_crl(authority(tmp_path, 2).published())
    numbers = [
        one.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        for one in (first, later)
    ]
    assert numbers[0] < numbers[1]
    assert later.next_update_utc > first.next_update_utc
    assert len(later) == 1
    assert len(x509.load_der_x509_crl(authority(tmp_path, 120).published())) == 0
    made.list.write_bytes(b"nonsense")
    assert len(x509.load_der_x509_crl(made.published())) == 1


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_one_of_the_standard(tmp_path, reason):
    made = authority(tmp_path)
    made.client("a")
    made.revoke("a", reason, "owner")
    assert len(x509.load_der_x509_crl(made.published())) == 1


def test_a_line_that_a_power_cut_left_unfinished_hides_nothing_that_follows(tmp_path):
    made = authority(tmp_path)
    made.client("a")
    with made.register.file.open("ab") as out:
        out.write(b'{"revoked": {"name": "a", "ser')
    again = Register(made.register.file)
    assert again.generation("a") == 0
    again.revoke("a", "superseded", "owner", made.certificate.not_valid_before_utc)
    assert Register(made.register.file).generation("a") == 1


def test_a_damaged_line_is_named(tmp_path):
    made = authority(tmp_path)
    made.client("a")
    line = made.register.file.read_bytes()
    made.register.file.write_bytes(line.replace(b'"serial"', b'"sorial"') + line)
    with pytest.raises(StorageError, match=r"issued\.jsonl, line 1") as told:
        authority(tmp_path).client("a")
    assert "backup" in told.value.hint


def test_two_processes_see_each_others_words(tmp_path):
    one, other = authority(tmp_path), authority(tmp_path)
    one.client("a")
    other.revoke("a", "keyCompromise", "owner")
    assert one.register.generation("a") == 1
    assert json.loads(one.register.file.read_bytes().splitlines()[-1])["revoked"]["by"] == "owner"
    assert one.subject("a") == "OU=issue 2,CN=a"


def test_a_request_is_answered_for_its_own_name_and_key_alone(tmp_path):
    made = authority(tmp_path, carried=10)
    key = ec.generate_private_key(ec.SECP256R1())
    asked = build.request("edge.edge1", key).public_bytes(serialization.Encoding.PEM)
    got = x509.load_pem_x509_certificate(made.answer(asked, "edge.edge1"))
    assert got.public_key() == key.public_key()
    assert build.issued_by(got, made.certificate)
    assert (got.not_valid_after_utc - got.not_valid_before_utc).days == 10
    for wrong, name in ((asked, "edge.edge2"), (b"nonsense", "edge.edge1"), (b"", "edge.edge1")):
        with pytest.raises(Refused):
            made.answer(wrong, name)
    middle = len(asked) // 2
    for forged in (asked[:middle] + b"AAAA" + asked[middle + 4 :],):
        with pytest.raises(Refused):
            made.answer(forged, "edge.edge1")


def test_the_authoritys_key_is_encrypted_once_there_is_a_passphrase(tmp_path):
    plain = authority(tmp_path)
    key = tmp_path / "pki" / "ca.key"
    assert b"ENCRYPTED" not in key.read_bytes()
    locked = authority(tmp_path, passphrase="blue-valve-7")
    assert locked.fingerprint == plain.fingerprint
    assert b"ENCRYPTED" in key.read_bytes().splitlines()[0]
    assert authority(tmp_path, passphrase="blue-valve-7").client("a")
    with pytest.raises(StorageError, match="encrypted") as told:
        authority(tmp_path)
    assert "passphrase" in told.value.hint
    with pytest.raises(StorageError):
        authority(tmp_path, passphrase="red-valve-7")


def test_a_companys_authority_issues_and_its_root_alone_is_enough_to_trust(tmp_path):
    from isthmus.trust.pki.files import certificates_pem, pem, write_private

    top = ec.generate_private_key(ec.SECP256R1())
    now = authority(tmp_path / "x").certificate.not_valid_before_utc + timedelta(hours=1)
    builder = x509.CertificateBuilder().serial_number(5).not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=900))
    company = (
        builder.subject_name(build.common("acme root"))
        .issuer_name(build.common("acme root"))
        .public_key(top.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(top, build.hashes.SHA256())
    )
    middle = ec.generate_private_key(ec.SECP256R1())
    plant = (
        builder.subject_name(build.common("acme riverside"))
        .issuer_name(company.subject)
        .public_key(middle.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(top, build.hashes.SHA256())
    )
    files = [tmp_path / name for name in ("plant.crt", "plant.key", "root.crt")]
    files[0].write_bytes(certificates_pem([plant]))
    write_private(files[1], pem(middle))
    files[2].write_bytes(certificates_pem([company]))
    terms = dict(zip(("certificate", "key", "chain"), files, strict=True))
    made = authority(tmp_path, 1, **terms)
    served = made.server("web")
    assert loaded(made.ca) == plant
    shown = x509.load_pem_x509_certificates(served.certificate.read_bytes())
    assert shown[1:] == [plant, company]
    if shutil.which("openssl"):
        words = ["openssl", "verify", "-no_check_time", "-CAfile", str(files[2])]
        said = subprocess.run(
            [*words, "-untrusted", str(served.certificate), str(served.certificate)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said
    leaf, leaf_key = served.certificate, served.key
    with pytest.raises(StorageError, match="may not issue"):
        authority(tmp_path / "y", 1, certificate=leaf, key=leaf_key)
