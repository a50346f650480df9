"""DKIM by dkimpy, which shares nothing with the program under test.

    dkim_interop.py verify ZONE.json < message     one line for each signature: algorithm, domain, selector, result
    dkim_interop.py sign DOMAIN ZONE.json < message     the message with a signature of each algorithm; the zone
                                                        file is written and has the records of the keys
"""

import base64
import json
import subprocess
import sys

import dkim
import nacl.signing


def verify(zone_file):
    message = sys.stdin.buffer.read()
    with open(zone_file, encoding="ascii") as file:
        zone = json.load(file)

    def txt(name, timeout=5):
        del timeout
        name = name.decode() if isinstance(name, bytes) else name
        found = zone.get(name.rstrip("."))
        return found.encode() if found else None

    checker = dkim.DKIM(message)
    count = sum(name.lower() == b"dkim-signature" for name, _ in checker.headers)
    for index in range(count):
        try:
            result = dkim.DKIM(message).verify(idx=index, dnsfunc=txt)
        except dkim.DKIMException:
            result = False
        value = [value for name, value in checker.headers if name.lower() == b"dkim-signature"][index]
        tags = dkim.util.parse_tag_value(value)
        print(tags[b"a"].decode(), tags[b"d"].decode(), tags[b"s"].decode(), "pass" if result else "fail")


def sign(domain, zone_file):
    message = sys.stdin.buffer.read()
    rsa = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True).stdout
    public = ["openssl", "rsa", "-pubout", "-outform", "DER"]
    public = subprocess.run(public, input=rsa, check=True, capture_output=True).stdout
    edwards = nacl.signing.SigningKey.generate()
    edwards_public = base64.b64encode(edwards.verify_key.encode()).decode()
    zone = {
        f"rsa._domainkey.{domain}": "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode(),
        f"ed._domainkey.{domain}": "v=DKIM1; k=ed25519; p=" + edwards_public,
    }
    with open(zone_file, "w", encoding="ascii") as file:
        json.dump(zone, file)
    keys = [
        (b"rsa", rsa, b"rsa-sha256", (b"relaxed", b"relaxed")),
        (b"ed", base64.b64encode(edwards.encode()), b"ed25519-sha256", (b"simple", b"simple")),
    ]
    signatures = b"".join(
        dkim.sign(message, selector, domain.encode(), key, signature_algorithm=algorithm, canonicalize=form)
        for selector, key, algorithm, form in keys
    )
    sys.stdout.buffer.write(signatures + message)


if __name__ == "__main__":
    {"verify": verify, "sign": sign}[sys.argv[1]](*sys.argv[2:])
