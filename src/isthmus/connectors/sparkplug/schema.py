"""The Sparkplug B payload as Protocol Buffers messages, described in code.

Field numbers and names are those of the specification (Eclipse Sparkplug 3.0.0, 6.4.1). The
edition is 2023: presence is explicit as in the specification's proto2, and text is checked to be
UTF-8 when a payload is parsed, not when a name is read.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

PACKAGE: Final = "isthmus.sparkplug"

_Field = descriptor_pb2.FieldDescriptorProto
SCALARS: Final = {
    "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
    "float": _Field.TYPE_FLOAT,
    "double": _Field.TYPE_DOUBLE,
    "bool": _Field.TYPE_BOOL,
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
}
VALUE: Final = "value"  # the name of every oneof below

# message -> (number, name, type, "" or "repeated" or the name of its oneof)
MESSAGES: Final[dict[str, list[tuple[int, str, str, str]]]] = {
    "Payload": [
        (1, "timestamp", "uint64", ""),
        (2, "metrics", "Metric", "repeated"),
        (3, "seq", "uint64", ""),
        (4, "uuid", "string", ""),
        (5, "body", "bytes", ""),
    ],
    "Metric": [
        (1, "name", "string", ""),
        (2, "alias", "uint64", ""),
        (3, "timestamp", "uint64", ""),
        (4, "datatype", "uint32", ""),
        (5, "is_historical", "bool", ""),
        (6, "is_transient", "bool", ""),
        (7, "is_null", "bool", ""),
        (8, "metadata", "MetaData", ""),
        (9, "properties", "PropertySet", ""),
        (10, "int_value", "uint32", VALUE),
        (11, "long_value", "uint64", VALUE),
        (12, "float_value", "float", VALUE),
        (13, "double_value", "double", VALUE),
        (14, "boolean_value", "bool", VALUE),
        (15, "string_value", "string", VALUE),
        (16, "bytes_value", "bytes", VALUE),
        (17, "dataset_value", "DataSet", VALUE),
        (18, "template_value", "Template", VALUE),
    ],
    "MetaData": [
        (1, "is_multi_part", "bool", ""),
        (2, "content_type", "string", ""),
        (3, "size", "uint64", ""),
        (4, "seq", "uint64", ""),
        (5, "file_name", "string", ""),
        (6, "file_type", "string", ""),
        (7, "md5", "string", ""),
        (8, "description", "string", ""),
    ],
    "PropertySet": [
        (1, "keys", "string", "repeated"),
        (2, "values", "PropertyValue", "repeated"),
    ],
    "PropertyValue": [
        (1, "type", "uint32", ""),
        (2, "is_null", "bool", ""),
        (3, "int_value", "uint32", VALUE),
        (4, "long_value", "uint64", VALUE),
        (5, "float_value", "float", VALUE),
        (6, "double_value", "double", VALUE),
        (7, "boolean_value", "bool", VALUE),
        (8, "string_value", "string", VALUE),
        (9, "propertyset_value", "PropertySet", VALUE),
        (10, "propertysets_value", "PropertySetList", VALUE),
    ],
    "PropertySetList": [(1, "propertyset", "PropertySet", "repeated")],
    "DataSet": [
        (1, "num_of_columns", "uint64", ""),
        (2, "columns", "string", "repeated"),
        (3, "types", "uint32", "repeated"),
        (4, "rows", "Row", "repeated"),
    ],
    "Row": [(1, "elements", "DataSetValue", "repeated")],
    "DataSetValue": [
        (1, "int_value", "uint32", VALUE),
        (2, "long_value", "uint64", VALUE),
        (3, "float_value", "float", VALUE),
        (4, "double_value", "double", VALUE),
        (5, "boolean_value", "bool", VALUE),
        (6, "string_value", "string", VALUE),
    ],
    "Template": [
        (1, "version", "string", ""),
        (2, "metrics", "Metric", "repeated"),
        (3, "parameters", "Parameter", "repeated"),
        (4, "template_ref", "string", ""),
        (5, "is_definition", "bool", ""),
    ],
    "Parameter": [
        (1, "name", "string", ""),
        (2, "type", "uint32", ""),
        (3, "int_value", "uint32", VALUE),
        (4, "long_value", "uint64", VALUE),
        (5, "float_value", "float", VALUE),
        (6, "double_value", "double", VALUE),
        (7, "boolean_value", "bool", VALUE),
        (8, "string_value", "string", VALUE),
    ],
}


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="isthmus/sparkplug_b.proto",
        package=PACKAGE,
        syntax="editions",
        edition=descriptor_pb2.EDITION_2023,
    )
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        if any(group == VALUE for *_, group in fields):
            message.oneof_decl.add(name=VALUE)
        for number, field_name, kind, group in fields:
            field = message.field.add(name=field_name, number=number)
            field.label = _Field.LABEL_REPEATED if group == "repeated" else _Field.LABEL_OPTIONAL
            if kind in SCALARS:
                field.type = SCALARS[kind]
            else:
                field.type = _Field.TYPE_MESSAGE
                field.type_name = f".{PACKAGE}.{kind}"
            if group == VALUE:
                field.oneof_index = 0
            elif group == "repeated" and kind == "uint32":
                # as a proto2 writer does, which older readers expect
                field.options.features.repeated_field_encoding = descriptor_pb2.FeatureSet.EXPANDED
    return file


def _classes() -> dict[str, type[Message]]:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_file().SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in MESSAGES
    }


_MADE: Final = _classes()
# made at run time: the fields are known to the table above, not to a type checker
Fields: TypeAlias = Any
Payload: Any = _MADE["Payload"]
DataSet: Any = _MADE["DataSet"]
Template: Any = _MADE["Template"]
