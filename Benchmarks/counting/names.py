"""Swift's mangled names made readable."""

import re
import shutil
import subprocess

MANGLED = re.compile(r"\$s[0-9A-Za-z_]+")


def readable(texts):
    """The texts with every mangled Swift name in them demangled, where the Swift toolchain is at hand."""
    tool = shutil.which("swift-demangle") or shutil.which("swift")
    if not tool or not texts:
        return list(texts)
    command = [tool] if tool.endswith("demangle") else [tool, "demangle"]
    done = subprocess.run([*command, "--simplified"], input="\n".join(texts), capture_output=True, text=True, timeout=60)
    lines = done.stdout.split("\n")
    return lines[:len(texts)] if done.returncode == 0 and len(lines) >= len(texts) else list(texts)


def short(name, limit=140):
    """The name cut in its middle to `limit` characters: some of the runtime's fill a screen."""
    return name if len(name) <= limit else f"{name[:limit // 2]}…{name[-limit // 2:]}"
