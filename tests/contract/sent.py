"""Bodies and queries that more than one call, or the making of the facts, sends."""

SINCE, UNTIL = "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"
COUNTED = (
    '{"view":"observations","metrics":[{"measure":"count","aggregation":"count"}],"dimensions":[{"field":"name"}],'
)
COUNTED += f'"fromTimestamp":"{SINCE}","toTimestamp":"{UNTIL}"}}'
TRACES = COUNTED.replace("observations", "traces", 1)
SPAN = {
    "traceId": "0123456789abcdef0123456789abcdef",
    "spanId": "0123456789abcdef",
    "name": "exported",
    "kind": 1,
    "startTimeUnixNano": "1767225600000000000",
    "endTimeUnixNano": "1767225601000000000",
    "attributes": [{"key": "langfuse.observation.type", "value": {"stringValue": "span"}}],
}
EXPORT = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "tests"}, "spans": [SPAN]}]}]}
EVENT = {"id": "{new}", "type": "trace-create", "timestamp": SINCE, "body": {"id": "{new}", "name": "sent"}}
MODEL = {"modelName": "{new}", "matchPattern": "(?i)^(contract)$", "unit": "TOKENS", "inputPrice": 1e-6}
NUMBER = {"view": "observations", "name": "A count", "dimensions": [], "filters": [], "chartType": "NUMBER"}
NUMBER |= {"metrics": [{"measure": "count", "agg": "count"}]}
BUCKET = {
    "projectId": "{spare_project}",
    "type": "S3_COMPATIBLE",
    "bucketName": "exports",
    "endpoint": "https://storage.example.org",
    "region": "auto",
    "accessKeyId": "key",
    "secretAccessKey": "secret",
    "exportFrequency": "daily",
    "enabled": False,
    "forcePathStyle": True,
    "fileType": "JSONL",
    "exportMode": "FULL_HISTORY",
}
CONNECTION = {"provider": "{new}", "adapter": "openai", "secretKey": "sk-secret", "customModels": ["gpt-x"]}
JUDGE = {
    "type": "llm_as_judge",
    "name": "{new}",
    "prompt": "Is {{output}} right?",
    "outputDefinition": {
        "dataType": "NUMERIC",
        "reasoning": {"description": "Why."},
        "score": {"description": "From 0 to 1."},
    },
}
MAPPING = [{"variable": "output", "source": "output"}]
RULE = {
    "name": "{new}",
    "evaluator": {"name": "{evaluator_name}", "type": "llm_as_judge"},
    "target": "observation",
    "enabled": True,
    "mapping": MAPPING,
    "filter": [],
}
JUDGE_V2 = {
    "type": "llm_as_judge",
    "name": "{new}",
    "prompt": "Is {{output}} right?",
    "variableMapping": MAPPING,
    "outputDefinition": {"dataType": "NUMERIC", "scoreReasoningInstructions": "Why.", "scoreValueInstructions": "0…1"},
}
RULE_V2 = {
    "name": "{new}",
    "enabled": True,
    "evaluatorAssignments": [{"evaluatorId": "{evaluator_v2}", "variableMapping": MAPPING}],
}
SKILL = "---\nname: {skill_name}\ndescription: What it is for.\n---\n\nDo it well.\n"
