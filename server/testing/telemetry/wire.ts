import protobuf from "protobufjs";
import snappyjs from "snappyjs";

/** Bodies of Loki and of Prometheus, written by other hands than those that read them. */

const LOGPROTO = `
  syntax = "proto3";
  package logproto;
  message PushRequest { repeated StreamAdapter streams = 1; }
  message StreamAdapter { string labels = 1; repeated EntryAdapter entries = 2; uint64 hash = 3; }
  message EntryAdapter { Timestamp timestamp = 1; string line = 2; repeated LabelPairAdapter structuredMetadata = 3; }
  message LabelPairAdapter { string name = 1; string value = 2; }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
`;

const PROMETHEUS = `
  syntax = "proto3";
  package prometheus;
  message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
  message MetricMetadata { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
  message TimeSeries {
    repeated Label labels = 1;
    repeated Sample samples = 2;
    repeated Exemplar exemplars = 3;
    repeated Histogram histograms = 4;
  }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
  message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
  message BucketSpan { sint32 offset = 1; uint32 length = 2; }
  message Histogram {
    oneof count { uint64 count_int = 1; double count_float = 2; }
    double sum = 3; sint32 schema = 4; double zero_threshold = 5;
    oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
    repeated BucketSpan negative_spans = 8; repeated sint64 negative_deltas = 9; repeated double negative_counts = 10;
    repeated BucketSpan positive_spans = 11; repeated sint64 positive_deltas = 12; repeated double positive_counts = 13;
    int32 reset_hint = 14; int64 timestamp = 15; int64 start_timestamp = 17;
  }
`;

const PROMETHEUS_2 = PROMETHEUS.replace("package prometheus", "package two").replace(
  /message WriteRequest[\s\S]*?message Label [^\n]*\n/,
  `
  message Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
  message TimeSeries {
    repeated uint32 labels_refs = 1;
    repeated Sample samples = 2;
    repeated Histogram histograms = 3;
    Metadata metadata = 5;
    int64 created_timestamp = 6;
  }
  message Metadata { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
  message Label { string name = 1; string value = 2; }
`,
);

const encoder = (source: string, type: string) => {
  const { root } = protobuf.parse(source, { keepCase: true });
  const message = root.lookupType(type);
  return (value: object): Uint8Array => message.encode(message.fromObject(value)).finish();
};

const encodePush = encoder(LOGPROTO, "logproto.PushRequest");
const encodeWrite = encoder(PROMETHEUS, "prometheus.WriteRequest");

/** logproto.PushRequest, in snappy */
export const pushRequest = (streams: object[]): Uint8Array => snappyjs.compress(encodePush({ streams }));

const encodeRequest2 = encoder(PROMETHEUS_2, "two.Request");

interface Series2 {
  labels: Record<string, string>;
  type?: number;
  help?: string;
  unit?: string;
  samples?: object[];
  histograms?: object[];
  created_timestamp?: number;
}

/** io.prometheus.write.v2.Request, in snappy */
export function writeRequest2(series: readonly Series2[]): Uint8Array {
  const symbols = [""];
  const ref = (text: string): number => {
    const at = symbols.indexOf(text);
    return at === -1 ? symbols.push(text) - 1 : at;
  };
  const timeseries = series.map(({ labels, type = 0, help = "", unit = "", ...rest }) => ({
    ...rest,
    labels_refs: Object.entries(labels).flatMap(([name, value]) => [ref(name), ref(value)]),
    metadata: { type, help_ref: ref(help), unit_ref: ref(unit) },
  }));
  return snappyjs.compress(encodeRequest2({ symbols, timeseries }));
}

/** prometheus.WriteRequest, in snappy */
export const writeRequest = (timeseries: object[], metadata: object[] = []): Uint8Array =>
  snappyjs.compress(encodeWrite({ timeseries, metadata }));
