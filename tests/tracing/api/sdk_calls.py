"""Runs inside an SDK's environment: makes the calls it is told on stdin and prints how each went, as JSON."""

import json
import sys
from functools import reduce

sdk, url, public_key, secret_key = sys.argv[1:]
if sdk in ("py2", "py3"):
    from langfuse.api.client import FernLangfuse as Client
else:
    from langfuse.api.client import LangfuseAPI as Client

client = Client(
    base_url=url,
    username=public_key,
    password=secret_key,
    x_langfuse_sdk_name="python",
    x_langfuse_sdk_version="0",
    x_langfuse_public_key=public_key,
)
outcomes = []
for path, arguments in json.load(sys.stdin):
    try:
        answer = reduce(getattr, path.split("."), client)(**arguments)
        outcomes.append({"call": path, "answer": repr(answer)[:20000]})
    except Exception as error:
        outcomes.append({"call": path, "error": repr(error)[:2000]})
print(json.dumps(outcomes))
