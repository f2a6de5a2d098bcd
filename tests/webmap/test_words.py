"""What filters of pages make of words."""

import pytest
from flask import Flask

from webmap import words
from webmap.audit import COMMAND_LINE
from webmap.import_running import whoever
from webmap.words import listed, who


def test_words_in_a_line_are_joined_as_the_language_does(app: Flask):
    names = ["望舟街道", "柳堡镇", "安宜镇"]
    with app.test_request_context("/", headers={"Accept-Language": "zh-CN"}):
        assert listed(names) == "望舟街道、柳堡镇、安宜镇"
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert listed(names) == "望舟街道, 柳堡镇, 安宜镇"
        assert (listed(["{one}"]), listed([])) == ("{one}", "")


def test_the_command_line_is_called_so_in_the_language_of_the_reader(monkeypatch: pytest.MonkeyPatch):
    chinese = {"command line": "命令行", "command line (%(user)s)": "命令行（%(user)s）"}
    monkeypatch.setattr(words, "_", lambda template, **facts: chinese[template] % facts)
    monkeypatch.setattr("getpass.getuser", lambda: "wang(2)")
    assert who(whoever()) == "命令行（wang(2)）"
    assert who(COMMAND_LINE) == "命令行"
    assert who("规划员") == "规划员"
