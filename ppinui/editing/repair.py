"""A configuration that does not parse, mended as text: the file, what was made of it, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ppinui.audit import trace
from ppinui.config.config_save import SaveReport, Unparsed, save
from ppinui.config.redaction import is_any_lost, masked_diff
from ppinui.editing.session import Opened, open_file
from ppinui.errors import PpinuiError
from ppinui.files.replacement import Identity, identify
from ppinui.libconfig.document import ConfigSyntaxError, Document, parse
from ppinui.libconfig.includes import decode, read_regular


class BrokenFile:
    """One file until it can be read. What touches the disk says so, and is for a thread of its own."""

    def __init__(self, path: Path, *, tracer: Callable[[str, Path], None] = trace) -> None:
        """Nothing is read yet. ``tracer`` as for ``save``."""
        self.path = path
        self.text = ""
        """As it is in hand, edited or not."""
        self.flaw: PpinuiError | None = None
        """Why ``text`` is no configuration, or the file cannot be read; None when neither is so."""
        self._tracer = tracer
        self._on_disk = ""
        self._identity: Identity | None = None
        self._document: Document | None = None

    @property
    def is_edited(self) -> bool:
        """Whether there is something in hand that the disk has not."""
        return self.text != self._on_disk

    @property
    def can_be_edited(self) -> bool:
        """Whether there is a text, and it is not an included file that is wrong, which is not ours."""
        there = self.is_edited or self._identity is not None
        return there and not (isinstance(self.flaw, ConfigSyntaxError) and self.flaw_line is None)

    @property
    def flaw_line(self) -> int | None:
        """The line of ``text`` that the error is in, counted from 1; None where it is in none."""
        flaw = self.flaw
        if isinstance(flaw, ConfigSyntaxError) and flaw.at.file == str(self.path):
            return flaw.at.line
        return None

    def read(self) -> Opened | None:
        """Read the file; gives it where it can be read now. What was edited is given up. Reads the disk."""
        self.text, self._on_disk, self._identity, self._document = "", "", None, None
        self.flaw = None
        with suppress(PpinuiError):  # that it cannot be read is said below, with what to do about it
            self._take_from_disk()
            self.text = self._on_disk
        try:
            return open_file(self.path)
        except PpinuiError as flaw:
            self.flaw = flaw
            return None

    def take(self, text: str) -> None:
        """Go on with an edited text; ``flaw`` says whether it parses. For a thread of its own."""
        self.text = text
        self._document, self.flaw = None, None
        try:
            # Names that are there twice are an error here: the provider takes no such file.
            self._document = parse(text, str(self.path))
        except ConfigSyntaxError as flaw:
            self.flaw = flaw

    def diff(self) -> str:
        """From the disk's text to the one in hand, without secrets."""
        return masked_diff(self._on_disk, self.text, str(self.path))

    @property
    def is_password_lost(self) -> bool:
        """Whether a password of the file is not in the text in hand any more."""
        return is_any_lost(self._on_disk, self.text)

    def overtaken(self) -> bool:
        """Whether somebody else has changed the file since it was read. Reads the disk.

        From then on :meth:`diff` and :meth:`save` are about the file as it is now. Raises PpinuiError where
        there is none any more, or it cannot be read.
        """
        before = self._on_disk
        self._take_from_disk()
        return self._on_disk != before

    def save(self) -> SaveReport:
        """Put the text in hand, which parses, in the file. Raises SaveRefused. Writes the disk."""
        assert self._document is not None
        return save(
            self.path, Unparsed(self._on_disk), self._document, read_from=self._identity, tracer=self._tracer
        )

    def save_copy(self, path: Path) -> SaveReport:
        """Write the text in hand, which parses, to a new file. Raises SaveRefused. Writes the disk."""
        assert self._document is not None
        return save(path, None, self._document, tracer=self._tracer)

    def _take_from_disk(self) -> None:
        identity = identify(self.path)
        try:
            self._on_disk = decode(read_regular(self.path))
        except OSError as error:
            raise PpinuiError(
                f"the file cannot be read any more: {error.strerror or type(error).__name__}",
                str(self.path),
                "save a copy, or look at the file first",
            ) from None
        self._identity = identity
