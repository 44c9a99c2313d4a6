"""Runs inside the SDK's environment: every method of its client for skills; what came back is printed as JSON."""

import json
import sys

from langfuse import Langfuse
from langfuse.api.core.api_error import ApiError
from langfuse.api.unstable.skills import SkillVersionFileInput, SkillVersionFileReference

url, public_key, secret_key = sys.argv[1:]
skills = Langfuse(public_key=public_key, secret_key=secret_key, host=url, tracing_enabled=False).api.unstable.skills
text = "---\nname: capitals\ndescription: Knows capitals\n---\n"
told = {}

main = SkillVersionFileInput(path="SKILL.md", content=text)
made = skills.create_version(files=[main, SkillVersionFileInput(path="run.py", content="print(1)")])
told["made"] = [made.version, [file.path for file in made.files]]
named = SkillVersionFileReference(path="main.py", sha256hash=made.files[1].sha256hash)
again = skills.create_version(files=[main, named], commit_message="Again")
content = skills.get_file_contents(sha256hashes=made.files[1].sha256hash).data[0].content
told["again"] = [again.version, content]
told["labelled"] = skills.set_labels("capitals", 2, labels=["production"]).labels
told["fetched"] = skills.get("capitals").version
told["tags"] = skills.update("capitals", tags=["x"]).tags
page = skills.list(search="CAPITALS", tag="x")
told["listed"] = [[row.name for row in page.data], page.meta.has_next_page]
told["deleted"] = skills.delete_version("capitals", 1).deleted
try:
    skills.get("capitals", version=1)
except ApiError as refusal:
    told["refused"] = [refusal.status_code, refusal.body["code"]]
print(json.dumps(told))
