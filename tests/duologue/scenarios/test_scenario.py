import json
from pathlib import Path

import pytest

from duologue.scenarios.document import MAX_BYTES
from duologue.scenarios.persona import load_personas
from duologue.scenarios.scenario_file import (
    DEFAULT,
    bundled_files,
    bundled_scenarios,
    load_scenario,
    load_scenarios,
    read_scenarios,
)
from shared.customer_sheet import BargeIn, Behaviours, Feeling, Goal, Mood, Persona
from shared.engines.turn_settings import AFTER_SERVICE_S
from shared.errors import DocumentError, EngineUnavailable, SpecError
from shared.settings import Profile, Settings
from shared.spec import AgentUnderTest, CallSpec, EngineChoice, Engines, Peer, Role

GOOD = """\
name: test
scenarios:
  - label: one
    userdata:
      business: shop
      desk:
        customers:
          - {id: K1, name: Ann Lee, postcode: "10025"}
    persona: {name: Ann Lee}
    facts: {order_number: "80336"}
    goals:
      - say: Where is my order?
        met_when: [arrive]
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", bundled_files(), ids=lambda path: path.stem)
def test_every_bundled_scenario_is_found_by_its_label_and_in_its_file(path: Path) -> None:
    scenarios = load_scenarios(path.stem)
    assert scenarios == read_scenarios(path)
    for scenario in scenarios:
        assert load_scenario(scenario.label) == load_scenario(f"{path.stem}#{scenario.label}")
        assert load_scenario(scenario.label) == load_scenario(f"{path}#{scenario.label}")


def test_a_label_names_one_bundled_scenario_and_no_file() -> None:
    labels = [scenario.label for scenario in bundled_scenarios()]
    assert len(set(labels)) == len(labels)
    assert not set(labels) & {path.stem for path in bundled_files()}


def test_a_bundled_label_has_no_label_of_its_own() -> None:
    with pytest.raises(DocumentError, match=f"{DEFAULT}: is a label, .* #nonsense is for files"):
        load_scenario(f"{DEFAULT}#nonsense")


def test_each_role_gets_only_what_it_may_know() -> None:
    settings = Settings(_env_file=None)
    spec = load_scenario(DEFAULT).to_spec(
        call_id="c1", seed=3, engines={role: settings.engines(role) for role in Role}
    )
    customer = CallSpec.from_metadata(spec.to_metadata(Role.CUSTOMER), Role.CUSTOMER)
    support = CallSpec.from_metadata(spec.to_metadata(Role.SUPPORT), Role.SUPPORT)
    assert customer.support is None
    assert customer.expected is None
    assert support.customer is None
    assert support.expected is None
    assert customer.peers[Role.CUSTOMER].identity == "support"
    assert customer.customer == spec.customer
    assert support.support == spec.support
    assert spec.expected
    assert spec.expected.desk == {"charges": ({"id": "P-2", "status": "refunded"},)}


def test_a_persona_with_a_voice_speaks_with_it(tmp_path: Path) -> None:
    text = GOOD.replace(
        "name: Ann Lee}\n    facts", "name: Ann Lee, voice: hibari/heart}\n    facts"
    )
    settings = Settings(_env_file=None)
    engines = {role: settings.engines(role) for role in Role}
    spec = load_scenario(str(write(tmp_path, text))).to_spec(call_id="c1", seed=0, engines=engines)
    assert spec.engines[Role.CUSTOMER].tts == "hibari/heart"
    assert spec.engines[Role.SUPPORT] == engines[Role.SUPPORT]


def test_a_scenario_played_by_somebody_else_has_that_name_wherever_the_first_had(
    tmp_path: Path,
) -> None:
    text = """\
name: test
scenarios:
  - label: one
    instructions: You are Ann Lee.
    userdata:
      business: shop
      desk:
        customers:
          - {id: K1, name: Ann Lee, postcode: "10025", email: ann.lee@example.com}
          - {id: K2, name: Joann Lee, postcode: "10026"}
          - {id: K3, name: Ann Leeson, postcode: "10027"}
    persona: {name: Ann Lee, voice: hibari/heart}
    facts: {account_holder: Ann Lee}
    goals: [{say: "This is Ann Lee, hello.", met_when: [goodbye]}]
    expected:
      desk: {callbacks: [{name: Ann Lee}]}
      said: [thank you Ann Lee]
      never_said: [ann lee's]
"""
    one = load_scenario(str(write(tmp_path, text)))
    other = one.with_persona(Persona(name="Kwame Mensah"))
    assert other.persona == Persona(name="Kwame Mensah")
    assert other.instructions == "You are Kwame Mensah."
    assert [row["name"] for row in other.userdata.desk["customers"]] == [
        "Kwame Mensah",
        "Joann Lee",
        "Ann Leeson",
    ]
    assert other.userdata.desk["customers"][0]["email"] == "ann.lee@example.com"
    assert other.facts["account_holder"].value == "Kwame Mensah"
    assert other.goals[0].say == "This is Kwame Mensah, hello."
    assert other.expected.desk == {"callbacks": ({"name": "Kwame Mensah"},)}
    assert other.expected.said == ("thank you Kwame Mensah",)
    assert other.expected.never_said == ("Kwame Mensah's",)
    assert one.persona
    assert other.with_persona(one.persona).userdata == one.userdata


def test_a_persona_is_named_or_written_out(tmp_path: Path) -> None:
    text = GOOD.replace("persona: {name: Ann Lee}", "persona: yash-patel")
    assert load_scenario(str(write(tmp_path, text))).persona == load_personas()["yash-patel"]


def test_all_that_the_caller_is_and_does_comes_to_its_sheet(tmp_path: Path) -> None:
    text = (
        GOOD
        + """\
    mood: {start: annoyed, worse_when: [please hold], better_when: [I am sorry]}
    behaviours: {barge_in: {probability: 0.5}}
"""
    )
    text = text.replace('"80336"', '{value: "80336", said: It starts with eight.}')
    spec = load_scenario(str(write(tmp_path, text))).to_spec(call_id="c1", seed=0, engines={})
    assert spec.customer
    assert spec.customer.mood == Mood(
        start=Feeling.ANNOYED, worse_when=("please hold",), better_when=("I am sorry",)
    )
    assert spec.customer.behaviours == Behaviours(barge_in=BargeIn(probability=0.5))
    assert spec.customer.facts["order_number"].said == "It starts with eight."


LIVEKITS = """\
name: Somebody else's agent
scenarios:
- label: Moves a booking (twice)
  instructions: |
    PERSONA: Ann Lee, in a hurry.
  agent_expectations: Moves the booking.
  tags:
    feature: booking
    difficulty: 3
  userdata:
    now: "2026-06-12T09:00:00"
    available_slots: ["2026-06-15T14:00:00"]
    expected_booking: null
    hotel: {rooms: [{id: RM_1, free: true}]}
- label: Only talks
  instructions: You only talk.
"""


def test_a_file_of_livekits_is_read_and_a_call_of_it_says_what_it_lacks(tmp_path: Path) -> None:
    moves, talks = read_scenarios(write(tmp_path, LIVEKITS))
    assert moves.tags == {"feature": "booking", "difficulty": "3"}
    assert moves.userdata.business is None
    assert talks.goals == ()
    with pytest.raises(SpecError, match=r"has no userdata\.business; name your agent with"):
        moves.to_spec(call_id="c1", seed=0, engines={})


def test_a_date_that_can_be_two_is_refused_where_it_stands(tmp_path: Path) -> None:
    text = GOOD.replace('facts: {order_number: "80336"}', 'facts:\n      born: "03/04/1980"')
    with pytest.raises(DocumentError, match="write 1980-03-04 or 1980-04-03") as raised:
        read_scenarios(write(tmp_path, text))
    assert (raised.value.line, raised.value.field) == (11, "scenarios.0.facts.born")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("persona: {name: Ann Lee}", "persona: {name: 王芳}", 9),
        ('order_number: "80336"', "note: Иван", 10),
        ("Where is my order?", "Πού είναι?", 12),
        ('name: Ann Lee, postcode: "10025"', 'name: 王芳, postcode: "10025"', 8),
        ('order_number: "80336"', "note: '-'", 10),
    ],
)
def test_what_no_voice_says_is_refused_where_it_stands(
    tmp_path: Path, old: str, new: str, line: int
) -> None:
    with pytest.raises(DocumentError, match=r"would be silent|nothing in it") as raised:
        read_scenarios(write(tmp_path, GOOD.replace(old, new)))
    assert raised.value.line == line


@pytest.mark.parametrize("name", ["Trần Thị Mai", "Zoë O\u2019Brien-Łuk", "J. R. Smith", "Guðrún"])
def test_names_in_latin_letters_are_said_by_any_voice(tmp_path: Path, name: str) -> None:
    read_scenarios(write(tmp_path, GOOD.replace("Ann Lee", f'"{name}"')))


def test_a_service_that_speaks_more_may_be_named(tmp_path: Path) -> None:
    text = GOOD.replace("persona: {name: Ann Lee}", "persona: {name: 王芳}")
    path = write(tmp_path, f"{text}    engines: {{customer: {{tts: cartesia/sonic-3:a-voice}}}}\n")
    [scenario] = read_scenarios(path)
    assert scenario.persona
    assert scenario.persona.name == "王芳"


ANOTHERS = """\
name: Hotel
scenarios:
- label: breakfast
  userdata: {guest: Ann Lee, room: {number: "12"}}
  persona: {name: Ann Lee}
  facts: {room_number: "12"}
  goals: [{say: What time is breakfast?, met_when: [seven]}]
  expected: {said: [from seven], never_said: [never mind]}
"""


def test_a_scenario_for_an_agent_of_ones_own_needs_no_business(tmp_path: Path) -> None:
    scenario = load_scenario(str(write(tmp_path, ANOTHERS)))
    engines = {role: Settings(_env_file=None).engines(role) for role in Role}
    with pytest.raises(SpecError, match=r"has no userdata\.business"):
        scenario.to_spec(call_id="c1", seed=0, engines=engines)
    spec = scenario.to_spec(
        call_id="c1", seed=0, engines=engines, under_test=AgentUnderTest(name="front-desk")
    )
    assert spec.under_test
    assert spec.under_test.name == "front-desk"
    assert json.loads(spec.under_test.metadata) == {"guest": "Ann Lee", "room": {"number": "12"}}
    assert (spec.support, spec.peers, set(spec.engines)) == (None, {}, {Role.CUSTOMER})
    peers = {Role.CUSTOMER: Peer(identity="agent-1")}
    told = spec.model_copy(update={"peers": peers}).to_metadata(Role.CUSTOMER)
    assert "12" in CallSpec.from_metadata(told, Role.CUSTOMER).model_dump_json()
    assert "guest" not in told


def test_of_an_agent_of_ones_own_tools_can_be_expected_and_no_desk(tmp_path: Path) -> None:
    tools = ANOTHERS.replace("said: [from seven]", "tools: [x], never_done: [y]")
    assert load_scenario(str(write(tmp_path, tools))).expected.tools == ("x",)
    text = ANOTHERS.replace("said: [from seven]", "desk: {}")
    with pytest.raises(DocumentError, match=r"needs a userdata\.business") as raised:
        read_scenarios(write(tmp_path, text))
    assert raised.value.field == "scenarios.0.expected.desk"


def test_only_a_language_model_can_call_without_goals(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("    goals:")]
    scenario = load_scenario(str(write(tmp_path, text)))
    engines = {role: Settings(_env_file=None).engines(role) for role in Role}
    with pytest.raises(SpecError, match="'one' cannot be called, for it has neither goals nor"):
        scenario.to_spec(call_id="c1", seed=0, engines=engines)
    told = scenario.model_copy(update={"instructions": "You are lost."})
    with pytest.raises(SpecError, match="its instructions have no opening line in quotes"):
        told.to_spec(call_id="c1", seed=0, engines=engines)
    engines[Role.CUSTOMER] = engines[Role.CUSTOMER].model_copy(update={"llm": "openai/gpt-4.1"})
    spec = told.to_spec(call_id="c1", seed=0, engines=engines)
    assert CallSpec.from_metadata(spec.to_metadata(Role.CUSTOMER), Role.CUSTOMER).customer
    without = spec.to_metadata(Role.CUSTOMER).replace("openai/gpt-4.1", "rules")
    with pytest.raises(SpecError, match="without a language model needs goals"):
        CallSpec.from_metadata(without, Role.CUSTOMER)


def test_livekits_instructions_are_enough_for_who_calls_and_why(tmp_path: Path) -> None:
    opened = 'PERSONA: Maya Chen, in a hurry.\n    OPENING LINE: "I need a room."'
    text = LIVEKITS.replace("You only talk.", f"|\n    {opened}")
    scenario = read_scenarios(write(tmp_path, text))[1]
    engines = {role: Settings(_env_file=None).engines(role) for role in Role}
    sheets = [
        scenario.to_spec(
            call_id="c1", seed=seed, engines=engines, under_test=AgentUnderTest(name="a")
        ).customer
        for seed in range(6)
    ]
    assert [(sheet.persona.name, sheet.goals) for sheet in sheets if sheet] == [
        ("Maya Chen", (Goal(say="I need a room."),))
    ] * 6
    assert len({sheet.persona.voice for sheet in sheets if sheet}) > 1
    ann = scenario.with_persona(Persona(name="Ann Lee"))
    named = ann.to_spec(
        call_id="c1", seed=0, engines=engines, under_test=AgentUnderTest(name="a")
    ).customer
    assert named
    assert named.persona == Persona(name="Ann Lee")


NAMED = """\
    engines:
      support: {tts: piper/joe, stt: deepgram/nova-3}
      customer: {tts: openai/ash}
"""


def test_the_first_that_names_an_engine_counts(tmp_path: Path) -> None:
    scenario = load_scenario(str(write(tmp_path, GOOD + NAMED)))
    settings = Settings(
        _env_file=None,
        duologue_profile=Profile.CLOUD,
        support_llm="openai/gpt-4.1",
        support_stt="cartesia/ink-2",
    )
    spec = scenario.to_spec(
        call_id="c1",
        seed=0,
        engines={role: settings.engines(role) for role in Role},
        options={Role.SUPPORT: EngineChoice(tts="hibari/heart")},
    )
    assert spec.engines[Role.SUPPORT] == Engines(
        tts="hibari/heart",  # the command line, before the scenario
        stt="deepgram/nova-3",  # the scenario, before the environment
        llm="openai/gpt-4.1",  # the environment, before the profile
        vad="silero",  # the profile
    )
    assert spec.engines[Role.CUSTOMER].tts == "openai/ash"
    # The agent hears a service's voice, the caller a local one.
    assert spec.for_role(Role.SUPPORT).silences_s == {Role.SUPPORT: AFTER_SERVICE_S}
    assert spec.for_role(Role.CUSTOMER).silences_s == {}


def test_a_personas_voice_is_taken_among_those_of_its_provider(tmp_path: Path) -> None:
    text = GOOD.replace("{name: Ann Lee}", "{name: Ann Lee, voice: hibari/heart-deep, speed: 1.1}")
    scenario = load_scenario(str(write(tmp_path, text)))

    def voice(base: str, **options: str) -> str:
        settings = Settings(_env_file=None, customer_tts=base)
        spec = scenario.to_spec(
            call_id="c1",
            seed=0,
            engines={role: settings.engines(role) for role in Role},
            options={Role.CUSTOMER: EngineChoice(**options)},
        )
        return spec.engines[Role.CUSTOMER].tts

    assert voice("hibari/heart-low") == "hibari/heart-deep@1.1"
    assert voice("openai/alloy") == "openai/alloy"
    assert voice("hibari/heart-low", tts="hibari/heart") == "hibari/heart@1.1"


def test_an_engine_of_a_scenario_that_is_not_known_is_said_before_a_call(tmp_path: Path) -> None:
    scenario = load_scenario(str(write(tmp_path, GOOD + NAMED.replace("piper/joe", "piper"))))
    settings = Settings(_env_file=None)
    with pytest.raises(EngineUnavailable, match="engine 'piper' cannot be used"):
        scenario.to_spec(
            call_id="c1", seed=0, engines={role: settings.engines(role) for role in Role}
        )


def test_dates_stay_as_they_are_written() -> None:
    [order] = load_scenario(DEFAULT).userdata.desk["orders"]
    assert order["expected_on"] == "2026-11-27"


def test_a_call_id_that_is_none_is_refused() -> None:
    with pytest.raises(SpecError, match="call_id"):
        load_scenario().to_spec(call_id="../up", seed=0, engines={})


@pytest.mark.parametrize(
    ("said", "instead", "where", "problem"),
    [
        ("persona: {name: Ann Lee}", "persona: {}", (9, "scenarios.0.persona.name"), "required"),
        ("say: Where is my order?", "say: ''", (12, "scenarios.0.goals.0.say"), "at least 1"),
        ("facts:", "fcats:", (10, "scenarios.0.fcats"), "not permitted"),
        ("persona: {name: Ann Lee}", "persona: nobody", (9, "scenarios.0.persona"), "no persona"),
        ("facts:", "language: fr\n    facts:", (10, "scenarios.0.language"), "should be 'en'"),
        ("facts:", "mood: {start: sad}\n    facts:", (10, "scenarios.0.mood.start"), "'calm'"),
        ("business: shop", "business: bank", (5, "scenarios.0.userdata.business"), "'bank'"),
        ("postcode:", "zip:", (6, "scenarios.0.userdata.desk"), "no column 'zip'"),
        ("customers:", "clients:", (6, "scenarios.0.userdata.desk"), "no table 'clients'"),
        ("name: test", "name: test\nname: again", (2, "name"), "twice"),
        ("name: test", "name: &a test", (1, ""), "anchors, aliases"),
        ("name: test", "name: [", (3, ""), "not YAML"),
        ("name: test", "name: !!python/object:os.system x", (1, ""), "tag"),
        ("name: test", "name: &a [x]\nb: [*a, *a]", (1, ""), "anchors, aliases"),
        ("name: test", "name: " + "[" * 100_000, (1, ""), "nested too deeply"),
        ("name: test", "? [a]\n: b", (1, ""), "key must be a word"),
        ("name: test", "<<: {name: test}", (1, "name"), "required"),
        ("name: test", "name: test\n---\nname: again", (2, ""), "another document"),
        ("name: test", "name: \0", (0, ""), "control characters"),
        ('"10025"', "00023", (8, ""), "put 00023 in quotes: YAML takes it for 19"),
        ('"10025"', "10:25", (8, ""), "put 10:25 in quotes"),
        ('"10025"', "9" * 5000, (8, ""), "in quotes"),
        ('"10025"', "0x" + "f" * 5000, (8, ""), "in quotes"),
        ('"10025"', ".nan", (8, ""), "in quotes"),
        (GOOD, "", (0, ""), "empty"),
        (GOOD, "# yaml-language-server: $schema=schema.json", (0, ""), "empty"),
        (GOOD, "just text", (1, ""), "valid dictionary"),
        (GOOD, "#" * (MAX_BYTES + 1), (0, ""), "larger"),
        (GOOD, "#" * 10_000_000, (0, ""), "larger"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_field(
    tmp_path: Path, said: str, instead: str, where: tuple[int, str], problem: str
) -> None:
    path = write(tmp_path, GOOD.replace(said, instead, 1))
    with pytest.raises(DocumentError, match=problem) as raised:
        load_scenario(str(path))
    assert (raised.value.line, raised.value.field) == where
    assert raised.value.file == path
    assert "\n" not in str(raised.value)


def test_a_file_of_several_wants_a_label(tmp_path: Path) -> None:
    second = GOOD.split("scenarios:\n")[1].replace("label: one", "label: two")
    path = write(tmp_path, GOOD + second)
    assert load_scenario(f"{path}#two").label == "two"
    with pytest.raises(DocumentError, match="one of: one, two"):
        load_scenario(str(path))
    with pytest.raises(DocumentError, match="no scenario 'three'"):
        load_scenario(f"{path}#three")
    path = write(tmp_path, GOOD + second.replace("label: two", "label: one"))
    with pytest.raises(DocumentError, match="used twice"):
        load_scenario(f"{path}#one")


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.symlink_to("/dev/zero")
    with pytest.raises(DocumentError, match="larger"):
        load_scenario(str(path))


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"name: \xff")
    with pytest.raises(DocumentError, match=r"s\.yaml: cannot be read: is not UTF-8"):
        load_scenario(str(path))


@pytest.mark.parametrize("reference", ["no-such", ".", "personas"])
def test_a_scenario_that_is_not_there_says_which_are(reference: str) -> None:
    with pytest.raises(DocumentError, match=r"no such scenario; bundled are: .*charged-once"):
        load_scenario(reference)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(DocumentError, match=r"no/such\.yaml: there is no such file"):
        load_scenario("no/such.yaml")
