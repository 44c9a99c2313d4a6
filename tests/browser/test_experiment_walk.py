"""The whole way of somebody new: from the first password to a published table, in a PromptLab of its own processes."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from promptlab.demo.contents import ITEMS
from tests.endpoint.geography import TABLE
from tests.endpoint.server import Endpoint
from tests.house.running import House

pytestmark = [pytest.mark.browser, pytest.mark.house, pytest.mark.timeout(300)]

PATIENCE = 20_000  # milliseconds
EXAMPLES = 2  # of the ten items; they are shown, not asked
ASK = "Столица страны {{country}}? Ответь только названием."
MODELS = ("gpt-4o-mini", "gpt-4o-mini-full-stop", "gpt-4o-mini-wrong")
# Slow enough to be killed and paused in the middle.
SLOW = "+latency=150"
CALLS = 3 * len(MODELS) * 2 * (len(ITEMS) - EXAMPLES)
MEMBER = "second@example.com"
MEMBERS_PASSWORD = "a long word of mine 7"
JUDGED, DIFFERENT = 20, 3
SCORES = {"exact", "exact-lenient", "levenshtein", "Correctness"}


@dataclass
class Person:
    """Somebody at a browser of their own. `faults`: what the browser complained about."""

    page: Page
    url: str
    root: str = ""
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.root}/{path}")
        return self.page

    def field(self, label: str, value: str) -> None:
        self.page.get_by_label(label, exact=True).fill(value)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def menu(self, name: str) -> None:
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"{self.page.url}: {message.text}")


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def house() -> Iterator[House]:
    house = House({"PROMPTLAB_PRIVATE_HOSTS": "127.0.0.1"})
    try:
        house.start()
        yield house
    finally:
        house.remove()


@pytest.fixture
def person(browser: Browser, house: House) -> Iterator[Callable[[], Person]]:
    people: list[Person] = []

    def come() -> Person:
        context = browser.new_context(locale="en-US", accept_downloads=True)
        # As the welcome says it, and as links of invitations lead.
        people.append(Person(context.new_page(), f"http://localhost:{house.port}"))
        return people[-1]

    expect.set_options(timeout=PATIENCE)
    yield come
    expect.set_options(timeout=5_000)  # playwright's own
    assert [fault for one in people for fault in one.faults] == []


def test_somebody_new_comes_from_a_password_to_a_table(
    house: House, endpoint: Endpoint, person: Callable[[], Person], tmp_path: Path
) -> None:
    first = person()
    sign_in(first, house.told())
    connect(first, endpoint.url)
    import_items(first, "Capitals", ten_items(tmp_path), len(ITEMS))
    import_items(first, "World", TABLE, 205)
    write_prompts(first)
    make_judge(first)
    experiment = start_experiment(first)
    until_answered(first.page, 10)

    house.kill("promptlab.worker")
    # Until the work is taken up again there is time for the second person.
    second = person()
    invite(first, second)
    make_queue(first)
    first.page.goto(experiment)
    until_answered(first.page, 60)
    first.press("Pause")
    expect(first.page.locator("#state .badge").first).to_have_text("paused")
    first.press("Resume")
    expect(first.page.locator("#state .badge").first).to_have_text("finished", timeout=4 * PATIENCE)
    every_answer_is_there_once(first)

    compare_and_export(first, experiment)
    fill_queue(first, experiment)
    annotate(first, ["1"] * JUDGED)
    annotate(second, ["2"] * DIFFERENT + ["1"] * (JUDGED - DIFFERENT))
    see_agreement(first)


def sign_in(person: Person, welcome: str) -> None:
    email, password = (re.findall(rf"{word} +(\S+)", welcome)[0] for word in ("E-mail", "Password"))
    page = person.page
    page.goto(person.url)
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/project/*/")
    person.root = page.url.rstrip("/")


def connect(person: Person, url: str) -> None:
    page = person.page
    person.menu("Settings")
    person.follow("LLM connections")
    person.follow("Add a connection")
    person.field("Provider", "Tests")
    person.field("Base URL", url)
    person.field("Secret key", "sk-test")
    person.field("Models", "\n".join(name + SLOW for name in MODELS) + "\ngpt-4o-mini")
    page.get_by_label("Offer the protocol's usual models too").uncheck()
    page.get_by_text("Limits", exact=True).click()
    person.field("Calls at once", "4")
    person.press("Save")
    person.press("Test")
    expect(page.locator(".findings li")).to_contain_text(["Chat", "Streaming", "JSON schema", "JSON mode", "Tools"])
    assert page.locator(".findings .badge.bad").count() == 0


def ten_items(folder: Path) -> Path:
    lines = [
        {"input": {"country": country}, "expected_output": capital, "metadata": {"split": split}}
        for (country, capital), split in zip(ITEMS, ["few-shot"] * EXAMPLES + ["test"] * len(ITEMS), strict=False)
    ]
    path = folder / "capitals.jsonl"
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return path


def import_items(person: Person, name: str, path: Path, count: int) -> None:
    page = person.page
    person.menu("Datasets")
    person.follow("New dataset")
    person.field("Name", name)
    person.press("Create")
    person.follow("Import a file")
    page.locator("input[type=file]").set_input_files(path)
    person.press("Go on")
    if path.suffix == ".csv":
        page.get_by_role("combobox", name="capital").select_option(label="Expected output: the value itself")
        page.get_by_role("combobox", name="continent").select_option(label="Metadata: a field of it")
        person.press("Look again")
        expect(page.locator("table").last.locator("tbody tr").first).to_contain_text(re.compile('"Afghanistan".*Kabul'))
    person.press(f"Import {count} items")
    expect(page.locator("#state")).to_contain_text(f"{count} items imported.")


def write_prompts(person: Person) -> None:
    steps = "Рассуждай шаг за шагом. В последней строке напиши «Answer: название».\n\nСтолица страны {{country}}?"
    for name, text in (("zero-shot", ASK), ("chain-of-thought", steps)):
        begin_prompt(person, name)
        person.page.locator("#id_text").fill(text)
        person.press("Create")
        expect(person.page.locator("#content")).to_contain_text("country")
    write_few_shot(person)


def begin_prompt(person: Person, name: str) -> None:
    person.menu("Prompts")
    person.follow("New prompt")
    person.field("Name", f"capitals/{name}")


def write_few_shot(person: Person) -> None:
    """System, examples, question; the tag of the examples is made by the editor."""
    page = person.page
    begin_prompt(person, "few-shot")
    page.get_by_label("Chat", exact=False).check()
    texts = page.locator("[data-messages] [data-rows] textarea")
    while texts.count() < 3:
        page.locator("[data-messages] [data-add=message]").click()
    texts.nth(0).fill("Ты географ. Отвечай только названием.")
    texts.nth(2).fill(ASK)
    texts.nth(1).click()
    page.get_by_text("Examples from a dataset").click()
    examples = page.locator("#examples")
    expect(examples).to_be_visible()
    expect(page.locator(".examples-pick .htmx-added")).to_have_count(0)  # only then a change is heard
    examples.get_by_label("Dataset", exact=True).select_option(label="Capitals")
    for label, value in (("Split", "few-shot"), ("How many", str(EXAMPLES))):
        examples.get_by_label(label).fill(value)
    expect(examples.locator("tbody tr")).to_have_count(EXAMPLES)
    examples.get_by_role("button", name="Insert").click()
    tag = f"@@@promptlabExamples:dataset=Capitals|split=few-shot|k={EXAMPLES}"
    expect(texts.nth(1)).to_have_value(re.compile(re.escape(tag)))
    person.press("Create")
    expect(page.locator("#content")).to_contain_text("country")


def make_judge(person: Person) -> None:
    page = person.page
    person.menu("Evaluators")
    person.follow("New evaluator")
    page.get_by_role("link", name=re.compile("^Correctness ")).first.click()
    page.locator("#id_model").fill("gpt-4o-mini")
    person.press("Create")
    expect(page.locator("h1")).to_contain_text("Correctness")


def start_experiment(person: Person) -> str:
    page = person.page
    person.menu("Experiments")
    person.follow("New experiment")
    person.field("Name", "Three strategies, three models")
    page.locator("#id_dataset").select_option(label="Capitals")
    for at, name in enumerate(("zero-shot", "few-shot", "chain-of-thought")):
        if at:
            page.locator("[data-add=prompt]").click()
        row = page.locator("[data-rows=prompt] [data-row]").nth(at)
        row.get_by_label("Prompt").select_option(label=f"capitals/{name}")
        expect(row.get_by_label("Version").locator("option")).to_contain_text(["v1"])
        row.get_by_label("Strategy").fill(name)
    for at, name in enumerate(MODELS):
        if at:
            page.locator("[data-add=model]").click()
        page.locator("[data-rows=model] [data-row]").nth(at).get_by_label("Model").fill(name + SLOW)
    page.locator("#id_extraction").select_option(label="what follows a marker, else the whole text")
    page.locator("#id_argument").fill("Answer:")
    person.press("Standard metrics")
    expect(page.locator(".evaluator-choices input:checked")).to_have_count(3)
    for name in SCORES:
        page.locator(".evaluator-choices label").filter(has=page.get_by_text(name, exact=True)).locator("input").check()
    person.field("Repetitions of each item", "2")
    expect(page.locator("#estimate")).to_contain_text(f"{CALLS}")
    expect(page.locator("#estimate")).to_contain_text(f"and {CALLS} of judges")
    person.press("Start")
    page.wait_for_url(re.compile("/experiments/(?!new)"))
    return page.url


def until_answered(page: Page, count: int) -> None:
    """The page follows by itself."""
    page.wait_for_function(
        "count => parseInt(document.querySelector('#state .figures')?.textContent) >= count",
        arg=count,
        timeout=4 * PATIENCE,
    )


def every_answer_is_there_once(person: Person) -> None:
    expect(person.page.locator("#state")).to_contain_text(f"{CALLS} of {CALLS} finished")
    expect(person.page.locator("#state .bad")).to_have_count(0)


def invite(first: Person, second: Person) -> None:
    page = first.open("settings/members")
    page.locator("#invitations-part").get_by_label("E-mail").fill(MEMBER)
    page.locator("#invitations-part").get_by_label("Role").select_option(label="Annotator")
    first.press("Invite")
    link = page.locator("#invitations-part .secret code, #invitations-part .secret pre").first.inner_text().strip()
    page = second.page
    page.goto(link)
    page.locator("input[name=name]").fill("Second")
    page.locator("input[name=password1]").fill(MEMBERS_PASSWORD)
    page.locator("input[name=password2]").fill(MEMBERS_PASSWORD)
    second.press("Make an account and join")
    page.wait_for_url("**/project/*/**")
    second.root = first.root


def make_queue(person: Person) -> None:
    page = person.open("annotation/-/new")
    person.follow("New score config")
    page.locator("[name=name]").fill("right")
    page.locator("[name=data_type]").select_option("BOOLEAN")
    page.locator("[name=_save]").click()
    page = person.open("annotation/-/new")
    person.field("Name", "Two look")
    page.get_by_label("right", exact=True).check()
    for box in page.locator("[name=people]").all():
        box.check()
    person.field("Annotators per item", "2")
    person.press("Create")
    expect(page.locator("h1")).to_contain_text("Two look")


def compare_and_export(person: Person, experiment: str) -> None:
    page = person.page
    page.goto(experiment)
    page.locator("#state").get_by_role("link", name="Matrix of scores").click()
    expect(page.locator(".matrix .heat")).to_have_count(9)
    expect(page.locator(".matrix .bar")).to_have_count(9)
    page.goto(experiment)
    page.locator("#state").get_by_role("link", name="Compare").click()
    expect(page.locator(".summary-table thead th")).to_have_count(10)
    expect(page.locator(".notice").first).to_be_visible()
    page.locator("summary").filter(has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV (for spreadsheets)").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(rows) == CALLS * len(SCORES)
    told = Counter((row["run_id"], row["item_id"], row["repetition"], row["score"]) for row in rows)
    assert set(told.values()) == {1}


def fill_queue(person: Person, experiment: str) -> None:
    page = person.page
    page.goto(experiment)
    page.locator("#state").get_by_role("button", name="Annotate").click()
    page.get_by_label("Only a sample of").fill(str(JUDGED))
    person.press("Put into the queue")
    expect(page.locator("#queue-here")).to_contain_text(f"{JUDGED} items were put into the queue.")


def annotate(person: Person, keys: list[str]) -> None:
    """By the keyboard alone, once the desk is open."""
    page = person.open("annotation")
    page.get_by_role("link", name="Annotate", exact=True).click()
    for done, key in enumerate(keys):
        expect(page.locator(".desk-count")).to_contain_text(f"{len(keys) - done} left for you")
        page.keyboard.press(key)
        page.keyboard.press("Enter")
    expect(page.locator("#desk")).to_contain_text("Nothing is left for you")


def see_agreement(person: Person) -> None:
    page = person.open("annotation")
    person.follow("Two look")
    expect(page.locator(".stats").first).to_contain_text(f"{JUDGED} / {JUDGED}")
    # Who says yes to all and who says no to 3 of 20 agree on 85 %; κ finds nothing in it beyond chance.
    found = page.locator("section").filter(has=page.get_by_role("heading", name="Agreement"))
    expect(found).to_contain_text(re.compile(r"85(\.0)?\s%"))
    expect(found).to_contain_text(f"they differ on {DIFFERENT} items")
