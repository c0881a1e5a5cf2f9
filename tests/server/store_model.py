"""
What a store must do, on plain dicts: a model of it, and writes as plain lists that JSON can hold.
"""

from __future__ import annotations

import copy

from paysim.server.store.store import Cut, Mark, Reply, Row, Step

PLAIN = {"name": "", "seed": 2**64 - 1, "num_ticks": 100, "ticks_per_day": 10}


def row_of(id, tick=0, events=0, steps=0, **more):
    return Row(id=id, tick=tick, events=events, steps=steps, agents=("A", "B"), **PLAIN, **more)


def step_of(number, seed=0, tick=None):
    """
    Return a step whose bytes tell which one it is.
    """
    piece = b"%d/%d " % (number, seed) * (1 + (number * 7 + seed) % 40)
    tick = number if tick is None else tick
    return Step(tick, 3 * tick, b"[%d]" % seed if seed % 3 == 0 else b"", piece)


def begun_of(seed):
    return b"begun %d " % seed * (seed % 5)


def reply_of(scope, key):
    return Reply(scope, key, "ab" * 32, 201, {"Location": f"/{key}"}, key.encode() * 3)


def write(store, change):
    """
    Hand a change over to a store, and return the future.
    """
    kind, id, *rest = change
    match kind, rest:
        case "create", [seed, has_first]:
            return store.create(row_of(id), begun_of(seed), step_of(1, seed) if has_first else None)
        case "append", [number, seed]:
            return store.append(id, step_of(number, seed), after=number - 1)
        case "run", [status]:
            return store.append(id, None, run={"status": status})
        case "restore", [step]:
            return store.restore(id, step)
        case "branch", [source, step]:
            return store.branch(row_of(id, parent_id=source, parent_tick=step), source, step)
        case "mark", [mark_id, step]:
            return store.add_mark(Mark(mark_id, id, "", step, step))
        case "unmark", [mark_id]:
            return store.delete_mark(id, mark_id)
        case "delete", []:
            return store.delete(id)
        case "reply", [key]:
            return store.append(id, None, reply=reply_of(id, key))
    raise AssertionError(change)


class Model:
    """
    What is in a store after some changes.
    """

    def __init__(self):
        self.begun = {}
        self.steps = {}
        self.marks = {}
        self.runs = {}
        self.parents = {}
        self.restored = {}
        self.replies = set()

    def apply(self, change):
        """
        Make a change, and return whether it can be made.
        """
        kind, id, *rest = change
        if (id in self.steps) == (kind in ("create", "branch")):
            return False
        match kind, rest:
            case "create", [seed, has_first]:
                self.begun[id] = begun_of(seed)
                self.steps[id] = [step_of(1, seed)] if has_first else []
                self.marks[id] = []
            case "append", [number, seed]:
                if number != len(self.steps[id]) + 1:
                    return False
                self.steps[id].append(step_of(number, seed))
            case "run", [status]:
                self.runs[id] = {"status": status}
            case "restore", [step]:
                if step > len(self.steps[id]):
                    return False
                del self.steps[id][step:]
                restored = self.restored.setdefault(id, [])
                restored.append((len(restored) + 1, self.row(id).events))
                self.marks[id] = [mark for mark in self.marks[id] if mark.step <= step]
            case "branch", [source, step]:
                if step > len(self.steps.get(source, [])) or source not in self.steps:
                    return False
                self.begun[id] = self.begun[source]
                self.steps[id] = self.steps[source][:step]
                self.marks[id] = []
                self.parents[id] = (source, step)
            case "mark", [mark_id, step]:
                if step > len(self.steps[id]) or mark_id in [mark.id for mark in self.marks[id]]:
                    return False
                self.marks[id].append(Mark(mark_id, id, "", step, step))
            case "unmark", [mark_id]:
                kept = [mark for mark in self.marks[id] if mark.id != mark_id]
                if len(kept) == len(self.marks[id]):
                    return False
                self.marks[id] = kept
            case "delete", []:
                for part in (
                    self.begun,
                    self.steps,
                    self.marks,
                    self.runs,
                    self.parents,
                    self.restored,
                ):
                    part.pop(id, None)
                self.replies = {reply for reply in self.replies if reply[0] != id}
            case "reply", [key]:
                if (id, key) in self.replies:
                    return False
                self.replies.add((id, key))
        return True

    def after(self, change):
        """
        Return the model after one more change.
        """
        other = copy.deepcopy(self)
        other.apply(change)
        return other

    def reopened(self):
        """
        Note that the store was closed and opened: what ran is interrupted.
        """
        for record in self.runs.values():
            if record["status"] == "running":
                record["status"] = "interrupted"

    def row(self, id):
        steps = self.steps[id]
        tick, events = (steps[-1].tick, steps[-1].events) if steps else (0, 0)
        source, at = self.parents.get(id, (None, None))
        more = {"parent_id": source, "parent_tick": at, "run": self.runs.get(id)}
        restored = self.restored.get(id, [])
        more["cuts"] = tuple(
            Cut(number, events)
            for number, events in restored
            if all(events < left for _, left in restored[number:])
        )
        return row_of(id, tick, events, len(steps), **more)

    def differences(self, store, ids=None):
        """
        Return what of some simulations, or of all, is not in a store as it is here.
        """
        ids = set(self.steps) if ids is None else ids
        rows = {row.id: row for row in store.rows()}
        found = []
        for id in sorted(ids | set(rows) if ids == set(self.steps) else ids):
            if (id in rows) != (id in self.steps):
                found.append((id, "is there" if id in rows else "is not there"))
            elif id in rows:
                there = rows[id], *store.load(id), store.marks(id)
                here = self.row(id), self.begun[id], self.steps[id], self.marks[id]
                found.extend((id, a, b) for a, b in zip(there, here, strict=True) if a != b)
        for scope, key in self.replies:
            if scope in ids and store.reply(scope, key) != reply_of(scope, key):
                found.append((scope, key))
        return found
