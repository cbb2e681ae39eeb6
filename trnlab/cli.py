"""The command `trnlab`: open the workbench, or profile a kernel from a shell.

Each command imports what it needs when it runs, so that `trnlab --help` answers at once.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trnlab.files import whole
from trnlab.serve.lessons import Lesson, lessons

PORT = 8866
MOST_READY = 50  # kernels that wait for one lesson


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; say in one sentence what was wrong with a request that cannot be met."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ValueError as error:
        print(f"trnlab: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        reason = error.strerror and f"{error.filename}: {error.strerror.lower()}"
        print(f"trnlab: {reason if error.filename and reason else error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trnlab", description="A workbench that teaches Trainium3 by running a modelled chip."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="which trnlab this is")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    workbench = commands.add_parser("open", help="serve the workbench and open it in a browser")
    workbench.add_argument("name", nargs="?", metavar="NAME", help="a lesson, such as 02")
    workbench.add_argument("--lab", action="store_true", help="in JupyterLab, with the code")
    workbench.add_argument("--port", type=int, default=PORT, help=f"default {PORT}")
    workbench.add_argument("--no-browser", action="store_true", help="only print the address")
    workbench.add_argument(
        "--ready",
        type=_count,
        default=0,
        metavar="N",
        help="kernels that wait for each lesson, so that it opens at once; about 55 MiB each",
    )
    workbench.set_defaults(command=_open)

    run = commands.add_parser("run", help="profile a kernel and print a summary")
    run.add_argument(
        "kernel",
        metavar="FILE[:KERNEL]",
        help="a Python file and a kernel in it; KERNEL[2] runs on both cores of a logical core",
    )
    run.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=SHAPE:DTYPE",
        help="one for each array argument, such as lhsT=512x128:bfloat16",
    )
    run.add_argument("--chip", help="trn1, trn2 or trn3; default what the file asks for, or trn3")
    run.add_argument(
        "--values",
        choices=("none", "random"),
        default="none",
        help="compute the result as well, from seeded random numbers (default: time alone)",
    )
    run.set_defaults(command=_run)

    site = commands.add_parser("export", help="write the lessons as HTML files without a server")
    site.add_argument("folder", type=Path, help="a new or empty folder, or an earlier export")
    site.set_defaults(command=_export)

    handout = commands.add_parser("release", help="strip the solutions from exercises for a class")
    handout.add_argument("source", type=Path, help="the teacher's notebook")
    handout.add_argument("target", type=Path, help="where the students' version goes")
    handout.set_defaults(command=_release)

    validate = commands.add_parser("validate", help="compare the model with measurements")
    validate.add_argument("--cluster", action="store_true", help="training runs instead of kernels")
    validate.add_argument("--write", metavar="FILE", help="also as a page in Markdown")
    validate.set_defaults(command=_validate)
    return parser


class _Version(argparse.Action):
    """Print the version, looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_given: Any) -> None:
        from importlib.metadata import version

        print(f"trnlab {version('trnlab')}")
        parser.exit()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > MOST_READY:
        raise argparse.ArgumentTypeError(f"{text} is no number from 0 to {MOST_READY}")
    return int(text)


def _open(options: argparse.Namespace) -> None:
    from trnlab.serve.app import serve, serve_lab

    page = f"{_lesson(options.name).name}.ipynb" if options.name else ""
    if options.lab:
        serve_lab(options.port, page, browser=not options.no_browser)
    else:
        path = page and f"voila/render/{page}"
        serve(options.port, path, browser=not options.no_browser, ready=options.ready)


def _export(options: argparse.Namespace) -> None:
    from trnlab.serve.export import export

    for path in export(options.folder):
        print(f"{path}: {path.stat().st_size:,} bytes")


def _release(options: argparse.Namespace) -> None:
    from trnlab.serve.release import release

    stripped = release(options.source, options.target)
    print(f"{options.target}: {stripped} solutions stripped")


def _lesson(name: str) -> Lesson:
    """The lesson called so: by its file, its number, or the words after its number."""
    there_are = lessons()
    for lesson in there_are:
        if name in (lesson.name, *lesson.name.split("_", 1)):
            return lesson
    listed = ", ".join(lesson.name for lesson in there_are)
    raise ValueError(f"there is no lesson {name!r}; there are: {listed}")


def _validate(options: argparse.Namespace) -> None:
    if options.cluster:
        _validate_cluster(options)
        return
    from trnlab.validation import report

    rows = report.validate()
    print(report.text(rows))
    if options.write:
        with whole(options.write) as file:
            file.write(report.page(rows))
    outside = [row for row in rows if not row.is_within]
    print(f"{len(rows) - len(outside)} of {len(rows)} figures within their limit.")
    if outside:
        raise ValueError(f"{len(outside)} figures are outside; they are marked with !")


def _validate_cluster(options: argparse.Namespace) -> None:
    from trnlab.cluster import validation_report
    from trnlab.cluster.validation import sections

    found = sections()
    print(validation_report.text(found))
    print("\n".join(validation_report.limits_text(found)))
    if options.write:
        with whole(options.write) as file:
            file.write(validation_report.page(found))
    if not all(limit.is_kept(found) for limit in validation_report.LIMITS):
        raise ValueError("the cluster model is outside its limits; they are marked BROKEN")


def _run(options: argparse.Namespace) -> None:
    from trnlab.report import report

    print(report(options.kernel, options.input, options.chip, options.values == "random"))
