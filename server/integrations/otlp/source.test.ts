import { describe, expect, it } from "vitest";
import type { Attributes } from "../../agent/ports/telemetry.ts";
import { sourceOf } from "./source.ts";

const of = (resource: Attributes) => {
  const { origin, namespace, identified } = sourceOf({ "service.name": "shop", ...resource });
  return { instance: origin.instance, namespace, identified };
};
const [POD, NAMESPACE, UID, CONTAINER] = ["k8s.pod.name", "k8s.namespace.name", "k8s.pod.uid", "k8s.container.name"];
const [HOST, HOST_ID, PID, CREATED] = ["host.name", "host.id", "process.pid", "process.creation.time"];
const ID = "container.id";
const HEX = "0123456789abcdef".repeat(4);

describe("two processes", () => {
  it.each<[string, Attributes, Attributes]>([
    [
      "pods of one name in two namespaces",
      { [NAMESPACE]: "a", [POD]: "shop-0", [PID]: 1 },
      { [NAMESPACE]: "b", [POD]: "shop-0", [PID]: 1 },
    ],
    [
      "pods of one name by their uid",
      { [UID]: "u1", [POD]: "shop-0", [PID]: 1 },
      { [UID]: "u2", [POD]: "shop-0", [PID]: 1 },
    ],
    [
      "pods of one name in two clusters",
      { "k8s.cluster.name": "eu", [NAMESPACE]: "a", [POD]: "shop-0", [CONTAINER]: "m", [PID]: 1 },
      { "k8s.cluster.name": "us", [NAMESPACE]: "a", [POD]: "shop-0", [CONTAINER]: "m", [PID]: 1 },
    ],
    [
      "containers of one pod",
      { [NAMESPACE]: "a", [POD]: "shop-0", [CONTAINER]: "main", [PID]: 1 },
      { [NAMESPACE]: "a", [POD]: "shop-0", [CONTAINER]: "side", [PID]: 1 },
    ],
    [
      "containers of one host",
      { [HOST]: "n", [ID]: HEX, [PID]: 1 },
      { [HOST]: "n", [ID]: `${HEX.slice(1)}0`, [PID]: 1 },
    ],
    ["containers without a number", { [HOST]: "n", [ID]: HEX }, { [HOST]: "n", [ID]: `f${HEX.slice(1)}` }],
    [
      "containers as the runtime writes their ids",
      { [ID]: `containerd://${HEX}`, [PID]: 1 },
      { [ID]: `containerd://f${HEX.slice(1)}`, [PID]: 1 },
    ],
    [
      "hosts of one name",
      { [HOST]: "n", [HOST_ID]: "i-1", [PID]: 4_000 },
      { [HOST]: "n", [HOST_ID]: "i-2", [PID]: 4_000 },
    ],
    [
      "processes of one number, one after the other",
      { [HOST]: "n", [PID]: 4_000, [CREATED]: "2026-11-29T10:00:00Z" },
      { [HOST]: "n", [PID]: 4_000, [CREATED]: "2026-11-29T11:00:00Z" },
    ],
    [
      "ids that differ beyond what is kept",
      { "service.instance.id": `${"x".repeat(300)}1` },
      { "service.instance.id": `${"x".repeat(300)}2` },
    ],
  ])("have two instances: %s", (_, one, other) => {
    expect(of(one).instance).not.toBe(of(other).instance);
    expect(of(one)).toEqual(of({ ...one }));
  });

  it("of one id in two namespaces of services are of two", () => {
    const [one, other] = ["a", "b"].map((name) => of({ "service.namespace": name, "service.instance.id": "1" }));
    expect([one?.namespace, other?.namespace]).toEqual(["a", "b"]);
  });
});

describe("a process", () => {
  it.each<[string, Attributes, boolean]>([
    ["with an id", { "service.instance.id": "x" }, true],
    ["in a container", { [ID]: HEX, [PID]: 1 }, true],
    ["in a named container of one pod", { [NAMESPACE]: "a", [POD]: "p", [CONTAINER]: "m", [PID]: 1 }, true],
    ["in a named container of a pod's uid", { [UID]: "u", [CONTAINER]: "m", [PID]: "1" }, true],
    ["on a host", { [HOST]: "n", [PID]: 4_000 }, true],
    ["on a host by its id", { [HOST_ID]: "i-1", [PID]: 4_000 }, true],
    ["in a container whose host has its id for a name", { [HOST]: HEX.slice(0, 12), [PID]: 1 }, true],
    ["that such a container started later", { [HOST]: HEX.slice(0, 12), [PID]: "4711" }, true],
    ["without a number in such a container", { [HOST]: HEX.slice(0, 12) }, false],
    ["on a host that is named nearly so", { [HOST]: "3f2a9c51e07g", [PID]: 1 }, false],
    ["on a host whose name is longer", { [HOST]: `${HEX.slice(0, 12)}.example`, [PID]: 1 }, false],
    [
      "in a pod of such a name that may have two containers",
      { [POD]: HEX.slice(0, 12), [NAMESPACE]: "a", [PID]: 1 },
      false,
    ],
    ["that is the first on a host, as each is in its container", { [HOST]: "n", [PID]: 1 }, false],
    ["that a shell started in a container", { [HOST]: "n", [PID]: 7 }, false],
    ["in a pod that may have two containers", { [NAMESPACE]: "a", [POD]: "p", [PID]: 1 }, false],
    ["in a pod of any namespace", { [POD]: "shop-0", [CONTAINER]: "m", [PID]: 1 }, false],
    ["on any host", { [HOST]: "localhost", [PID]: 4_000 }, false],
    ["without a place", { [PID]: 4_000 }, false],
    ["without a number", { [HOST]: "n" }, false],
    ["with something else for a number", { [HOST]: "n", [PID]: "main" }, false],
  ])("%s is identified: %s", (_, resource, identified) => {
    expect(of(resource).identified).toBe(identified);
  });

  it("stays one, whatever a collector adds to its id", () => {
    const id = { "service.instance.id": "x" };
    expect(of({ ...id, [HOST]: "n", [PID]: 1, [POD]: "p", [UID]: "u" })).toEqual(of(id));
  });

  it("is told as short as it can be", () => {
    expect(of({ [HOST]: "n", [ID]: HEX, [PID]: 1 }).instance).toBe("n:0123456789ab:1");
    expect(of({ [NAMESPACE]: "a", [POD]: "p", [CONTAINER]: "m", [PID]: 1 }).instance).toBe("a/p:m:1");
    expect(of({ [HOST]: "n", [HOST_ID]: "i-1", [PID]: 4_000 }).instance).toMatch(/^n:4000~[0-9a-f]{8}$/);
  });
});
