"""Install requirements and tell how far that is: pip by itself says nothing, or hundreds of lines.

`make` runs this as a file before anything is installed, so it needs the standard library only. On a terminal one line
counts along; elsewhere each step is a line. What pip complains about is shown when it fails.
"""

import re
import subprocess
import sys

COMMAND = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
FOUND = re.compile(r"(?:Collecting (\S+)|Processing \S*/([\w.]+)-)")
FETCHED = re.compile(r"\s+(?:Downloading|Using cached) ([\w.]+)-\S+\.whl(?: \((.+)\))?")
INSTALLING = re.compile(r"Installing collected packages: (.*)")
WIDTH = 78


class Told:
    """The lines that people see."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()
        self.found = 0

    def hear(self, line: str) -> None:
        """One line of pip's."""
        if step := FOUND.match(line):
            self.found += 1
            self.along(f"{self.found} packages, {step[1] or step[2]}")
        elif step := FETCHED.match(line):
            self.along(f"{self.found} packages, {step[1]}" + (f" ({step[2]})" if step[2] else ""))
        elif step := INSTALLING.match(line):
            self.step(f"{step[1].count(',') + 1} packages found, unpacking them")

    def along(self, text: str) -> None:
        if self.live:
            self.write(f"\r  {text}"[:WIDTH].ljust(WIDTH))

    def step(self, text: str) -> None:
        self.write(f"\r  {text}…".ljust(WIDTH) if self.live else f"  {text}…\n")

    def end(self) -> None:
        if self.live:
            self.write("\r" + " " * WIDTH + "\r")

    def write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def main(requirements: str) -> int:
    told, complaints = Told(), []
    with subprocess.Popen(  # noqa: S603
        [*COMMAND, "-r", requirements], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            told.hear(line)
            if line.startswith("ERROR"):
                complaints.append(line)
    told.end()
    if pip.returncode:
        sys.stderr.write(
            "".join(complaints) or f"pip could not install {requirements} (it ended with {pip.returncode}).\n"
        )
    return pip.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
