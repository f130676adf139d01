"""What came of a suite as JUnit XML, which continuous integration shows: a test case a scenario."""

from pathlib import Path
from xml.etree import ElementTree as ET

from duologue.suite.result import Grade, ScenarioResult, SuiteResult
from shared.masking import masked
from shared.printable import printable

_ELEMENT = {Grade.FAILED: "failure", Grade.UNCHECKED: "failure", Grade.UNKNOWN: "error"}


def write_junit(path: Path, result: SuiteResult) -> None:
    """Write the file, without secrets and without what XML does not have.

    Raises:
        OSError: It cannot be written.
    """
    result = masked(result)
    marks = [scenario.mark for scenario in result.scenarios]
    suite = ET.Element(
        "testsuite",
        name=f"duologue {result.support_agent or 'support'}",
        tests=str(len(marks)),
        failures=str(marks.count(Grade.FAILED) + marks.count(Grade.UNCHECKED)),
        errors=str(marks.count(Grade.UNKNOWN)),
        time=f"{sum(_length_s(scenario) for scenario in result.scenarios):.1f}",
    )
    suite.extend(_case(scenario) for scenario in result.scenarios)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    document = ET.tostring(root, encoding="utf-8", xml_declaration=True).decode()
    path.write_text(printable(document), encoding="utf-8")


def _case(scenario: ScenarioResult) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname="duologue",
        name=scenario.label,
        time=f"{_length_s(scenario):.1f}",
    )
    unchecked = ", ".join(scenario.unchecked)
    if unchecked:
        properties = ET.SubElement(case, "properties")
        ET.SubElement(properties, "property", name="unchecked", value=unchecked)
    if name := _ELEMENT.get(scenario.mark):
        counted = f"{scenario.successes} of {scenario.valid} valid calls reached their goal"
        why = scenario.worst or f"nothing was checked: {unchecked or 'nothing is expected'}"
        ET.SubElement(case, name, message=f"{counted}: {why}")
    ET.SubElement(case, "system-out").text = "\n".join(str(run) for run in scenario.runs)
    return case


def _length_s(scenario: ScenarioResult) -> float:
    return sum(run.duration_s for run in scenario.runs)
