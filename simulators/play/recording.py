"""A scenario written down: its stream, and beside it what was true."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from hydro.errors import ConfigError
from simulators.play.recorder import Recorder
from simulators.play.truth_file import TruthFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulators.play.play import Play

__all__ = ["Recorded", "record"]


class Recorded(NamedTuple):
    """How far a recording is.

    Attributes:
        messages: Written.
        truths: Written, or known where no file was wanted.
        at: True time until which it was played, epoch milliseconds.
        upto_ms: All that arrives until then is written.
    """

    messages: int
    truths: int
    at: int
    upto_ms: int


def record(
    play: Play,
    path: Path,
    truth_path: Path | None = None,
    progress: Callable[[Recorded], None] | None = None,
) -> Recorded:
    """Play all of it into files. What interrupts it leaves them whole until the last chunk, only shorter.

    Args:
        play: With an end.
        path: The recorded stream, see `Recorder`.
        truth_path: What was true, see `TruthFile`; None: not wanted.
        progress: Is told before the first chunk and after each.

    Raises:
        ConfigError: It never ends, or both files are the same, or the name of the stream is none.
        WatermasterError: A file can't be written.
    """
    if play.end is None:
        raise ConfigError(f"{play.scenario.place or play.scenario.name}: a recording needs an end")
    if truth_path is not None and truth_path.absolute() == path.absolute():
        raise ConfigError(f"{path}: the stream and the truth can't be one file")
    done = Recorded(0, 0, play.start, play.start)
    with ExitStack() as files:
        stream = files.enter_context(Recorder(path))
        truths = None if truth_path is None else files.enter_context(TruthFile(truth_path, play.scenario.zone_minutes))
        if progress is not None:
            progress(done)
        for chunk in play.chunks():
            stream.write(chunk.messages)
            if truths is not None:
                truths.write(chunk.truths)
            done = Recorded(stream.messages, done.truths + len(chunk.truths), chunk.at, chunk.upto_ms)
            if progress is not None:
                progress(done)
    return done
