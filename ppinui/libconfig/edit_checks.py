"""What edits ask before they begin: that the setting is there, ours to change, and the name free."""

from __future__ import annotations

from ppinui.libconfig.document import Document, EditRefused, Kind, Setting


def editable(document: Document, path: str) -> Setting:
    """The setting at a path; EditRefused when there is none, or it comes from an included file."""
    setting = document.get(path)
    if setting is None:
        raise EditRefused(
            f"there is no setting {path}",
            document.origin,
            "check the path: ppinui config show lists all settings",
        )
    if setting.read_only:
        raise EditRefused(
            f"{path} comes from a file that {document.origin} includes",
            str(setting.place),
            f"edit {setting.place.file} instead",
        )
    return setting


def named(document: Document, path: str) -> Setting:
    """A setting with a name and a group around it, so neither the root nor an element."""
    setting = editable(document, path)
    if setting.name is None:
        what = (
            "the whole file" if setting.parent is None else f"an element of the {setting.parent.kind.value}"
        )
        raise EditRefused(f"{path or 'this'} is {what}", str(setting.place), "name a setting of a group")
    return setting


def group(document: Document, path: str) -> Setting:
    """A group to put something into; "" is the root."""
    setting = editable(document, path)
    if setting.kind is not Kind.GROUP:
        raise EditRefused(
            f"{path} is of type {setting.kind.value}, not group",
            str(setting.place),
            "name the group to put it into",
        )
    return setting


def free(parent: Setting, name: str) -> None:
    """EditRefused when a group has a setting of this name."""
    there = parent.get(name)
    if there is not None:
        raise EditRefused(
            f"{there.path} is there already",
            str(there.place),
            "choose another name, or change the one that is there",
        )


def neighbour(parent: Setting, after: str | None, *, is_group: bool) -> Setting | None:
    """What a new setting goes behind: ``after``, else the last of its sort; None in an empty group."""
    if after is not None:
        chosen = parent.get(after)
        if chosen is None or chosen.read_only:
            raise EditRefused(
                f"there is no setting {after} of this file in {parent.path or 'the file'}",
                str(parent.place),
                "name another setting to put it behind, or none",
            )
        return chosen
    last = None
    for child in parent.children:
        if not child.read_only and (child.kind is Kind.GROUP) is is_group:
            last = child
    if last is None:
        last = next((child for child in reversed(parent.children) if not child.read_only), None)
    return last


def no_room(setting: Setting) -> EditRefused:
    """The error for an edit that cannot be written where it belongs."""
    return EditRefused(
        f"{setting.path or 'the file'} is written in a way that leaves no room for this change",
        str(setting.place),
        "put the settings on lines of their own with an editor, then try again",
    )
