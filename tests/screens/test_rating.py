"""The rating screen in real Chromium, in front of the real server."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser


def next_of(page: Page) -> dict:
    return page.evaluate("() => fetch('/api/next').then((answer) => answer.json())")


def chosen(page: Page) -> list[str]:
    marked = page.locator('.level[aria-checked="true"]')
    return [one.get_attribute("aria-label") for one in marked.all()]


def image_in_view(page: Page) -> str:
    return page.locator(".image").get_attribute("aria-label")


def press(page: Page, keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def wait_done(page: Page, n: int) -> None:
    expect(page.locator(".counted")).to_have_text(f"{n} of 12")
    expect(page.locator(".siqa.rating")).not_to_have_class(re.compile("busy"))


def test_keyboard_alone_rates_an_image_in_five_keys(visitor):
    page = visitor.come_in()
    before = image_in_view(page)
    press(page, "4235")
    assert chosen(page) == ["4 Good", "2 Poor", "3 Fair", "5 Excellent"]
    page.keyboard.press("Enter")
    wait_done(page, 1)
    assert image_in_view(page) != before or next_of(page)["progress"]["done"] == 1
    assert chosen(page) == []


def test_arrows_move_between_dimensions_and_levels(visitor):
    page = visitor.come_in()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert chosen(page) == ["2 Poor"]
    expect(page.locator(".dim.focus h3")).to_contain_text("Completeness")
    expect(page.locator(".rubric")).to_contain_text("An axis, unit, scale bar or legend")


def test_enter_with_something_missing_leads_to_it(visitor):
    page = visitor.come_in()
    press(page, "44")
    page.keyboard.press("Enter")
    expect(page.locator(".problem")).to_have_text("Rate Clarity first.")
    expect(page.locator(".dim.focus h3")).to_contain_text("Clarity")
    assert next_of(page)["progress"]["done"] == 0


def test_typing_never_triggers_a_key(visitor):
    page = visitor.come_in()
    scale = page.locator(".scale").text_content()
    page.keyboard.press("w")
    text = "12345 fotpbsw? FOTPBSW 1:1\n54321"
    page.keyboard.type(text)
    expect(page.locator("textarea")).to_have_value(text)
    assert chosen(page) == []
    assert page.locator("dialog").count() == 0
    assert page.locator(".scale").text_content() == scale


def test_input_methods_keep_their_keys(visitor):
    page = visitor.come_in()
    press(page, "4444")
    page.locator("textarea").focus()
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "wu", "selectionStart": 2, "selectionEnd": 2})
    page.evaluate(
        """() => document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
        {key: "Enter", ctrlKey: true, isComposing: true, bubbles: true, cancelable: true}))"""
    )
    session.send("Input.insertText", {"text": "误差"})
    expect(page.locator("textarea")).to_have_value("误差")
    assert next_of(page)["progress"]["done"] == 0


def test_draft_survives_reload_and_reaches_a_second_device(visitor):
    page = visitor.come_in()
    press(page, "42")
    page.keyboard.press("w")
    page.keyboard.type("The axis has no un")
    expect(page.locator(".state")).to_have_text("Saved")
    page.reload()
    expect(page.locator("textarea")).to_have_value("The axis has no un")
    assert chosen(page) == ["4 Good", "2 Poor"]
    second = visitor.page(storage_state={"cookies": page.context.cookies(), "origins": []})
    second.goto(visitor.site.url + "/rate/")
    expect(second.locator("textarea")).to_have_value("The axis has no un")
    assert chosen(second) == ["4 Good", "2 Poor"]


def test_what_was_typed_in_the_last_moment_survives_reload(visitor):
    page = visitor.come_in()
    press(page, "3")
    page.keyboard.press("w")
    page.keyboard.type("half a wo")
    page.reload()
    expect(page.locator("textarea")).to_have_value("half a wo")
    assert chosen(page) == ["3 Fair"]


def test_submission_without_network_is_sent_once_when_it_is_back(visitor):
    page = visitor.come_in()
    press(page, "4444")
    page.keyboard.press("w")
    page.keyboard.type("Nothing is missing.")
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notice")).to_contain_text("No connection.")
    expect(page.locator("textarea")).to_have_value("Nothing is missing.")
    page.context.set_offline(False)
    wait_done(page, 1)
    assert next_of(page)["progress"]["done"] == 1


def test_unsent_submission_survives_reload_and_is_sent_once(visitor):
    page = visitor.come_in()
    names: list[str] = []

    def swallow(route: Route) -> None:
        # The server takes it in, the answer is lost on the way: the worst case.
        names.append(route.request.post_data_json["client_id"])
        route.fetch()
        route.abort()

    page.route("**/api/submissions", swallow)
    press(page, "4444")
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_contain_text("No connection.")
    page.reload()
    expect(page.locator(".notice")).to_contain_text("No connection.")
    page.unroute("**/api/submissions")
    wait_done(page, 1)
    assert len(set(names)) == 1
    assert next_of(page)["progress"]["done"] == 1


def test_server_killed_under_the_page(visitor):
    page = visitor.come_in()
    press(page, "42")
    page.keyboard.press("w")
    page.keyboard.type("half a wo")
    expect(page.locator(".state")).to_have_text("Saved")
    image = next_of(page)["stimulus"]["id"]
    visitor.site.kill()
    page.keyboard.type("rd")
    expect(page.locator(".state")).to_have_text("Kept on this computer")
    visitor.site.start()
    expect(page.locator(".state")).to_have_text("Saved")
    page.reload()
    expect(page.locator("textarea")).to_have_value("half a word")
    assert chosen(page) == ["4 Good", "2 Poor"]
    assert next_of(page)["stimulus"]["id"] == image


def test_refusal_stands_beside_the_text_and_clears_nothing(visitor):
    page = visitor.come_in()
    refusal = {"error": {"code": "text_too_long", "message": "Too long; shorten it."}}
    page.route("**/api/submissions", lambda route: route.fulfill(status=413, json=refusal))
    press(page, "4444")
    page.keyboard.press("w")
    page.keyboard.type("kept words")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".problem")).to_have_text("Too long; shorten it.")
    expect(page.locator("textarea")).to_have_value("kept words")
    assert len(chosen(page)) == 4
    page.unroute("**/api/submissions")
    page.locator(".go", has_text="Submit").click()
    wait_done(page, 1)


def test_lost_login_says_what_to_do_and_keeps_the_text(visitor):
    page = visitor.come_in()
    cookies = page.context.cookies()
    press(page, "4444")
    page.keyboard.press("w")
    page.context.clear_cookies()
    page.keyboard.type("still here")
    expect(page.locator(".notice")).to_contain_text("You are not signed in any more.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("textarea")).to_have_value("still here")
    page.context.add_cookies(cookies)
    wait_done(page, 1)


def test_other_tab_follows_when_one_has_submitted(visitor):
    page = visitor.come_in()
    other = page.context.new_page()
    other.goto(visitor.site.url + "/rate/")
    expect(other.locator(".counted")).to_have_text("0 of 12")
    press(page, "4444")
    page.keyboard.press("Enter")
    wait_done(page, 1)
    wait_done(other, 1)
    expect(other.locator(".notice")).to_be_hidden()


def test_words_in_a_tab_that_another_overtook_are_shown(visitor):
    page = visitor.come_in()
    other = page.context.new_page()
    other.goto(visitor.site.url + "/rate/")
    expect(other.locator(".counted")).to_have_text("0 of 12")
    other.locator("textarea").fill("words typed in the other tab")
    press(page, "4444")
    page.keyboard.press("Enter")
    wait_done(page, 1)
    wait_done(other, 1)
    expect(other.locator(".notice")).to_contain_text("words typed in the other tab")
    expect(other.locator("textarea")).to_have_value("")


def test_back_corrects_and_skip_needs_a_reason(visitor):
    page = visitor.come_in()
    press(page, "1234")
    page.keyboard.press("Enter")
    wait_done(page, 1)
    page.keyboard.press("b")
    expect(page.locator(".sitting")).to_have_text("Correcting an earlier rating")
    assert chosen(page) == ["1 Bad", "2 Poor", "3 Fair", "4 Good"]
    press(page, "5")
    page.keyboard.press("Enter")
    expect(page.locator(".sitting")).not_to_have_text("Correcting an earlier rating")
    image = next_of(page)["stimulus"]["id"]
    page.keyboard.press("s")
    page.get_by_label("Not my field").check()
    page.get_by_role("button", name="Skip this image").click()
    expect(page.locator("dialog")).to_have_count(0)
    page.wait_for_function(
        "(old) => fetch('/api/next').then((a) => a.json()).then((n) => n.stimulus.id !== old)",
        arg=image,
    )


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (800, 600)])
def test_everything_that_is_judged_is_in_view(visitor, width, height):
    page = visitor.come_in(viewport={"width": width, "height": height})
    names = [".level", "textarea", ".rating footer .go", ".tool", ".rubric", ".image"]
    if width == 1280:
        names.append(".chip")  # in a smaller window they are one row that moves sideways
    boxes = [one.bounding_box() for name in names for one in page.locator(name).all()]
    assert len(boxes) > 25
    for box in boxes:
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert box["y"] >= 0 and box["y"] + box["height"] <= height
    assert page.locator("textarea").bounding_box()["height"] >= 40
    assert page.evaluate(
        """() => [document.querySelector(".steps"), document.documentElement]
        .every((one) => one.scrollHeight <= one.clientHeight)"""
    )


def test_image_is_fitted_never_enlarged_never_cropped(visitor):
    page = visitor.come_in()
    stage = page.locator(".image").bounding_box()
    seen = set()
    for n in range(1, 7):
        size = next_of(page)["stimulus"]
        shown = page.locator(".image .openseadragon-canvas img").first.bounding_box()
        assert shown["width"] <= size["width"] + 1
        assert shown["x"] >= stage["x"] and shown["y"] >= stage["y"]
        assert shown["x"] + shown["width"] <= stage["x"] + stage["width"]
        assert shown["y"] + shown["height"] <= stage["y"] + stage["height"]
        assert f"{size['width']} × {size['height']} px" in page.locator(".scale").text_content()
        seen.add((size["width"], size["height"]))
        press(page, "3333")
        page.keyboard.press("Enter")
        wait_done(page, n)
    assert len(seen) > 2


def test_zoom_keys_say_the_scale(visitor):
    page = visitor.come_in()
    scale = page.locator(".scale")
    page.keyboard.press("o")
    expect(scale).to_contain_text("100 %")
    page.keyboard.press("t")
    expect(scale).to_contain_text("200 %")
    page.keyboard.press("p")
    style = "(one) => getComputedStyle(one).imageRendering"
    image = page.locator(".image .openseadragon-canvas img").first
    assert image.evaluate(style) == "pixelated"
    page.mouse.move(300, 300)
    page.mouse.wheel(0, -240)
    expect(scale).not_to_contain_text("200 %")
    page.keyboard.press("f")
    expect(page.locator(".tool").first).to_have_attribute("aria-pressed", "true")


def test_a_small_image_is_shown_pixel_by_pixel_and_one_scale_is_marked(visitor):
    page = visitor.come_in()
    for n in range(1, 12):
        if (size := next_of(page)["stimulus"])["width"] == 300:
            break
        press(page, "3333")
        page.keyboard.press("Enter")
        wait_done(page, n)
    assert size["width"] == 300
    pressed = page.locator('.tools [aria-pressed="true"]')
    expect(pressed).to_have_count(1)
    expect(pressed).to_contain_text("Fit")
    whole = Image.open(io.BytesIO(page.request.get(visitor.site.url + size["image_url"]).body()))
    image = page.locator(".image .openseadragon-canvas img").first
    expect(image).to_have_attribute("src", re.compile(size["image_url"] + "$"))
    box = image.bounding_box()
    assert (round(box["width"]), round(box["height"])) == whole.size
    shot = page.locator(".image").screenshot()
    stage = page.locator(".image").bounding_box()
    left, top = round(box["x"] - stage["x"]), round(box["y"] - stage["y"])
    seen = Image.open(io.BytesIO(shot)).convert("RGB")
    near = [seen.crop((left + x, top + y, left + x + 300, top + y + 200))
            for x in (-1, 0, 1) for y in (-1, 0, 1)]  # fmt: skip
    assert any(one.tobytes() == whole.convert("RGB").tobytes() for one in near)
    page.keyboard.press("o")
    expect(pressed).to_contain_text("1:1")
    expect(pressed).to_have_count(1)


def test_next_image_is_there_before_it_is_needed(visitor):
    page = visitor.come_in()
    coming = next_of(page)["upcoming"]["image_url"]
    page.wait_for_timeout(500)
    assert any(url.endswith(coming) for url in visitor.requests)
    n_before = sum(url.endswith(coming) for url in visitor.requests)
    press(page, "3333")
    page.keyboard.press("Enter")
    wait_done(page, 1)
    assert sum(url.endswith(coming) for url in visitor.requests) == n_before


def test_no_request_leaves_the_machine_and_no_history_is_kept(visitor):
    page = visitor.come_in()
    press(page, "3333")
    page.keyboard.press("Enter")
    wait_done(page, 1)
    outside = [
        u for u in visitor.requests if not u.startswith((visitor.site.url, "data:", "blob:"))
    ]
    assert outside == []
    assert (
        page.evaluate("() => Object.keys(localStorage).filter((k) => k.includes('gradio'))") == []
    )


def test_dark_follows_the_system_and_the_switch(visitor):
    page = visitor.come_in(color_scheme="dark")
    colour = "() => getComputedStyle(document.querySelector('aside')).backgroundColor"
    dark = page.evaluate(colour)
    page.get_by_role("button", name="light").click()
    assert page.evaluate(colour) == "rgb(255, 255, 255)" != dark
    page.reload()
    page.wait_for_selector(".dim")
    assert page.evaluate(colour) == "rgb(255, 255, 255)"


def test_chinese_texts(visitor):
    page = visitor.come_in(locale="zh-CN")
    expect(page.locator(".rating footer .go")).to_contain_text("提交并继续")
    press(page, "42")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".rating footer .go")).to_contain_text("Submit and next")
    assert chosen(page) == ["4 Good", "2 Poor"]


def test_chip_inserts_at_the_cursor(visitor):
    page = visitor.come_in()
    page.keyboard.press("w")
    page.keyboard.type("The is missing.")
    for _ in range(len(" is missing.")):
        page.keyboard.press("ArrowLeft")
    page.locator(".chip", has_text="scale bar").click()
    expect(page.locator("textarea")).to_have_value("The scale bar is missing.")
    expect(page.locator(".under")).to_contain_text("5 words")
    page.keyboard.press("Control+z")
    expect(page.locator("textarea")).to_have_value("The is missing.")


def test_keys_can_be_changed(visitor):
    page = visitor.come_in()
    page.keyboard.press("?")
    page.get_by_role("button", name="Key for: whole image").click()
    page.keyboard.press("g")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".tool kbd").first).to_have_text("G")
    expect(page.locator(".scale")).to_contain_text("px")
    page.keyboard.press("t")
    expect(page.locator(".scale")).to_contain_text("200 %")
    page.keyboard.press("g")
    expect(page.locator(".tool").first).to_have_attribute("aria-pressed", "true")


def test_nothing_left_is_a_friendly_page(visitor):
    page = visitor.come_in()
    farewell = {"done": True, "reason": "all_rated", "message": "You have rated every image."}
    page.route("**/api/next", lambda route: route.fulfill(json=farewell))
    page.reload()
    expect(page.locator(".page h1")).to_have_text("Nothing left to rate")
    expect(page.locator(".page")).to_contain_text("You have rated every image.")
    page.unroute("**/api/next")
    page.get_by_role("button", name="Look again").click()
    expect(page.locator(".dim")).to_have_count(4)


def test_missing_image_says_so_and_can_be_asked_for_again(visitor):
    page = visitor.come_in()
    page.route("**/images/*", lambda route: route.fulfill(status=404, json={}))
    page.reload()
    expect(page.locator(".notice")).to_contain_text("The image did not load.")
    page.unroute("**/images/*")
    page.locator(".notice button").click()
    expect(page.locator(".notice")).to_be_hidden()
    expect(page.locator(".image .openseadragon-canvas img").first).to_be_visible()


def test_slow_image_is_never_replaced_by_the_last_one(visitor):
    page = visitor.come_in()
    stuck: list[Route] = []
    page.route("**/images/*", lambda route: stuck.append(route))
    page.reload()
    expect(page.locator(".image")).to_have_class(re.compile("loading"))
    page.keyboard.press("4")
    assert chosen(page) == []
    for route in stuck:
        route.continue_()
    page.unroute("**/images/*")
    expect(page.locator(".image")).not_to_have_class(re.compile("loading"))
    expect(page.locator(".scale")).to_contain_text("px")


CONFLICTS = """() => import("/static/kept.js").then(({mergeDrafts: merge}) => {
  const draft = (text, score) => ({rate: {scores: {clarity: score}}, feedback: {text}});
  const old = draft("The axis", 3);
  return {
    theirs: merge(draft("other device", 2), {answers: old, synced: old}),
    ours: merge(old, {answers: draft("The axis has no unit", 4), synced: old}),
    both: merge(draft("The axis is bare", 2), {answers: draft("Else", 4), synced: old}),
    grown: merge(draft("The axis is", 2), {answers: draft("The axis is bare", 4), synced: old}),
    nothing: merge({}, null),
    lost: merge({}, {answers: old, synced: old}),
  };
})"""


def test_drafts_of_two_devices_lose_no_text(visitor):
    page = visitor.come_in()
    merged = page.evaluate(CONFLICTS)
    assert merged["theirs"]["feedback"]["text"] == "other device"
    assert merged["ours"]["feedback"]["text"] == "The axis has no unit"
    assert merged["both"]["feedback"]["text"] == "The axis is bare\n\nElse"
    assert merged["both"]["rate"]["scores"] == {"clarity": 2}
    assert merged["grown"]["feedback"]["text"] == "The axis is bare"
    assert merged["nothing"] == {}
    assert merged["lost"]["feedback"]["text"] == "The axis"


def test_hint_when_a_fault_is_named_on_a_dimension_rated_best(visitor):
    page = visitor.come_in()
    press(page, "5435")
    page.keyboard.press("w")
    page.keyboard.type("Clarity is fine. Validity is wrong here.")
    expect(page.locator(".hint")).to_have_text("A fault, yet Validity is 5?")
    page.keyboard.press("Control+Enter")
    wait_done(page, 1)


def test_ratings_have_names_for_screen_readers(visitor):
    page = visitor.come_in()
    group = page.get_by_role("radiogroup", name=re.compile("Clarity"))
    expect(group.get_by_role("radio")).to_have_count(5)
    group.get_by_role("radio", name="4 Good").click()
    expect(group.get_by_role("radio", name="4 Good")).to_be_checked()
    expect(page.locator(".spoken")).to_have_text("Clarity: 4 Good")
    expect(page.get_by_role("textbox", name=re.compile("What do you see"))).to_be_visible()
