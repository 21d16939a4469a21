"""Commands to RTUs: one at a time for each, sent while it is on line, answered or given up in bounded time.

A command waits until its RTU was heard and answered, since an RTU that sleeps listens only then, and one that has just
spoken expects its confirmation first. What is sent, and how it ends, stands in the log of commands before it happens.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from hydro.errors import ConfigError, StateError, WatermasterError
from hydro.instants import MINUTE_MS
from ingest.codecs.framing import Wire
from ingest.retry import until_done
from ingest.tcp.commands import TRIES, Command, Verb, request
from ingest.tcp.sessions import Session

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from concurrent.futures import Executor

    from ingest.tcp.sessions import Sessions
    from ingest.tcp.status import Status
    from ingest.tcp.uplink import RtuKey, Uplink
    from storage.command_log import CommandLog, LoggedCommand

__all__ = ["Exchange", "Outcome"]

log = structlog.get_logger(__name__)

MOST_WAITING: Final = 1_000
MOST_WAITING_EACH: Final = 16
ANSWER_S: Final = 20.0
_SESSIONS: Final = 3
"""A command is tried on so many connections: an RTU that hangs up each time is not asked for ever."""
_MOST_ANSWER_FRAMES: Final = 4_096
_CLOCK_OFF_MS: Final = 5 * MINUTE_MS
"""Beyond this SL 651 wants the clock to be set twice."""


class Outcome(StrEnum):
    """How a command stands."""

    WAITING = "waiting"
    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    NOT_CONNECTED = "not_connected"  # it did not come on line in time
    REFUSED = "refused"  # it can't be written in the protocol under which the station spoke
    ABANDONED = "abandoned"  # the service ended


@dataclass(slots=True, eq=False)
class _Job:
    number: int
    command: Command
    keys: tuple[RtuKey, ...]
    deadline: float
    done: asyncio.Future[None]
    function: int | None = None
    answers: list[bytes] = field(default_factory=list)
    is_answered: bool = False
    is_lost: bool = False
    is_ending: bool = False
    again: bool = False
    sent: int = 0
    connections: int = 0
    progress: asyncio.Event = field(default_factory=asyncio.Event)


class Exchange:
    """See the module.

    Args:
        sessions: Who was heard where.
        commands: The log; its calls block and are made in ``thread``.
        thread: Executor of one thread.
        zone_minutes: Zone of the wire.
        clock: Epoch milliseconds.
        rng: Chance for waits.
        status: Gets the numbers.
        answer_s: Seconds to wait for an answer, or for the next frame of one.
    """

    def __init__(
        self,
        sessions: Sessions,
        commands: CommandLog,
        thread: Executor,
        *,
        zone_minutes: int,
        clock: Callable[[], int],
        rng: random.Random,
        status: Status,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._sessions = sessions
        self._commands = commands
        self._thread = thread
        self._zone_minutes = zone_minutes
        self._clock = clock
        self._rng = rng
        self._status = status
        self._answer_s = answer_s
        self._loop = asyncio.get_running_loop()
        self._jobs: dict[int, _Job] = {}
        self._queues: dict[RtuKey, deque[_Job]] = {}
        self._active: dict[RtuKey, _Job] = {}
        self._ready: set[RtuKey] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Future[None]] = set()
        self._is_stopped = False

    # --- What people ask

    async def ask(
        self, station: str, command: Command, *, by: str, comment: str = "", valid_s: float, wait_s: float
    ) -> LoggedCommand:
        """Ask an RTU; returns when that has ended, or after ``wait_s`` while it goes on.

        Args:
            station: Its code.
            command: What.
            by: Who asks.
            comment: Why.
            valid_s: Seconds in which it is to be begun: so long it waits for an RTU that is off line.
            wait_s: Seconds to wait here.

        Raises:
            ConfigError: The station has no address, or the command can't be written in its protocol.
            WatermasterError: Too many commands wait, or the log can't be written; nothing is sent.
        """
        if self._is_stopped:
            raise WatermasterError("the service is stopping: nothing can be asked")
        keys = self._sessions.of(station)
        if not keys:
            raise ConfigError(f"station {station}: neither sl651_address nor slt427_address is in the register")
        self._check(command, keys)
        if len(self._jobs) >= MOST_WAITING or any(len(self._queues.get(key, ())) >= MOST_WAITING_EACH for key in keys):
            raise WatermasterError(f"station {station}: too many commands wait already", retryable=True)
        told = self._loop.create_future()
        self._asking.add(told)
        try:
            number = await self._enqueue(station, command, keys, by=by, comment=comment, valid_s=valid_s)
            if job := self._jobs.get(number):
                await asyncio.wait({job.done}, timeout=wait_s)
            found: LoggedCommand | None = await self._in_thread(partial(self._commands.get, number))
        finally:
            self._asking.discard(told)
            told.set_result(None)
        if found is None:
            raise WatermasterError(f"command {number} is not in the log any more")
        return found

    async def stop(self) -> None:
        """End what waits; a log that can't be written is not waited for."""
        self._is_stopped = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._jobs:
            ended = partial(self._commands.end_all, self._clock(), Outcome.ABANDONED, "the service was stopped")
            with suppress(StateError):  # the next start ends them, too
                await self._in_thread(ended)
        for job in list(self._jobs.values()):
            job.is_ending = True
            self._forget(job, Outcome.ABANDONED)
        if self._asking:  # who asked is still to be told
            await asyncio.wait(self._asking)

    # --- What the centre tells

    def wants(self, key: RtuKey) -> bool:
        """Whether an RTU is still to be asked something, so that it should stay on line."""
        active = self._active.get(key)
        return bool(self._queues.get(key)) or (active is not None and (active.again or not active.is_answered))

    def ready(self, key: RtuKey) -> None:
        """An RTU was heard, and has its answer: it listens."""
        self._ready.add(key)
        self._next(key)

    def gone(self, key: RtuKey) -> None:
        """An RTU is off line."""
        self._ready.discard(key)
        job = self._active.get(key)
        if job is not None:
            job.is_lost = True
            job.progress.set()

    def answered(self, uplink: Uplink) -> None:
        """Take a frame that is safe as an answer, if it is one."""
        job = self._active.get(uplink.key)
        if job is None or job.function is None or uplink.function != job.function or job.is_answered:
            return
        job.answers.append(uplink.data)
        job.is_answered = uplink.is_last or len(job.answers) >= _MOST_ANSWER_FRAMES
        job.progress.set()

    # --- Inside

    async def _enqueue(
        self, station: str, command: Command, keys: list[RtuKey], *, by: str, comment: str, valid_s: float
    ) -> int:
        """Note a command, then let it wait for its RTU; its number."""
        text = json.dumps({name: value for name, value in asdict(command).items() if name in command.said})
        note = partial(self._commands.add, station, text, asked_by=by, comment=comment, asked_at=self._clock())
        number = int(await self._in_thread(note))
        log.info("command_asked", id=number, station=station, verb=command.verb.value, by=by)
        if not self._is_stopped:  # else the next start ends it
            job = _Job(number, command, tuple(keys), self._loop.time() + valid_s, self._loop.create_future())
            self._jobs[number] = job
            self._status.commands_waiting = len(self._jobs)
            for key in keys:
                self._queues.setdefault(key, deque()).append(job)
            for key in keys:
                self._next(key)
            self._loop.call_later(valid_s, self._expire, job)
        return number

    def _check(self, command: Command, keys: list[RtuKey]) -> None:
        """Refuse at once what none of the protocols can say."""
        errors = []
        for key in keys:
            try:
                request(command, self._sessions.find(key) or Session(key, None), self._clock(), self._zone_minutes)
            except ConfigError as error:
                errors.append(error)
        if len(errors) == len(keys):
            raise errors[0]

    def _next(self, key: RtuKey) -> None:
        """Begin the next command of an RTU, if it listens and has no other."""
        queue = self._queues.get(key)
        if not queue or key in self._active or key not in self._ready:
            return
        job = queue[0]
        self._unqueue(job)
        job.is_lost = False
        job.connections += 1
        self._active[key] = job
        task = asyncio.create_task(self._run(job, key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, job: _Job, key: RtuKey) -> None:
        try:
            ended = await self._try(job, key)
        except ConfigError as error:
            ended = Outcome.REFUSED, str(error)
        except WatermasterError as error:  # the log: what can't be written is not sent
            ended = Outcome.NO_ANSWER, str(error)
        finally:
            del self._active[key]
        if ended is not None:
            await self._end(job, *ended)
        elif job.connections >= _SESSIONS or self._loop.time() >= job.deadline:
            await self._end(job, Outcome.NO_ANSWER, f"hung up after being asked, {job.connections} times")
        else:
            for other in job.keys:
                self._queues.setdefault(other, deque()).appendleft(job)
        self._next(key)

    async def _try(self, job: _Job, key: RtuKey) -> tuple[Outcome, str] | None:
        """Ask until it answers; how it ended, or None where the RTU went off line."""
        for _ in range(TRIES):
            session = self._sessions.find(key)
            if session is None or not await self._send(job, session):
                return None
            if await self._heard(job):
                if not job.again:
                    return Outcome.ANSWERED, ""
                job.again = False
            elif not session.is_connected:
                return None
        return Outcome.NO_ANSWER, f"no answer to {job.sent} requests within {self._answer_s:g} s each"

    async def _send(self, job: _Job, session: Session) -> bool:
        """Note what is to be sent, then send it; False where the RTU is off line."""
        far = abs(session.clock_offset_ms or 0) > _CLOCK_OFF_MS
        if not job.sent and far and job.command.verb is Verb.SET_CLOCK and session.key.wire is Wire.SL651:
            job.again = True
        now = self._clock()
        data, function = request(job.command, session, now, self._zone_minutes, attempt=job.sent)
        if not session.is_connected:
            return False
        await self._in_thread(partial(self._commands.note_sending, job.number, *session.key, now, data))
        job.function, job.answers, job.is_answered = function, [], False
        job.progress.clear()
        if session.route is None or not session.route.send(data):
            return False
        job.sent += 1
        return True

    async def _heard(self, job: _Job) -> bool:
        """Wait for the last frame of the answer; False when nothing came for too long, or the RTU went off line."""
        while not job.is_answered and not job.is_lost:
            try:
                async with asyncio.timeout(self._answer_s):
                    await job.progress.wait()
            except TimeoutError:
                return False
            job.progress.clear()
        return job.is_answered

    def _expire(self, job: _Job) -> None:
        """End a command that is still queued."""
        if job.is_ending or job in self._active.values():
            return
        self._unqueue(job)
        outcome = Outcome.NO_ANSWER if job.sent else Outcome.NOT_CONNECTED
        task = asyncio.create_task(self._end(job, outcome, "did not come on line in time"))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, job: _Job, outcome: Outcome, detail: str) -> None:
        job.is_ending = True
        at, answer = self._clock(), b"".join(job.answers)

        async def write() -> None:
            await self._in_thread(partial(self._commands.note_end, job.number, at, outcome, detail, answer))

        await until_done(write, self._rng, self._unwritten)
        log.info("command_ended", id=job.number, outcome=outcome.value, tries=job.sent)
        self._forget(job, outcome)

    def _forget(self, job: _Job, outcome: Outcome) -> None:
        self._unqueue(job)
        self._jobs.pop(job.number, None)
        self._status.commands_waiting = len(self._jobs)
        self._status.commands[outcome.value] += 1
        if not job.done.done():
            job.done.set_result(None)

    def _unqueue(self, job: _Job) -> None:
        for key in job.keys:
            queue = self._queues.get(key)
            if queue is not None and job in queue:
                queue.remove(job)
                if not queue:
                    del self._queues[key]

    def _unwritten(self, error: WatermasterError | None) -> None:
        if error is not None:
            log.error("command_log_fails", error=str(error))

    async def _in_thread(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401  # of any call of the log
        return await self._loop.run_in_executor(self._thread, work)
