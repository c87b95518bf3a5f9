"""FP101 and up: patterns that AWS accepts silently; FP201 and up: about templates."""

from __future__ import annotations

from filterpatterns.lint.catalog.entries import (
    DYNAMODB,
    FILTERING,
    KINESIS,
    OPERATORS,
    PATTERNS,
    SNS,
    SQS,
    CatalogEntry,
    Note,
    criteria,
    entry,
)
from filterpatterns.lint.catalog.services import SERVICE_WARNINGS

WARNINGS: tuple[CatalogEntry, ...] = (
    entry(
        "FP101",
        "repeated name",
        "An object has the same name twice: only the last value counts. All rules of a field "
        "belong in one array, all fields of an object in one object.",
        PATTERNS,
        '{\n  "body": {\n    "status": ["paid"],\n    "status": ["sent"]\n  }\n}',
        '{\n  "body": {\n    "status": ["paid", "sent"]\n  }\n}',
    ),
    entry(
        "FP102",
        "path reached twice",
        'One path is spelled in two ways, {"a": {"b": ...}} and "a.b", or is both inside and '
        "outside of a $or: only the last rules count.",
        PATTERNS,
        '{"body": {"status": ["paid"]}, "body.status": ["sent"]}',
        '{"body": {"status": ["paid", "sent"]}}',
    ),
    entry(
        "FP103",
        "Pattern is an object",
        "AWS expects a filter's Pattern as a string that contains JSON, not as JSON itself. We "
        "accept it, but AWS refuses it: in a template (CloudFormation, SAM, CDK output, "
        "Terraform) this is an error.",
        FILTERING,
        '{"Filters": [{"Pattern": {"body": {"status": ["paid"]}}}]}',
        criteria('{"body": {"status": ["paid"]}}'),
    ),
    entry(
        "FP104",
        "field that AWS adds after filtering",
        "eventSource, eventSourceARN and awsRegion, and for Kinesis eventName, eventID and "
        "others, do not exist yet when AWS filters: a rule for them never matches, except "
        "exists: false. A mapping has only one event source anyway.",
        FILTERING,
        '{"eventSource": ["aws:sqs"], "body": {"status": ["paid"]}}',
        '{"body": {"status": ["paid"]}}',
    ),
    entry(
        "FP105",
        "operator not documented for the service",
        "All three services use an engine that supports every operator, but the documentation "
        "of this service does not list this one: it may work today, but there is no guarantee. "
        "Lambda documents neither wildcard, cidr, anything-but with an operator, nor prefix or "
        "suffix that ignore case; Pipes documents only the last of these. This is an error in "
        "strict mode.",
        OPERATORS,
        '{"body": {"key": [{"wildcard": "in/*"}]}}',
        '{"body": {"key": [{"prefix": "in/"}]}}',
    ),
    entry(
        "FP106",
        "number with more digits than its double",
        "AWS compares numbers as IEEE doubles. A number with more digits than a double holds, "
        "or beyond 1.8e308, is compared as text instead: it equals only a number that is "
        "written in the same way.",
        OPERATORS,
        '{"body": {"level": [37.807807921694092]}}',
        '{"body": {"level": [37.80780792169409]}}',
    ),
    entry(
        "FP107",
        "field outside the payload",
        "The latest Lambda pages say that mappings filter only on the payload (body, data, "
        "dynamodb, value). Other fields have worked so far, but a pattern without the payload's "
        "name looks the same.",
        KINESIS,
        '{"status": ["paid"]}',
        '{"data": {"status": ["paid"]}}',
        source="kinesis",
    ),
    entry(
        "FP108",
        "wrapper that records do not have",
        "Patterns describe a record from the payload's name down: dynamodb, data, value. A body "
        "around it, or the outer objects of the Lambda event (Records, kinesis), match "
        "nothing.",
        KINESIS,
        '{"body": {"data": {"status": ["paid"]}}}',
        '{"data": {"status": ["paid"]}}',
        source="kinesis",
    ),
    entry(
        "FP109",
        "number for a DynamoDB string",
        'A DynamoDB record stores numbers as strings, {"N": "101"}, so a number never equals '
        "one, and numeric never matches. Ranges cannot be filtered.",
        DYNAMODB,
        '{\n  "dynamodb": {\n    "NewImage": {\n      "Total": {"N": [{"numeric": [">", 100]}]}\n'
        "    }\n  }\n}",
        '{\n  "dynamodb": {\n    "NewImage": {\n      "Total": {"N": [{"anything-but": "0"}]}\n'
        "    }\n  }\n}",
        source="dynamodb",
    ),
    entry(
        "FP110",
        "DynamoDB type left out",
        "Each value in an image is below its type (S, N, BOOL ...); below M come the next "
        "names, below L the next types. Without the type nothing is found, and exists: false "
        "matches every record.",
        DYNAMODB,
        '{\n  "dynamodb": {\n    "NewImage": {\n      "Id": ["1"]\n    }\n  }\n}',
        '{\n  "dynamodb": {\n    "NewImage": {\n      "Id": {"N": ["1"]}\n    }\n  }\n}',
        source="dynamodb",
    ),
    entry(
        "FP111",
        "rule for the inside of an envelope",
        "The Message of an SNS notification in a queue is a string and is not parsed: nothing "
        "is below it. The detail of an EventBridge event is an object: no plain value equals "
        "it.",
        SNS,
        '{"body": {"Message": {"status": ["paid"]}}}',
        '{"body": {"status": ["paid"]}}',
    ),
    entry(
        "FP112",
        "filters that were meant to apply together",
        "A record is kept if any filter matches. A filter that only excludes something matches "
        "nearly all records, so that the others have no effect.",
        FILTERING,
        criteria(
            '{"body": {"status": ["paid"]}}', '{"body": {"country": [{"anything-but": "DE"}]}}'
        ),
        criteria('{"body": {"status": ["paid"], "country": [{"anything-but": "DE"}]}}'),
    ),
    entry(
        "FP113",
        "exists on an object",
        "exists is about values: strings, numbers, true, false and null. On an object, exists: "
        "true never matches and exists: false always does.",
        OPERATORS,
        '{\n  "dynamodb": {\n    "OldImage": [{"exists": false}]\n  }\n}',
        '{\n  "dynamodb": {\n    "OldImage": {"Id": {"N": [{"exists": false}]}}\n  }\n}',
        source="dynamodb",
    ),
    entry(
        "FP114",
        "rules that always match",
        "One of the rules matches if the value exists, another if it does not.",
        OPERATORS,
        '{"body": {"total": [{"exists": true}, {"exists": false}]}}',
        '{"body": {"total": [{"exists": true}]}}',
    ),
    entry(
        "FP115",
        "rule that adds nothing",
        "Any rule of the array may match, and another one matches whenever this one does.",
        OPERATORS,
        '{"body": {"path": [{"prefix": "/api/"}, "/api/orders"]}}',
        '{"body": {"path": [{"prefix": "/api/"}]}}',
    ),
    entry(
        "FP116",
        "rules that exclude nothing",
        "Any rule of the array may match. One of two overlapping ranges matches every number; "
        "one of two exclusions matches every value. Both bounds, and all exclusions, belong in "
        "one rule.",
        OPERATORS,
        '{"body": {"total": [{"numeric": [">", 0]}, {"numeric": ["<", 100]}]}}',
        '{"body": {"total": [{"numeric": [">", 0, "<", 100]}]}}',
    ),
    entry(
        "FP117",
        "rule that no plain string satisfies",
        "An array of rules directly at the payload's name is for messages that are plain "
        "strings. Valid JSON (5, true, a whole object) is not a plain string: the formats "
        "differ, and the rule is never evaluated. For JSON, write an object with fields.",
        SQS,
        '{"body": ["{\\"status\\": \\"paid\\"}"]}',
        '{"body": {"status": ["paid"]}}',
    ),
    entry(
        "FP118",
        "field that no record of the source has",
        "An SQS record has messageId, receiptHandle, body, attributes, messageAttributes and "
        "their checksums. A rule for any other field never matches; exists: false always does. "
        "The message is below body, and names are spelled as in Lambda events, not as in the "
        "SQS API. For other sources, a name is reported if it differs from a field of the record "
        "only in case or by one character.",
        SQS,
        '{"Body": {"status": ["paid"]}}',
        '{"body": {"status": ["paid"]}}',
    ),
    *SERVICE_WARNINGS,
)

NOTES = (
    Note(
        "FP201",
        "skipped",
        "known only at deployment",
        "Nothing is known about the pattern: it is a `!Ref`, a `var.name`, or a value that "
        "Terraform knows after applying. (If a pattern is known in part, the rest is checked.) "
        "Provide it with `--set NAME=VALUE`, or check what was deployed: `aws lambda "
        "list-event-source-mappings`. With `--fail-on-skipped` it counts as an error.",
    ),
    Note(
        "FP202",
        "skipped",
        "encrypted filters",
        "The mapping's filters are encrypted with a KMS key: `list-event-source-mappings` does "
        "not show them. `aws lambda get-event-source-mapping` shows them to a role that may use "
        "the key (kms:Decrypt); others get a FilterCriteriaError.",
    ),
    Note(
        "FP203",
        "error",
        "filters for a source without filtering",
        "Lambda does not filter events of Amazon DocumentDB: AWS refuses a mapping with "
        "filters. Filter in the function. EventBridge Pipes does not read from DocumentDB.",
    ),
    Note(
        "FP204",
        "skipped",
        "template of another engine",
        "The file is not valid as it is, and has marks of Jinja, Helm, cookiecutter or a "
        "similar engine. Render it and check the result: `helm template . | fp check -`. If the "
        "file was named on the command line, this is an error.",
    ),
    Note(
        "FP205",
        "skipped",
        "file too large for a search",
        "A search reads files of up to 1 MB, as CloudFormation does (Terraform files: 512 KB), "
        "so that other files in a directory cost little memory. Larger files that mention "
        "filters are reported: name them on the command line to check them.",
    ),
    Note(
        "FP206",
        "warning",
        "filterPatterns next to the event",
        "In serverless.yml, filterPatterns belongs under the event, `- sqs: {arn: ..., "
        "filterPatterns: [...]}`. Next to `sqs:` or `stream:`, one level up, the framework "
        "ignores it: the function gets every record.",
    ),
    Note(
        "FP220",
        "warning",
        "null in a CloudFormation EventPattern",
        "CloudFormation refuses null in an EventPattern that is an object. Write the "
        "EventPattern as a string of JSON, which may contain null.",
    ),
    Note(
        "FP221",
        "warning",
        "key filtered on with a schema registry",
        "The mapping's SchemaRegistryConfig lists KEY, so that the key is deserialized to JSON "
        "and filtered. AWS documents that only for the value.",
    ),
    Note(
        "FP223",
        "note",
        "event source inferred",
        "The template does not show what the mapping reads from: its event source is a "
        "parameter, an import, or another module's output. The source was inferred from its "
        "name, or from the payload in the patterns, and the rules for it were applied. "
        "`--source` overrides it.",
    ),
    Note(
        "FP224",
        "note",
        "event source unknown",
        "Neither the template nor the patterns show what the mapping reads from: only what is "
        "true of all sources was checked. Use `--source`. It is reported once, for the first of "
        "all such mappings.",
    ),
    Note(
        "FP225",
        "note",
        "a filter in another language",
        "The FilterPolicy of an SNS subscription looks like a filter pattern, but follows other "
        'rules (SNS developer guide, "Subscription filter policies"). It was not checked.',
    ),
)
"""Codes about templates, not patterns."""
