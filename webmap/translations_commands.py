"""`flask translations …`: keep the Chinese catalogue in step with the sentences in code and templates."""

import ast
import io
from collections.abc import Iterator
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from importers.errors import ReadError
from webmap.languages import CATALOGUE, compile_catalogue

WEBMAP = CATALOGUE.parents[3]
SAY = {"say", "join"}
SAID_IN = ("geo", "staffing", "incidents", "importers")
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}

HEADER = r"""# What the pages say, in Chinese. Keep in step with the code: flask translations update
msgid ""
msgstr ""
"Language: zh_Hans_CN\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=1; plural=0;\n"

"""


@click.group("translations", context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """The Chinese catalogue of the pages.

    Example: flask translations update
    """


@commands.command()
def update() -> None:
    """Add new sentences to the catalogue, drop unused ones, compile it, and list what has no Chinese yet.

    Exit status 1 while any is missing.

    Example: flask translations update
    """
    catalogue = _read()
    catalogue.update(extract(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    write(catalogue)
    compile_catalogue()
    missing = untranslated(catalogue)
    for sentence in missing:
        click.echo(f"no Chinese yet: {sentence}")
    if missing:
        raise click.exceptions.Exit(1)
    click.echo(f"{len(catalogue)} sentences, all in Chinese")


def extract() -> Catalog:
    """Every sentence that code and templates of the web say, and those of imports that they pass on."""
    found = Catalog(project="Wangge", charset="utf-8")
    with (WEBMAP / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    for name, line, message, comments, context in extract_from_dir(
        WEBMAP, methods, options, KEYWORDS, comment_tags=("Translators:",)
    ):
        found.add(message, None, [(name, line)], auto_comments=comments, context=context)
    for package in SAID_IN:
        for name, call in calls_to_say(WEBMAP.parent / package):
            match call.args:
                case [ast.Constant(value=str(template)), *_]:
                    found.add(template, None, [(name, call.lineno)])
    for error in _read_errors(ReadError):
        found.add(error.sentence(), None, [(f"{error.__module__}.{error.__name__}", 1)])
    return found


def calls_to_say(package: Path) -> Iterator[tuple[str, ast.Call]]:
    """Each call of `geo.sentences.say` and `join`, with the file it stands in."""
    for file in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAY:
                yield file.relative_to(package.parent).as_posix(), node


def _read_errors(error: type[ReadError]) -> Iterator[type[ReadError]]:
    """The class and all below it: their docstrings are what people read when a file cannot be used."""
    yield error
    for below in error.__subclasses__():
        yield from _read_errors(below)


def write(catalogue: Catalog) -> None:
    """Write the catalogue sorted and without dates or places in the code, so that two people's changes rarely clash."""
    body = io.BytesIO()
    write_po(body, catalogue, width=120, sort_output=True, no_location=True, omit_header=True)
    CATALOGUE.write_bytes(HEADER.encode() + body.getvalue())


def untranslated(catalogue: Catalog) -> list[str]:
    """The sentences without a translation, or with one that nobody has confirmed."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id and (message.fuzzy or not all(_forms(message.string)))
    ]


def _forms(translation: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (translation or "",) if isinstance(translation, str | None) else tuple(translation)


def _read() -> Catalog:
    if not CATALOGUE.exists():
        return Catalog(locale="zh_Hans_CN", project="Wangge", charset="utf-8")
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")
