"""`python -m simulator` as a process."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import yaml


def test_it_prints_its_url_writes_a_private_kubeconfig_and_stops_on_sigterm(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    command = [sys.executable, "-m", "simulator", "--kubeconfig", str(path), "--fault", "oom@-60"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    process.send_signal(signal.SIGTERM)
    process.stdout.close()
    assert process.wait(timeout=20) == 0
    assert url.startswith("http://127.0.0.1:")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    contexts = {c["name"] for c in yaml.safe_load(path.read_text())["contexts"]}
    assert contexts == {"simulator", "simulator-read", "simulator-act"}
