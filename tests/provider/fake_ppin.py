#!/usr/bin/env python3
"""A ppin that misbehaves as told: what the stand-in, which behaves as documented, is not for.

The tests write beside it ``behaviour``, one word; it writes ``seen``: arguments and environment.
"""

import os
import re
import signal
import sys
import termios
from pathlib import Path

HERE = Path(__file__).parent
BEHAVIOUR = (HERE / "behaviour").read_text()
BANNER = "********************\nPrimus Permanent PIN\n********************"
USER = sys.argv[-1]


def ask(prompt, echo=False):
    print(prompt, end="", flush=True)
    before = termios.tcgetattr(0)
    silent = list(before)
    if not echo:
        silent[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSADRAIN, silent)
    answer = sys.stdin.readline().rstrip("\n")
    termios.tcsetattr(0, termios.TCSADRAIN, before)
    print()
    return answer


def write(user, secret):
    path = Path(sys.argv[sys.argv.index("-s") + 1])
    text = path.read_text()
    number = len(re.findall(r"\buser\d+", text))
    entry = f'    user{number} = {{ name = "{user}"; secret = "{secret.encode().hex()}"; }};\n'
    new = path.with_name(".secrets.cfg.new")
    new.write_text(re.sub(r"(users:\s*\{\n)", lambda found: found[1] + entry, text))
    new.replace(path)


def fail(code, hint=""):
    print(hint + f"Error: 0x{code:08x}")
    sys.exit(1)


def main():
    with (HERE / "seen").open("a") as seen:
        print(sys.argv[1:], dict(os.environ), os.getpid(), file=seen)
    if "-v" in sys.argv:
        print("Primus HSM PKCS#11 2.2.4")
        return
    print(BANNER)
    behaviour, _, what = BEHAVIOUR.partition(" ")
    config = Path(sys.argv[sys.argv.index("-c") + 1]).read_text()
    if behaviour == "unreached" and what in config:
        fail(0x80005015)
    if behaviour == "hangs":
        signal.pause()
    if behaviour == "other-question":
        ask(f"Do you want to delete '{USER}'? ")
    if behaviour == "other-user":
        ask("Provide setup password for 'SOMEBODY': ")
    if behaviour == "echoes":
        ask(f"Provide setup password for '{USER}': ", echo=True)
    if "-p" in sys.argv:
        password = ask(f"Provide proxy password for '{USER}' : ")
    else:
        password = ask(f"Provide setup password for '{USER}': ")
        password += ask(f"Provide PKCS11 password for '{USER}': ")
    if behaviour == "asks-again":
        print("Error: 0x8000000b, try again")
        ask(f"Provide setup password for '{USER}': ")
    if behaviour == "fails":
        fail(int(what, 16))
    if behaviour == "fails-in-log":
        log = re.search(r'log_file = "(.*)"', config)[1]
        Path(log).write_text("2021-04-07 21:30:20.972 - ppin[1:1] - 3 - Login() - rv: 0x80005018\n")
        print("failed")
        sys.exit(1)
    if behaviour == "tells":
        print(f"your password {password} is wrong")
        sys.exit(1)
    if behaviour == "dies":
        os.kill(os.getpid(), signal.SIGSEGV)
    if behaviour == "lies":
        return
    write(USER, password)
    print(f"\n{BANNER}\n[01] slot-id 0:    user '{USER}'   permanent secret: Configured")


main()
