"""The curator's desk and its borders, in real Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.screens.conftest import N_RATERS

pytestmark = pytest.mark.browser


def rate(page, keys, text=""):
    for key in keys:
        page.keyboard.press(key)
    if text:
        page.keyboard.press("w")
        page.keyboard.type(text)
    done = page.locator(".counted").text_content()
    page.keyboard.press("Control+Enter" if text else "Enter")
    expect(page.locator(".counted")).not_to_have_text(done)


def test_curator_voids_a_submission_and_takes_it_back(visitor):
    rater = visitor.come_in()
    name = rater.locator(".rater").text_content()
    stimulus = rater.evaluate("() => fetch('/api/next').then((a) => a.json())")["stimulus"]["id"]
    rate(rater, "2345", "Odd {{value}} ${1+1} <b>text</b>.")

    page = visitor.come_in("curator", viewport={"width": 1280, "height": 900})
    expect(page.locator(".tiles")).to_contain_text(f"submissions of {12 * N_RATERS} wanted")
    page.get_by_role("tab", name="Results").click()
    page.locator("#search textarea, #search input").fill(stimulus)
    page.keyboard.press("Enter")
    expect(page.locator("#mos-page .opener")).to_have_count(1)
    page.locator("#mos-page .opener").click()
    row = page.locator("#stimulus-page tr", has_text=name)
    expect(row).to_contain_text("Odd {{value}} ${1+1} <b>text</b>.")
    row.get_by_role("button", name="Void").click()
    page.get_by_role("button", name="Do it").click()
    expect(page.locator("#said")).to_contain_text("reason")
    page.get_by_label("Reason").fill("rated the wrong image")
    page.get_by_role("button", name="Do it").click()
    expect(row).to_contain_text("rated the wrong image")
    decision = page.locator("#stimulus-page tr", has=page.get_by_role("button", name="Take back"))
    expect(decision).to_contain_text(re.compile(r"Dr\. \w+"))
    decision.get_by_role("button").click()
    page.get_by_label("Reason").fill("it was the right one")
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Void")).to_be_visible()
    expect(page.locator("#stimulus-page")).to_contain_text("taken back")


def test_nobody_reaches_what_is_not_theirs(visitor):
    rater = visitor.come_in()
    assert rater.goto(visitor.site.url + "/desk/").status == 403
    expect(rater.locator("h1")).to_have_text("This is not for you to see", use_inner_text=True)
    stranger = visitor.page()
    for path in ("/rate/", "/desk/"):
        assert stranger.goto(visitor.site.url + path).status == 401
    stranger.goto(visitor.site.url)
    expect(stranger.locator("main")).to_contain_text("invite link")


def test_used_link_says_how_to_get_another(visitor):
    name, link = next(iter(visitor.site.invites.items()))
    page = visitor.page()
    page.goto(link)
    expect(page.locator("main")).to_contain_text(name)
    page.reload()
    page.locator("form button").click()
    page.wait_for_url("**/rate/**")
    del visitor.site.invites[name]
    other = visitor.page(locale="zh-CN")
    assert other.goto(link).status == 410
    expect(other.locator("h1")).to_have_text("此邀请链接无效", use_inner_text=True)


def test_chosen_language_is_everywhere_and_a_refusal_is_said_each_time(visitor):
    page = visitor.come_in("curator", viewport={"width": 1280, "height": 900})
    page.get_by_role("button", name="中文", exact=True).click()
    # Gradio's own labels follow too, though the browser is English.
    page.get_by_role("tab", name="单张图像", exact=True).first.click()
    name = page.locator("#stimulus-name textarea, #stimulus-name input")
    for _ in range(2):
        name.fill("no such image")
        name.press("Enter")
        said = page.locator("#said .said")
        expect(said).to_contain_text("没有这张图像", use_inner_text=True)
        said.get_by_role("button", name="关闭").click()
        expect(said).to_have_count(0)
    page.reload()
    expect(page.get_by_role("tab", name="概览", exact=True).first).to_be_visible()
    expect(page.locator("#overview-page")).not_to_contain_text("People", use_inner_text=True)
