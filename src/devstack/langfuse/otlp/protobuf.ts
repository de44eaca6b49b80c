import protobuf from 'protobufjs';

// The messages of opentelemetry.proto.collector.trace.v1 that are read, by field number
// (https://github.com/open-telemetry/opentelemetry-proto, fields stable since 1.0). Unknown fields are skipped.
const schema = `syntax = "proto3";
message Export { repeated ResourceSpans resourceSpans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopeSpans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Scope { string name = 1; string version = 2; }
message Span {
  bytes traceId = 1; bytes spanId = 2; bytes parentSpanId = 4; string name = 5;
  fixed64 startTimeUnixNano = 7; fixed64 endTimeUnixNano = 8; repeated KeyValue attributes = 9; Status status = 15;
}
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value {
  string stringValue = 1; bool boolValue = 2; int64 intValue = 3; double doubleValue = 4;
  ArrayValue arrayValue = 5; KeyValueList kvlistValue = 6; bytes bytesValue = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }`;

let exportType: protobuf.Type | undefined;

/** Decodes a protobuf export to the shape of its JSON form; throws on broken bytes. */
export function decodeProtobuf(bytes: Buffer): unknown {
  exportType ??= protobuf.parse(schema).root.lookupType('Export');
  return exportType.toObject(exportType.decode(bytes), { longs: String });
}
