// Runs on whatever Node the machine has, before anything is installed: nothing but built-in modules here.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Operate needs Node 20.19 or newer to start; this is ${process.versions.node}. Install a newer Node.`);
  process.exitCode = 1;
} else {
  const { bootstrap } = await import("./bootstrap/main.mjs");
  process.exitCode = await bootstrap(process.argv.slice(2));
}
