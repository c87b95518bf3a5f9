"""FP101 and on: what AWS accepts in silence; FP201 and on: what is said about templates."""

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
        "A name stands twice in one object: only its last value counts. All rules for a field "
        "stand in one array, all fields of an object in one object.",
        PATTERNS,
        '{\n  "body": {\n    "status": ["paid"],\n    "status": ["sent"]\n  }\n}',
        '{\n  "body": {\n    "status": ["paid", "sent"]\n  }\n}',
    ),
    entry(
        "FP102",
        "path reached twice",
        'One path is spelled in two ways, {"a": {"b": ...}} and "a.b", or stands both inside and '
        "beside a $or: only the last rules count.",
        PATTERNS,
        '{"body": {"status": ["paid"]}, "body.status": ["sent"]}',
        '{"body": {"status": ["paid", "sent"]}}',
    ),
    entry(
        "FP103",
        "Pattern is an object",
        "AWS wants a filter's Pattern as a string that holds JSON, not as JSON itself. We take it; "
        "AWS refuses it: in a template (CloudFormation, SAM, CDK's output, Terraform) this is an "
        "error.",
        FILTERING,
        '{"Filters": [{"Pattern": {"body": {"status": ["paid"]}}}]}',
        criteria('{"body": {"status": ["paid"]}}'),
    ),
    entry(
        "FP104",
        "field that AWS adds after filtering",
        "eventSource, eventSourceARN and awsRegion, and for Kinesis eventName, eventID and others, "
        "are not there yet when AWS filters: a rule for them never holds, unless exists: false. A "
        "mapping has one event source anyway.",
        FILTERING,
        '{"eventSource": ["aws:sqs"], "body": {"status": ["paid"]}}',
        '{"body": {"status": ["paid"]}}',
    ),
    entry(
        "FP105",
        "operator not documented for the service",
        "The engine behind all three services takes every operator, but the documentation of this "
        "service does not list it: it may work today, and nobody promises that it will tomorrow. "
        "Lambda documents no wildcard, no cidr, no anything-but with an operator, and no prefix or "
        "suffix ignoring case; Pipes documents the last of these only. An error where asked to be "
        "strict.",
        OPERATORS,
        '{"body": {"key": [{"wildcard": "in/*"}]}}',
        '{"body": {"key": [{"prefix": "in/"}]}}',
    ),
    entry(
        "FP106",
        "number with more digits than its double",
        "AWS compares numbers as IEEE doubles. One with more digits than its double needs, or "
        "beyond 1.8e308, is compared as text instead: only a number that is written the same, "
        "character by character, equals it.",
        OPERATORS,
        '{"body": {"level": [37.807807921694092]}}',
        '{"body": {"level": [37.80780792169409]}}',
    ),
    entry(
        "FP107",
        "field beside the payload",
        "The newest Lambda pages say that mappings filter on the payload only (body, data, "
        "dynamodb, value). Other fields have worked so far; and a pattern that forgot the "
        "payload's name looks like this, too.",
        KINESIS,
        '{"status": ["paid"]}',
        '{"data": {"status": ["paid"]}}',
        source="kinesis",
    ),
    entry(
        "FP108",
        "wrapper that records do not have",
        "Patterns speak of a record from the payload's name down: dynamodb, data, value. A body "
        "around it, or the outer objects of the Lambda event (Records, kinesis), leads nowhere.",
        KINESIS,
        '{"body": {"data": {"status": ["paid"]}}}',
        '{"data": {"status": ["paid"]}}',
        source="kinesis",
    ),
    entry(
        "FP109",
        "number for a DynamoDB string",
        'A DynamoDB record holds numbers as strings, {"N": "101"}, so a number never equals '
        "one, and numeric never holds. Ranges of them cannot be filtered.",
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
        "Each value in an image has its type above it (S, N, BOOL ...), below M the next names "
        "follow, below L the next types. Without the type nothing is found, and exists: false "
        "holds for every record.",
        DYNAMODB,
        '{\n  "dynamodb": {\n    "NewImage": {\n      "Id": ["1"]\n    }\n  }\n}',
        '{\n  "dynamodb": {\n    "NewImage": {\n      "Id": {"N": ["1"]}\n    }\n  }\n}',
        source="dynamodb",
    ),
    entry(
        "FP111",
        "look inside an envelope that is not so",
        "The Message of an SNS notification in a queue is a string, and is not parsed: nothing is "
        "below it. The detail of an EventBridge event is an object: no plain value equals it.",
        SNS,
        '{"body": {"Message": {"status": ["paid"]}}}',
        '{"body": {"status": ["paid"]}}',
    ),
    entry(
        "FP112",
        "filters that were meant to hold together",
        "A record is kept if any filter holds. One that only excludes something holds for nearly "
        "all records, so that the others do not matter.",
        FILTERING,
        criteria(
            '{"body": {"status": ["paid"]}}', '{"body": {"country": [{"anything-but": "DE"}]}}'
        ),
        criteria('{"body": {"status": ["paid"], "country": [{"anything-but": "DE"}]}}'),
    ),
    entry(
        "FP113",
        "exists on an object",
        "exists speaks of values: strings, numbers, true, false and null. On an object exists: "
        "true never holds and exists: false always does.",
        OPERATORS,
        '{\n  "dynamodb": {\n    "OldImage": [{"exists": false}]\n  }\n}',
        '{\n  "dynamodb": {\n    "OldImage": {"Id": {"N": [{"exists": false}]}}\n  }\n}',
        source="dynamodb",
    ),
    entry(
        "FP114",
        "rules that always hold",
        "One of the rules holds where the value is there, another where it is not.",
        OPERATORS,
        '{"body": {"total": [{"exists": true}, {"exists": false}]}}',
        '{"body": {"total": [{"exists": true}]}}',
    ),
    entry(
        "FP115",
        "rule that adds nothing",
        "Any rule of the array may hold, and another one holds wherever this one does.",
        OPERATORS,
        '{"body": {"path": [{"prefix": "/api/"}, "/api/orders"]}}',
        '{"body": {"path": [{"prefix": "/api/"}]}}',
    ),
    entry(
        "FP116",
        "rules that leave nothing out",
        "Any rule of the array may hold. Of two ranges that overlap one holds for every number; of "
        "two exclusions one holds for every value. Both bounds, and all exclusions, stand in one "
        "rule.",
        OPERATORS,
        '{"body": {"total": [{"numeric": [">", 0]}, {"numeric": ["<", 100]}]}}',
        '{"body": {"total": [{"numeric": [">", 0, "<", 100]}]}}',
    ),
    entry(
        "FP117",
        "rule that no plain string satisfies",
        "An array of rules right at the payload's name is for messages that are plain strings. "
        "What is valid JSON (5, true, a whole object) is no plain string: the formats differ, and "
        "the rule is never asked. For JSON write an object with fields.",
        SQS,
        '{"body": ["{\\"status\\": \\"paid\\"}"]}',
        '{"body": {"status": ["paid"]}}',
    ),
    entry(
        "FP118",
        "field that no record of the source has",
        "An SQS record has messageId, receiptHandle, body, attributes, messageAttributes and their "
        "checksums. A rule for anything else never holds, or always for exists: false. What is in "
        "the message stands under body, and names are spelt as Lambda spells them, not as SQS's "
        "own API does.",
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
        "known only when deployed",
        "Nothing is known of the pattern: it is a `!Ref`, a `var.name`, a value that Terraform "
        "knows after applying. (Of a pattern that is known in part, all else is checked.) Say "
        "what it is with `--set NAME=VALUE`, or check what was deployed: `aws lambda "
        "list-event-source-mappings`. With `--fail-on-skipped` it counts as an error.",
    ),
    Note(
        "FP202",
        "skipped",
        "encrypted filters",
        "The mapping's filters are encrypted with a KMS key: `list-event-source-mappings` shows "
        "none. `aws lambda get-event-source-mapping` shows them, to a role that may use the key "
        "(kms:Decrypt); to others it answers with FilterCriteriaError.",
    ),
    Note(
        "FP203",
        "error",
        "filters for a source that has no filtering",
        "Lambda filters no events of Amazon DocumentDB: AWS refuses a mapping with filters. Filter "
        "in the function. EventBridge Pipes does not read from DocumentDB.",
    ),
    Note(
        "FP204",
        "skipped",
        "template that another program renders",
        "The file cannot be read as it is, and has marks of Jinja, Helm, cookiecutter or the like: "
        "what it will be is known when it has been rendered. Render it, and check the result: "
        "`helm template . | fp check -`. Of a file that was named this is an error.",
    ),
    Note(
        "FP205",
        "skipped",
        "file too large for a search",
        "A search reads files of up to 1 MB, as many as CloudFormation takes (of Terraform's "
        "language 512 KB), so that what lies about in a directory costs little memory. Larger "
        "ones that mention filters are reported: name them on the command line, and they are "
        "checked.",
    ),
    Note(
        "FP206",
        "warning",
        "filterPatterns beside the event",
        "In serverless.yml filterPatterns stands under the event, `- sqs: {arn: ..., "
        "filterPatterns: [...]}`. Beside `sqs:` or `stream:`, one level up, the framework takes no "
        "notice of it: the function gets every record.",
    ),
    Note(
        "FP220",
        "warning",
        "null in a CloudFormation EventPattern",
        "CloudFormation refuses null in an EventPattern that is an object. Write the EventPattern "
        "as a string of JSON, where null is taken.",
    ),
    Note(
        "FP221",
        "warning",
        "key filtered on with a schema registry",
        "The mapping's SchemaRegistryConfig lists KEY, so that the key is deserialized to JSON and "
        "filtered on. AWS documents that for the value only.",
    ),
    Note(
        "FP223",
        "note",
        "event source inferred",
        "The template does not say what the mapping reads from: its event source is a parameter, "
        "an import, another module's output. The name of that, or the payload that the patterns "
        "look into, tells it, and the rules about that source were applied. `--source` says "
        "otherwise.",
    ),
    Note(
        "FP224",
        "note",
        "event source unknown",
        "Neither the template nor a name in it, nor the patterns, tell what the mapping reads "
        "from: only what is true of all sources was checked. Say `--source`. It is reported once, "
        "for the first of all such mappings.",
    ),
    Note(
        "FP225",
        "note",
        "a filter in another language",
        "The FilterPolicy of an SNS subscription looks like a filter pattern and follows other "
        'rules (SNS developer guide, "Subscription filter policies"). It was not checked.',
    ),
)
"""What is said about templates, not patterns."""
