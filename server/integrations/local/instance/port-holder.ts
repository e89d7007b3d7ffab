import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { groupOf } from "./process.ts";

/** Who listens on a port of the loopback interface, from /proc; elsewhere than on Linux nobody knows. */

export interface Listener {
  inode: string;
  uid: number;
}

export interface Holder {
  /** null: a process of another user, which may not be looked into */
  pid: number | null;
  name: string | null;
}

const LINUX = process.platform === "linux";
const LISTEN = "0A";
/** Which address a connection to 127.0.0.1 reaches: the most specific one that is listened on. */
const REACHED_FIRST = [
  ["0100007F", "0000000000000000FFFF00000100007F"],
  ["00000000"],
  ["00000000000000000000000000000000", "0000000000000000FFFF000000000000"],
];
/** They listen for what runs in a container, outside the process tree of the command that started it. */
const CONTAINER_PROXIES = new Set(["docker-proxy", "rootlessport", "rootlesskit", "slirp4netns", "pasta", "passt"]);

/** The sockets that answer a connection to 127.0.0.1:`port`; null where that cannot be known. */
export function listenersOn(port: number): Listener[] | null {
  if (!LINUX) return null;
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const found = new Map<string, Listener[]>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    let text: string;
    try {
      text = readFileSync(file, "latin1");
    } catch {
      continue; // a kernel without IPv6, or a /proc that hides it
    }
    for (const line of text.split("\n")) {
      if (!line.includes(`:${hex} `)) continue;
      const [, local = "", , state, , , , uid = "", , inode = ""] = line.trim().split(/\s+/);
      const [address = "", at] = local.split(":");
      if (state === LISTEN && at === hex) found.set(address, [...(found.get(address) ?? []), { inode, uid: +uid }]);
    }
  }
  for (const addresses of REACHED_FIRST) {
    const reached = addresses.flatMap((address) => found.get(address) ?? []);
    if (reached.length > 0) return reached;
  }
  return [];
}

/** The ports that the processes of a group listen on, lowest first. */
export function portsOf(isOurs: (pid: number) => boolean): number[] {
  const inodes = new Set(pids().filter(isOurs).flatMap(socketsOf));
  const ports = new Set<number>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"])
    for (const line of read(file).split("\n")) {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      if (state === LISTEN && inodes.has(inode)) ports.add(Number.parseInt(local.split(":")[1] ?? "0", 16));
    }
  return [...ports].sort((a, b) => a - b);
}

/** The process that holds one of the sockets; null when none can be found. */
export function holderOf(listeners: readonly Listener[]): Holder | null {
  const wanted = new Set(listeners.map(({ inode }) => inode));
  for (const pid of pids()) if (socketsOf(pid).some((inode) => wanted.has(inode))) return { pid, name: nameOf(pid) };
  return listeners.length > 0 ? { pid: null, name: null } : null;
}

/** Whether this process holds all of the sockets. */
export function isAllOurs(listeners: readonly Listener[]): boolean {
  const ours = new Set(socketsOf(process.pid));
  return listeners.every(({ inode }) => ours.has(inode));
}

/** `process 123 (nginx)`, as it stands in a message. */
export const describeHolder = ({ pid, name }: Holder): string =>
  pid === null ? "a process of another user" : `process ${pid}${name === null ? "" : ` (${name})`}`;

/**
 * Whether an instance may be what answers on the port it was given. Null: it is, or nobody can tell; otherwise the
 * stranger. An instance is its process group, and what inherited its mark in the environment.
 */
export function strangerOn(port: number, instance: { pid: number; id: string }): Holder | null {
  const listeners = listenersOn(port);
  if (listeners === null || listeners.length === 0) return null;
  const inodes = new Set(listeners.map(({ inode }) => inode));
  const isOurs = belongsTo(instance);
  // its own process first: nearly always it is the one, and the rest of /proc need not be read
  if (socketsOf(instance.pid).some((inode) => inodes.has(inode))) return null;
  let stranger: Holder | null = null;
  for (const pid of pids()) {
    if (!socketsOf(pid).some((inode) => inodes.has(inode))) continue;
    const name = nameOf(pid);
    if (isOurs(pid) || (name !== null && CONTAINER_PROXIES.has(name))) return null;
    stranger ??= { pid, name };
  }
  return stranger ?? (proxyFor(port) ? null : { pid: null, name: null });
}

/** Whether a process is one of an instance's: of its group, its descendant, or marked in its environment. */
export function belongsTo({ pid: leader, id }: { pid: number; id: string }): (pid: number) => boolean {
  const mark = `OPERATE_LOCAL_INSTANCE=${id}`;
  return (pid) => pid === leader || groupOf(pid) === leader || read(`/proc/${pid}/environ`).split("\0").includes(mark);
}

/** A container's proxy of another user, recognised by the port on its command line. */
const proxyFor = (port: number): boolean =>
  pids().some(
    (pid) =>
      CONTAINER_PROXIES.has(nameOf(pid) ?? "") && read(`/proc/${pid}/cmdline`).split("\0").includes(String(port)),
  );

const pids = (): number[] => (LINUX ? readdirSync("/proc").map(Number).filter(Number.isInteger) : []);

function socketsOf(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((fd) => {
      const found = /^socket:\[(\d+)\]$/.exec(link(`${folder}/${fd}`));
      return found?.[1] === undefined ? [] : [found[1]];
    });
  } catch {
    return []; // gone meanwhile, or somebody else's
  }
}

const link = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed meanwhile
  }
};

const read = (path: string): string => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // gone meanwhile, or somebody else's
  }
};

/** As the kernel shows it; Node calls every process of its own `MainThread`, which says nothing. */
function nameOf(pid: number): string | null {
  const name = read(`/proc/${pid}/comm`).trim();
  return (name === "MainThread" ? basename(read(`/proc/${pid}/cmdline`).split("\0")[0] ?? "") : name) || null;
}
