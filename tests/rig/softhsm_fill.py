"""A child process that makes AES keys on a SoftHSM2 token; module, label, PIN and number of keys on stdin."""

from __future__ import annotations

import sys

import pkcs11


def main() -> None:
    module, label, pin, count = sys.stdin.read().split("\n")
    token = pkcs11.lib(module).get_token(token_label=label)
    with token.open(rw=True, user_pin=pin) as session:
        for number in range(int(count)):
            session.generate_key(
                pkcs11.KeyType.AES, 128, label=f"key-{number}", id=bytes([number % 256]), store=True
            )


if __name__ == "__main__":
    main()
