"""Validates documents, one JSON object with `schema`, `name` and `document` a line, each against its schema."""

import importlib.resources
import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    ours = json.load(file)
theirs = json.loads(importlib.resources.files("auditwheel").joinpath("show-schema.json").read_text())
for schema in (ours, theirs):
    Draft202012Validator.check_schema(schema)
validators = {"muslrepair": Draft202012Validator(ours), "auditwheel": Draft202012Validator(theirs)}
bills = JsonStrictValidator(SchemaVersion.V1_4)

wrong = 0
for line in sys.stdin:
    item = json.loads(line)
    if item["schema"] == "cyclonedx":
        error = bills.validate_str(json.dumps(item["document"]))
        errors = [error] if error else []
    else:
        errors = list(validators[item["schema"]].iter_errors(item["document"]))
    for error in errors:
        wrong += 1
        print(f"{item['name']}: {item['schema']}: {error}", file=sys.stderr)
sys.exit(1 if wrong else 0)
