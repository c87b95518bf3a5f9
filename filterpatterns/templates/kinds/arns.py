"""Infers the event source from an ARN or a resource type."""

from __future__ import annotations

import re

_SERVICES = {
    "sqs": "sqs",
    "kinesis": "kinesis",
    "dynamodb": "dynamodb",
    "kafka": "kafka",
    "mq": "mq",
    "rds": "documentdb",  # DocumentDB clusters have RDS ARNs
}
"""The source for the service in an ARN (Service Authorization Reference, the resource types of each
service)."""

_ARN = re.compile(r"\s*arn:(?:\$\{[^}]*\}|[^:{}]*):(?P<service>[a-z0-9-]+):")


def source_of_arn(arn: str) -> str | None:
    """The source that an ARN names; parts of it may be placeholders, `${AWS::Partition}`."""
    match = _ARN.match(arn)
    return None if match is None else _SERVICES.get(match["service"])


CLOUDFORMATION_TYPES = {
    "AWS::SQS::Queue": "sqs",
    "AWS::Kinesis::Stream": "kinesis",
    "AWS::Kinesis::StreamConsumer": "kinesis",
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::DynamoDB::GlobalTable": "dynamodb",
    "AWS::Serverless::SimpleTable": "dynamodb",
    "AWS::MSK::Cluster": "kafka",
    "AWS::MSK::ServerlessCluster": "kafka",
    "AWS::AmazonMQ::Broker": "mq",
    "AWS::DocDB::DBCluster": "documentdb",
}
"""CloudFormation resource types that event source mappings and pipes read from."""

TERRAFORM_TYPES = {
    "aws_sqs_queue": "sqs",
    "aws_kinesis_stream": "kinesis",
    "aws_kinesis_stream_consumer": "kinesis",
    "aws_dynamodb_table": "dynamodb",
    "aws_msk_cluster": "kafka",
    "aws_msk_serverless_cluster": "kafka",
    "aws_mq_broker": "mq",
    "aws_docdb_cluster": "documentdb",
    "awscc_sqs_queue": "sqs",
    "awscc_kinesis_stream": "kinesis",
    "awscc_kinesis_stream_consumer": "kinesis",
    "awscc_dynamodb_table": "dynamodb",
    "awscc_dynamodb_global_table": "dynamodb",
    "awscc_msk_cluster": "kafka",
    "awscc_msk_serverless_cluster": "kafka",
    "awscc_amazonmq_broker": "mq",
    "awscc_docdb_db_cluster": "documentdb",
}
"""The same for Terraform's AWS and AWSCC providers."""

MAPPING_PROPERTIES = {
    "SelfManagedEventSource": "kafka",
    "SelfManagedKafkaEventSourceConfig": "kafka",
    "AmazonManagedKafkaEventSourceConfig": "kafka",
    "Topics": "kafka",
    "Queues": "mq",
    "DocumentDBEventSourceConfig": "documentdb",
}
"""Properties that only mappings of one source have (Lambda API reference,
"CreateEventSourceMapping")."""

PIPE_PARAMETERS = {
    "SqsQueueParameters": "sqs",
    "KinesisStreamParameters": "kinesis",
    "DynamoDBStreamParameters": "dynamodb",
    "ManagedStreamingKafkaParameters": "kafka",
    "SelfManagedKafkaParameters": "kafka",
    "ActiveMQBrokerParameters": "mq",
    "RabbitMQBrokerParameters": "mq",
}
"""The same for pipes (EventBridge Pipes API reference, "PipeSourceParameters")."""

SAM_EVENTS = {
    "SQS": "sqs",
    "Kinesis": "kinesis",
    "DynamoDB": "dynamodb",
    "MSK": "kafka",
    "SelfManagedKafka": "kafka",
    "MQ": "mq",
    "DocumentDB": "documentdb",
}
"""SAM's event types that become event source mappings (SAM developer guide, "EventSource")."""


def snake(name: str) -> str:
    """A property's name as Terraform writes it: `SqsQueueParameters` -> `sqs_queue_parameters`."""
    for written, word in (("DynamoDB", "Dynamodb"), ("DocumentDB", "DocumentDb"), ("MQ", "mq")):
        name = name.replace(written, word)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
