"""The journal against a model of ten lines: appended, read, closed, crashed, cleaned up in any order.

A crash is a copy of the directory as it is at that moment, opened elsewhere; the journal that it was made from stays.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hydro.instants import DAY_MS, HOUR_MS
from storage.journal import Journal, JournalReader, marks, set_mark
from storage.message import RawMessage
from tests.storage.journal.conftest import START
from tests.storage.journal.messages import read_messages

READERS = st.sampled_from(["rules", "store"])


class Model:
    """What a journal is: messages in rows; rows go, oldest first, unless a reader needs them."""

    def __init__(self) -> None:
        self.messages: list[RawMessage] = []
        self.rows: list[tuple[int, int]] = []
        self.appended_at = 0
        self.set_back = 0
        self.kept_from = 1
        self.marks: dict[str, int] = {}

    def append(self, messages: list[tuple[str, bytes]], received_at: list[int] | None, now: int) -> None:
        """A row more."""
        self.set_back += now < self.appended_at
        self.appended_at = max(self.appended_at, now)
        self.rows.append((len(self.messages) + 1, len(self.messages) + len(messages)))
        times = received_at or [self.appended_at] * len(messages)
        self.messages += [RawMessage(*message, at) for message, at in zip(messages, times, strict=True)]

    def read(self, after: int) -> list[RawMessage]:
        """All messages from the row on that holds the one after a position."""
        rows = [row for row in self.rows if row[1] > after and row[0] >= self.kept_from]
        return self.messages[rows[0][0] - 1 :] if rows else []


class JournalMachine(RuleBasedStateMachine):
    """Does to the journal and to the model the same things."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.opened = ExitStack()
        self.now = START
        self.crashes = 0

    @initialize(segment_bytes=st.sampled_from([1, 3_000, 10**9]))
    def begin(self, segment_bytes: int) -> None:
        """An empty journal."""
        self.segment_bytes = segment_bytes
        self.root = Path(self.opened.enter_context(tempfile.TemporaryDirectory()))
        self.path = self.root / "0"
        self.open()

    def open(self) -> None:
        """Open journal and reader where the journal lies now."""
        self.journal = self.opened.enter_context(
            Journal.open(
                self.path,
                keep_days=1,
                max_gb=50,
                clock=lambda: self.now,
                segment_bytes=self.segment_bytes,
                reserve_bytes=1024,
            )
        )
        self.reader = self.opened.enter_context(JournalReader.open(self.path))
        assert self.journal.damage == ()

    @rule(
        messages=st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=9)), min_size=1, max_size=20),
        step=st.sampled_from([-3 * HOUR_MS, -1, 0, 1, 1000, HOUR_MS, 7 * HOUR_MS]),
        replayed=st.none() | st.integers(0, START),
    )
    def append(self, messages: list[tuple[str, bytes]], step: int, replayed: int | None) -> None:
        """Append, with a clock that may have gone back and, as in a replay, with times of its own."""
        self.now += step
        received_at = None if replayed is None else [replayed + n for n in range(len(messages))]
        batch = self.journal.append([topic for topic, _ in messages], [payload for _, payload in messages], received_at)
        self.model.append(messages, received_at, self.now)
        assert (batch.first, batch.last) == self.model.rows[-1]
        assert batch.appended_at == self.model.appended_at
        assert read_messages([batch]) == self.model.messages[batch.first - 1 :]

    @rule()
    def reopen(self) -> None:
        """Close in order, open again."""
        self.reader.close()
        self.journal.close()
        self.open()

    @rule()
    def crash(self) -> None:
        """Go on with what is on the disk."""
        self.crashes += 1
        path = self.root / str(self.crashes)
        shutil.copytree(self.path, path)
        self.path = path
        self.open()

    @rule(back=st.integers(0, 40), limit=st.integers(1, 60))
    def read(self, back: int, limit: int) -> None:
        """Read to the end from near the end, a piece at a time."""
        after = at = max(len(self.model.messages) - back, 0)
        found: list[RawMessage] = []
        while batches := self.reader.read(at, limit):
            assert sum(batch.count for batch in batches) <= limit or len(batches) == 1
            assert [batch.first for batch in batches[1:]] == [batch.last + 1 for batch in batches[:-1]]
            found += read_messages(batches)
            at = batches[-1].last
        assert found == self.model.read(after)

    @rule(reader=READERS, back=st.integers(0, 40))
    def mark(self, reader: str, back: int) -> None:
        """A reader says how far it is, or registers."""
        self.model.marks[reader] = max(len(self.model.messages) - back, 0)
        set_mark(self.path, reader, self.model.marks[reader])
        assert marks(self.path) == self.model.marks

    @rule(later=st.sampled_from([0, DAY_MS // 2, 2 * DAY_MS]), force=st.booleans())
    def clean_up(self, later: int, *, force: bool) -> None:
        """Retention now, or as it would be later."""
        plan = self.journal.enforce_retention(self.now + later, force=force)
        for segment in plan.deleted:
            assert segment.info.first == self.model.kept_from
            assert force or all(position >= segment.info.last for position in self.model.marks.values())
            self.model.kept_from = segment.info.last + 1
        assert not (force and plan.held)
        # What is gone is gone, for the reader that knew it too.
        self.reader.close()
        self.reader = self.opened.enter_context(JournalReader.open(self.path))

    @invariant()
    def agrees(self) -> None:
        """What can be asked at any time."""
        if hasattr(self, "journal"):
            assert self.journal.last_position == self.reader.last_position == len(self.model.messages)
            assert self.journal.first_position == self.reader.first_position == self.model.kept_from
            assert self.journal.clock_set_back == self.model.set_back
            assert {gap.reason for gap in self.reader.gaps} <= {"expired"}

    def teardown(self) -> None:
        """Close everything that was opened."""
        self.opened.close()


TestJournalAgainstModel = JournalMachine.TestCase
TestJournalAgainstModel.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
