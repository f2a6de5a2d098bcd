"""Chinese first, English second: which language a page speaks, and the compiled catalogue.

Message ids are the English sentences. The catalogue is compiled when the application starts, where it is
missing or older than its source, so that no step of setting up can be forgotten.
"""

import logging
import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel

log = logging.getLogger(__name__)

LANGUAGES = {"zh": "中文", "en": "English"}
"""Each language under its own name, Chinese first."""

_LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
TRANSLATIONS = Path(__file__).parent / "translations"
CATALOGUE = TRANSLATIONS / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"


def language() -> str:
    """`zh` or `en`: chosen on this device, else for the account, else asked for by the browser, else Chinese."""
    if not has_request_context():
        return "en"  # the command line speaks English throughout
    account = g.get("account")
    chosen = session.get("language") or (account.language if account else None)
    if chosen in LANGUAGES:
        return str(chosen)
    asked = (tag[:2].lower() for tag in request.accept_languages.values())
    return next((tag for tag in asked if tag in LANGUAGES), "zh")


def compile_catalogue(source: Path = CATALOGUE) -> None:
    """Write the .mo beside the .po where it is missing or older; of two processes at once, one wins whole."""
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return
    with source.open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans_CN")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("wb") as out:
            write_mo(out, catalogue)
        draft.replace(target)
    except OSError as problem:
        log.warning("cannot compile the translations (%s): pages will be in English", problem.strerror)


def set_up(app: Flask, timezone: str) -> None:
    """Let Babel choose by `language()`, and give templates what the language switch needs."""
    compile_catalogue()
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(
        app,
        default_locale="zh_Hans_CN",
        default_timezone=timezone,
        locale_selector=lambda: _LOCALES[language()],
        timezone_selector=lambda: timezone,
    )
    app.jinja_env.globals.update(languages=LANGUAGES, language=language)
