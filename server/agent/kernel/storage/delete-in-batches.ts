/**
 * Deletes until a batch was not full, so that no statement holds its locks for long and nothing else waits.
 * @param deleteSome deletes at most `batch` rows and says how many it deleted
 * @returns how many rows were deleted in all
 */
export async function deleteInBatches(batch: number, deleteSome: (limit: number) => Promise<number>): Promise<number> {
  let deleted = 0;
  for (;;) {
    const count = await deleteSome(batch);
    deleted += count;
    if (count < batch) return deleted;
  }
}
