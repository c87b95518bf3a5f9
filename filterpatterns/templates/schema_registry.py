"""The attributes of Kafka records that the schema registry of a mapping validates.

Lambda API reference, "KafkaSchemaRegistryConfig"; Terraform and SAM have the same in other places.
"""

from __future__ import annotations

from filterpatterns.templates.documents.values import List, TemplateValue, members, text_of

_WAY = frozenset(
    (
        *("AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig"),
        *("SchemaRegistryConfig", "SchemaValidationConfigs"),
        *("amazon_managed_kafka_event_source_config", "self_managed_kafka_event_source_config"),
        *("schema_registry_config", "schema_validation_config"),
    )
)
"""Names that lead from a mapping's properties to the attributes."""


def schema_attributes(properties: TemplateValue | None) -> tuple[str, ...]:
    """The attributes, `KEY` and `VALUE`, in a mapping's properties; none without a registry."""
    found: list[str] = []
    pending = [] if properties is None else [properties]
    while pending:
        for name, value in members(pending.pop()):
            if name.value in ("Attribute", "attribute"):
                found.append(text_of(value) or "")
            elif name.value in _WAY:
                pending += value.items if isinstance(value, List) else (value,)
    return tuple(dict.fromkeys(found))
