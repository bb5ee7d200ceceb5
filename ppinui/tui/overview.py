"""What is shown below the form: an HSM's slots and cluster, a slot's secrets, the file as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from ppinui.config.primus_config import Hsm, PrimusConfig, Slot
from ppinui.editing.tree_model import Branch, Line, cluster_of
from ppinui.probe.result import SlotResult
from ppinui.tui.line_states import UNKNOWN, LineStates
from ppinui.tui.widgets.virtual_list import Piece

_KINDS = {"permanent": "permanent", "proxy": "proxy", "pin": "PIN"}


def overview(line: Line, config: PrimusConfig, states: LineStates, place: str) -> list[Piece]:
    if line.branch is Branch.HSM and (hsm := config.hsm(line.title)):
        return [*_slots(hsm, states), *_cluster(hsm, config)]
    if line.branch is Branch.SLOT:
        slot = next((one for one in config.slots if one.path == line.path), None)
        return list(_slot(slot, config, states)) if slot is not None else []
    if line.branch is Branch.FILE:
        return [
            (place, ""),
            (f"{len(config.hsms)} HSMs, {len(config.slots)} slots", ""),
            (f"{len(config.partitions())} partitions", ""),
        ]
    return []


def _slots(hsm: Hsm, states: LineStates) -> Iterator[Piece]:
    yield ("Slots" if hsm.slots else "No slots yet: a adds one", "strong")
    for slot in hsm.slots:
        word, name = states.test(slot.path)
        number = "?" if slot.id is None else slot.id
        yield (
            f"  {slot.name}  id {number}  {slot.user_name or '?'}  {word}",
            name if name == "error" else "",
        )


def _cluster(hsm: Hsm, config: PrimusConfig) -> Iterator[Piece]:
    members = cluster_of(config, hsm)
    if not members:
        yield ("Cluster: shares no partition with another HSM", "faint")
        return
    yield ("Cluster, in the order in which it is tried", "strong")
    for number, (member, shared) in enumerate(members, 1):
        here = " (this one)" if member.name == hsm.name else ""
        where = f"{member.name}{here} {member.host or '?'}  prio {member.priority}"
        yield (f"  {number}. {where}: {', '.join(shared)}", "")


def _slot(slot: Slot, config: PrimusConfig, states: LineStates) -> Iterator[Piece]:
    copies = config.partitions().get(slot.user_name or "", ())
    others = [other for other in copies if other.path != slot.path]
    if others:
        yield ("Also on " + ", ".join(f"{other.hsm}.{other.name}" for other in others), "")
    yield ("Secrets (F4 adds, updates, removes, tests)", "strong")
    wanted = [("permanent", slot.user_name), ("proxy", slot.proxy_user), ("pin", slot.user_name)]
    for kind, name in wanted:
        if name is not None:
            word, look = states.secret_lines.get((kind, name), (UNKNOWN.long, UNKNOWN.name))
            yield (f"  {_KINDS[kind]:10} {word}", look)
    result = states.results.get(slot.path)
    word, name = states.test(slot.path)
    yield (f"Last test: {word}", name)
    if result is not None:
        yield from result_lines(result)


def result_lines(result: SlotResult) -> Iterator[Piece]:
    """A result: the reason of a failure, the stages that passed, where the secrets came from."""
    for stage in sorted(result.stages, key=lambda stage: stage.error is None):
        yield (f"  {stage.stage.value:8} {stage.outcome.value:8} {stage.milliseconds:8.1f} ms", "")
        if stage.note:
            yield (f"    {stage.note}", "faint")
        if stage.error is not None:
            code = f" ({stage.error.hex})" if stage.error.hex else ""
            yield (f"    {stage.error.name}{code}", "error")
            yield (f"    {stage.error.message}", "")
            yield (f"    fix: {stage.error.remedy}", "")
    from ppinui.probe.credentials import sources_in_words  # the first screen has no results

    if secrets := sources_in_words(result.secrets):
        yield (f"  {secrets}", "")
    if result.scope == "endpoint":
        yield (f"  behind the proxy of {result.proxy}: this is the endpoint's result, not one HSM's", "faint")
