"""The command line: one file per command in this folder, imported only when that command is asked for.

A command is a file ``cli/<command>.py`` that defines its own name, a typed function or a group of them
(``sub_command`` is written ``sub-command``); files that do not are what the commands share. The first line of the
module's docstring is its line in ``tutelage --help``. There is no table to keep: the folder is the registry.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import tutelage
from tutelage.base.collector import collect_rarely
from tutelage.base.compiled import keep_compiled
from tutelage.base.errors import InputError, MissingExtraError
from tutelage.base.interrupts import interruptible
from tutelage.base.streams import flushed, prepare_streams
from tutelage.cli.support import activation_names, say, strict

# cyclopts takes 0.1 s to import: inside the functions, so that an interrupt finds us ready from the start.
if TYPE_CHECKING:
    from cyclopts import App, CycloptsError

_FOLDER = Path(__file__).parent

#: XLA's messages of memory that ran out go on for pages.
_LONGEST_MESSAGE = 2000

_EPILOGUE = (
    "A first look: `tutelage spectrum --activation erf -d 10 -k 20`; "
    "a figure of the paper: `tutelage reproduce fig2`."
)


def commands() -> dict[str, str]:
    """Every command with its one-line help, read from the files of this folder without importing them."""
    return {name: _docstring(text).partition("\n")[0] for name, text in _texts().items()}


@functools.cache
def _texts() -> dict[str, str]:
    """The files that define their own name; read, not parsed, which took 25 ms of every command."""
    texts = {file.stem: file.read_text(encoding="utf-8") for file in sorted(_FOLDER.glob("*.py"))}
    return {
        name.replace("_", "-"): text
        for name, text in texts.items()
        if re.search(rf"^(?:def {name}\(|{name} = )", text, re.MULTILINE)
    }


def _docstring(text: str) -> str:
    """The first text between triple quotes."""
    return text.partition('"""')[2].partition('"""')[0]


def examples() -> dict[str, str]:
    """The first example in a command's docstring, which closes its help; commands of commands have none."""
    found = {}
    for name, text in _texts().items():
        function = text.partition(f"\ndef {name.replace('-', '_')}(")[2]
        for part in _docstring(function).split("\n\n"):
            if part.lstrip().startswith("Example") and name not in found:
                found[name] = " ".join(part.split())
    return found


def build_app() -> App:
    """The application with every command registered by import path; nothing of a command is imported."""
    from cyclopts import App, Parameter

    app = App(
        name="tutelage",
        help="Exact Hessian spectra, ranks and learning curves of networks near their teacher.",
        help_epilogue=_EPILOGUE,
        help_format="markdown",
        version=tutelage.__version__,
        default_parameter=Parameter(converter=strict),
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )
    shown = examples()
    for name, text in commands().items():
        module = name.replace("-", "_")
        own = {"help_epilogue": shown[name]} if name in shown else {}
        app.command(f"tutelage.cli.{module}:{module}", name=name, help=text, **own)
    return app


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0, 2 for bad input (one line on stderr), 130 when interrupted."""
    try:
        with interruptible():
            return _run(arguments)
    except (InputError, MissingExtraError) as error:
        return _refuse(str(error))
    except (BrokenPipeError, SystemExit):  # rich turns the first into the second
        flushed()  # the reader (head, less) went away: nothing is wrong
        return 0
    except OSError as error:
        flushed()
        return _refuse(
            f"{error.filename or 'the system'}: {error.strerror or error}; check the path and the space left"
        )
    except MemoryError:
        return _refuse("not enough memory; choose smaller sizes")
    except KeyboardInterrupt as error:
        say(str(error) or "interrupted", error=True)
        return 130
    except Exception as error:  # what nobody foresaw: JAX out of memory, a fault of ours
        if (platforms := _absent_platform()) is not None:
            return _refuse(
                f"JAX_PLATFORMS: expected a platform that is here, got {platforms!r}; unset it, or name cpu"
            )
        return _refuse(f"{type(error).__name__}: {error}; please report it with the command that you gave")


def _absent_platform() -> str | None:
    """What the environment asks JAX to run on, where JAX, already loaded, cannot."""
    if "jax" not in sys.modules:
        return None
    import jax

    try:
        jax.devices()
    except Exception:  # of several types, an empty AssertionError among them
        return str(jax.config.jax_platforms)
    return None


def _run(arguments: Sequence[str] | None) -> int:
    from cyclopts import CycloptsError

    try:
        result = build_app()(
            None if arguments is None else list(arguments),
            exit_on_error=False,
            print_error=False,
            help_on_error=False,
        )
    except CycloptsError as error:
        return _refuse(_told(error))
    sys.stdout.flush()
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def _argument(error: CycloptsError) -> str:
    """What cyclopts leaves out: which argument it was, where that is known by its place and not by a keyword."""
    from cyclopts import CoercionError

    if not isinstance(error, CoercionError) or error.argument is None or error.token is None:
        return ""
    return "" if error.token.keyword else f"Invalid value for {error.argument.name.lstrip('-').upper()}: "


def _told(error: CycloptsError) -> str:
    """What cyclopts has to say, in our words where it refused a word without its option or passes our own refusal on."""
    from cyclopts import UnusedCliTokensError

    helped = " ".join(["tutelage", *(error.command_chain or ())]) + " --help"
    if isinstance(error.__cause__, InputError):
        return str(error.__cause__)
    if not isinstance(error, UnusedCliTokensError) or not error.unused_tokens:
        return f"{_argument(error)}{error}; see {helped}"
    word = error.unused_tokens[0]
    if word.lower().partition(":")[0] in activation_names():
        return f"unexpected {word!r}; did you mean --activation {word.lower()}? See {helped}"
    shown = ", ".join(map(repr, error.unused_tokens))
    return f"unexpected {shown}; options are written --name value, see {helped}"


def _refuse(message: str) -> int:
    say("tutelage: " + " ".join(message[:_LONGEST_MESSAGE].split()), error=True)
    return 2


def main() -> None:
    """Entry point of the ``tutelage`` script."""
    collect_rarely()
    prepare_streams()
    keep_compiled()
    sys.exit(run())
