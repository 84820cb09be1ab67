"""Knowledge for everyone on Ray: shards as tasks, one of which is killed and retried.

    pip install ray
    cargo build --release && python examples/ray_shards.py

Starts Ray on this machine (`--address auto` joins a cluster whose machines share --out's
folder), runs the shards of a batch as tasks, kills the worker of shard 1 once it has an
answer, lets Ray retry it, merges the shards, and compares the texts with those of a batch
that was never cut.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ray

ROOT = Path(__file__).resolve().parent.parent


@ray.remote(num_cpus=1, max_retries=3)
def shard(command: list[str], out: str, dies: bool) -> int:
    """Generates one shard; returns how many answers it resumed behind.

    With `dies`, the first attempt kills itself and its child once there is an answer.
    """
    out_file = Path(out)
    resumed = out_file.read_text().count("\n") if out_file.exists() else 0
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while dies and resumed == 0 and child.poll() is None:
        if out_file.exists() and "\n" in out_file.read_text():
            child.send_signal(signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.1)
    if child.wait() != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {child.returncode}")
    return resumed


def texts(path: Path) -> list[tuple[str, str, str]]:
    docs = map(json.loads, path.read_text().splitlines())
    return [(doc["kind"], doc["id"], doc["text"]) for doc in docs]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--laserscope", default=ROOT / "target/release/laserscope")
    parser.add_argument("--address", help="a cluster to join, as in `auto`")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--limit", type=int, default=1, help="subjects of each group")
    parser.add_argument("--out", type=Path, default=Path("ray-shards"), help="a new folder")
    args = parser.parse_args()
    program = str(Path(args.laserscope).resolve())
    args.out.mkdir()
    out = args.out.resolve()

    # One profile for all shards, so that they draft alike on every machine.
    profile = out / "profile.json"
    with profile.open("w") as file:
        measure = [program, "cost", "measure", "--threads", "1", "--json"]
        subprocess.run(measure, check=True, stdout=file)
    batch = [program, "generate", "--all", "items", "--half", "query", "--limit", str(args.limit),
             "--max-tokens", "48", "--verify", "strict", "--offline", "--cost", str(profile)]

    ray.init(address=args.address, log_to_driver=False)
    files = [out / f"shard-{i}.jsonl" for i in range(1, args.shards + 1)]
    tasks = [
        shard.remote(
            [*batch, "--threads", "1", "--shard", f"{i}/{args.shards}", "--out", str(file)],
            str(file), dies=i == 1,
        )
        for i, file in enumerate(files, 1)
    ]
    resumed = ray.get(tasks)
    ray.shutdown()
    print(f"shard 1 was killed with {resumed[0]} answer(s) and retried")

    merged, whole = out / "merged.jsonl", out / "whole.jsonl"
    subprocess.run([program, "knowledge", "merge", *map(str, files), "--out", str(merged)],
                   check=True)
    subprocess.run([*batch, "--out", str(whole)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    if texts(merged) != texts(whole):
        print("the shards' answers differ from those of the undivided batch", file=sys.stderr)
        return 1
    print(f"{len(texts(merged))} answers: those of {args.shards} shards, one of them killed and "
          "retried, equal those of the undivided batch, letter for letter")
    return 0


if __name__ == "__main__":
    sys.exit(main())
