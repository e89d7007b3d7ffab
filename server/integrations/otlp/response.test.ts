import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { serializers } from "../../testing/telemetry/sdk-bodies.ts";
import { encodeResponse, encodeStatus } from "./response.ts";

const REJECTED = [
  { reason: "too old", count: 3, example: "a line" },
  { reason: "too new", count: 1, example: null },
];

describe("the answer to an export", () => {
  it.each([
    ["logs", "Logs", "rejectedLogRecords"],
    ["metrics", "Metrics", "rejectedDataPoints"],
    ["traces", "Trace", "rejectedSpans"],
  ] as const)("about %s is understood by the SDK, in both encodings", (signal, of, field) => {
    for (const encoding of ["Protobuf", "Json"] as const) {
      const body = encodeResponse(signal, encoding === "Json" ? "json" : "protobuf", REJECTED);
      const { partialSuccess } = serializers[`${encoding}${of}Serializer`].deserializeResponse(body) as {
        partialSuccess: Record<string, unknown>;
      };
      expect(Number(partialSuccess[field])).toBe(4);
      expect(partialSuccess.errorMessage).toBe("3 × too old (a line); 1 × too new");
    }
  });

  it("is empty when everything was taken", () => {
    expect(encodeResponse("logs", "protobuf", [])).toHaveLength(0);
    expect(Buffer.from(encodeResponse("logs", "json", [])).toString()).toBe("{}");
  });

  it("of a failure is a google.rpc.Status", () => {
    const Status = new protobuf.Type("Status")
      .add(new protobuf.Field("code", 1, "int32"))
      .add(new protobuf.Field("message", 2, "string"));
    const error = { code: "RATE_LIMITED", message: "Come back later." } as const;
    expect(Status.decode(encodeStatus("protobuf", error)).toJSON()).toEqual({ code: 8, message: "Come back later." });
    expect(JSON.parse(Buffer.from(encodeStatus("json", error)).toString())).toEqual({
      code: 8,
      message: "Come back later.",
    });
  });
});
