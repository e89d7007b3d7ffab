/** The package has no types of its own. */
declare module "snappyjs" {
  const snappyjs: {
    compress(body: Uint8Array): Uint8Array;
    uncompress(block: Uint8Array): Uint8Array;
  };
  export default snappyjs;
}
