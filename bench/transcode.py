"""Law `transcode`: our whole ladder, packaged and encrypted, against the same ffmpeg and packager commands by hand.

Both sides make every rung of one source in one ffmpeg process with the same settings, encode the sound, and package
with `cenc`. Ours also probes, measures the complexity, cuts the source into chunks, joins them and runs everything in
the sandbox; that is the price the law bounds. Rounds are interleaved, and the median of each side counts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from domain.media.complexity import Complexity, measure_complexity
from domain.media.encode import encode_audio, encode_chunk, join_chunks, make_seekable
from domain.media.ladder import TrackClass
from domain.media.packager import AudioInput, PackagingKey, Scheme, VideoInput, package
from domain.media.plan import EncodePlan, make_plan
from domain.media.probe import probe_source
from domain.media.tools import MediaTools

LIMIT = 1.10
DEFAULT_ROUNDS = 3
# Two chunks of the default length, so that joining is part of what is measured.
DEFAULT_SECONDS = 60
KEYS = {name: PackagingKey(kid=os.urandom(16), key=os.urandom(16)) for name in TrackClass}
NICE = ["nice", "-n", "10"]


def make_source(tools: MediaTools, path: Path, seconds: int) -> None:
    picture = "testsrc2=s=1280x720:r=30,noise=alls=8:allf=t"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=440:r=48000", "-t", str(seconds)]
    # The bit rate and the key frame every second of a camera; noise at constant quality would take five times that.
    rate = ["-b:v", "10M", "-maxrate", "12M", "-bufsize", "12M", "-g", "30"]
    coded = ["-c:v", "libx264", "-preset", "superfast", *rate, "-c:a", "aac"]
    subprocess.run([tools.ffmpeg, "-v", "error", "-y", *inputs, *coded, path], check=True)


async def marquee(tools: MediaTools, source: Path, folder: Path) -> None:
    probe = await probe_source(tools, source)
    plan = make_plan(probe, await measure_complexity(tools, source, probe))
    seekable = await make_seekable(tools, source, plan, folder=folder)
    # Sound is a step of its own that another worker takes while the picture is under way.
    sound_steps = asyncio.gather(*(encode_audio(tools, source, plan, one, folder=folder) for one in plan.audio))
    parts = [await encode_chunk(tools, seekable, plan, chunk, folder=folder) for chunk in plan.chunks]
    videos = [
        VideoInput(
            path=await join_chunks(
                tools, plan, rung, [part[rung.id] for part in parts], output=folder / f"{rung.id}.mp4"
            ),
            rung=rung,
        )
        for rung in plan.ladder.rungs
    ]
    sounds = await sound_steps
    audios = [
        AudioInput(path=path, id=one.id, language=one.language, label=one.label, is_default=one.is_default)
        for path, one in zip(sounds, plan.audio, strict=True)
    ]
    target = folder / "package"
    target.mkdir()
    await package(
        tools, videos=videos, audios=audios, texts=[], keys=KEYS, scheme=Scheme.CENC,
        segment_s=plan.ladder.segment_s, duration_s=plan.duration_s, folder=target,
    )  # fmt: skip


def by_hand(tools: MediaTools, source: Path, plan: EncodePlan, folder: Path) -> None:
    """What a person would type for the same result."""
    ladder = plan.ladder
    outputs: list[str] = []
    graph = f"[0:v]fps={ladder.frame_rate},split={len(ladder.rungs)}" + "".join(f"[i{r.id}]" for r in ladder.rungs)
    for rung in ladder.rungs:
        graph += f";[i{rung.id}]scale={rung.width}:{rung.height}[o{rung.id}]"
        outputs += [
            "-map", f"[o{rung.id}]", "-c:v", "libx264", "-preset", plan.preset, "-crf", str(rung.crf), "-threads", "2",
            "-maxrate", f"{rung.max_kbps}k", "-bufsize", f"{rung.max_kbps * 2}k", "-g", str(ladder.gop_frames),
            "-keyint_min", str(ladder.gop_frames), "-sc_threshold", "0", "-pix_fmt", "yuv420p",
            str(folder / f"{rung.id}.mp4"),
        ]  # fmt: skip
    ffmpeg = [*NICE, str(tools.ffmpeg), "-v", "error", "-nostdin", "-y", "-threads", "2", "-i", str(source)]
    subprocess.run([*ffmpeg, "-filter_complex", graph, *outputs], check=True)
    sound = ["-map", "0:a", "-ac", "2", "-ar", "48000", "-c:a", "aac", "-b:a", "128k", str(folder / "audio-0.mp4")]
    subprocess.run([*ffmpeg, *sound], check=True)
    _package_by_hand(tools, plan, folder)


def _package_by_hand(tools: MediaTools, plan: EncodePlan, folder: Path) -> None:
    tracks = [(rung.id, "video", rung.track_class) for rung in plan.ladder.rungs] + [
        ("audio-0", "audio", TrackClass.AUDIO)
    ]
    descriptors = [
        f"in={folder}/{name}.mp4,stream={kind},init_segment={folder}/package/{name}/init.mp4,"
        f"segment_template={folder}/package/{name}/$Number$.m4s,playlist_name={name}/index.m3u8,drm_label={label}"
        for name, kind, label in tracks
    ]
    used = {label for _, _, label in tracks}
    keys = ",".join(f"label={name}:key_id={KEYS[name].kid.hex()}:key={KEYS[name].key.hex()}" for name in used)
    subprocess.run(
        [
            *NICE, tools.packager, "--quiet", *descriptors, "--enable_raw_key_encryption", f"--keys={keys}",
            "--protection_scheme=cenc", "--clear_lead=0", f"--segment_duration={plan.ladder.segment_s}",
            "--generate_static_live_mpd", f"--mpd_output={folder}/package/manifest.mpd",
            f"--hls_master_playlist_output={folder}/package/master.m3u8",
        ],
        check=True,
    )  # fmt: skip


def measure(tools: MediaTools, source: Path, plan: EncodePlan, root: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of wall time of each side in each round; sides take turns in going first.

    The processor seconds printed beside them tell a slow side from a busy machine.
    """
    taken: dict[str, list[float]] = {"marquee": [], "by_hand": []}
    worked = {"marquee": 0.0, "by_hand": 0.0}
    for number in range(rounds):
        sides = ["marquee", "by_hand"] if number % 2 == 0 else ["by_hand", "marquee"]
        for side in sides:
            with tempfile.TemporaryDirectory(dir=root) as folder:
                started, before = time.perf_counter(), _processor_s()
                if side == "marquee":
                    asyncio.run(marquee(tools, source, Path(folder)))
                else:
                    by_hand(tools, source, plan, Path(folder))
                taken[side].append(time.perf_counter() - started)
                worked[side] = _processor_s() - before
        print(
            f"round {number + 1}: "
            + ", ".join(f"{side} {times[-1]:.2f} s (processor {worked[side]:.2f} s)" for side, times in taken.items()),
            flush=True,
        )
    return taken


def _processor_s() -> float:
    """Processor time of this process and of every program it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


async def plan_once(tools: MediaTools, source: Path) -> EncodePlan:
    probe = await probe_source(tools, source)
    measured: Complexity = await measure_complexity(tools, source, probe)
    return make_plan(probe, measured)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS)
    parser.add_argument("--seconds", type=int, default=DEFAULT_SECONDS)
    options = parser.parse_args(arguments)
    tools = MediaTools.find()
    with tempfile.TemporaryDirectory(prefix="marquee-bench-") as folder:
        root = Path(folder)
        source = root / "source.mp4"
        make_source(tools, source, options.seconds)
        plan = asyncio.run(plan_once(tools, source))
        print(
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()};"
            f" {options.seconds} s of 720p30"
        )
        print(f"{len(plan.ladder.rungs)} rungs, {len(plan.chunks)} chunks")
        taken = measure(tools, source, plan, root, options.rounds)
    medians = {side: statistics.median(times) for side, times in taken.items()}
    ratio = medians["marquee"] / medians["by_hand"]
    print(f"median: marquee {medians['marquee']:.2f} s, by hand {medians['by_hand']:.2f} s")
    if ratio > LIMIT:
        print(f"falls short: {ratio:.2f} is above {LIMIT:.2f}")
    print(f"LAW transcode marquee/by_hand={ratio:.2f}")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
