import { type DeploymentAnalysis, Prisma } from "#server/db/generated/client.ts";
import type { Db, Tx } from "../../kernel/context.ts";
import { newId } from "../../kernel/ids.ts";
import type { JudgeResult, Verdict } from "../judge/analysis-schema.ts";
import type { AnalysisSummary } from "../schema.ts";

/** What the judge found, with every number it went by, in the database. */

export type AnalysisKind = AnalysisSummary["kind"];
export type AnalysisRow = Omit<DeploymentAnalysis, "verdict" | "kind" | "result"> & {
  verdict: Verdict;
  kind: AnalysisKind;
  result: JudgeResult | null;
};

interface NewAnalysis {
  /** the newest of a key is kept */
  key: string;
  stepIndex: number | null;
  attempt: number;
  kind: AnalysisKind;
  verdict: Verdict;
  score: number | null;
  sentence: string;
  from: Date;
  to: Date;
  result: JudgeResult | null;
}

/** Writes the newest result under its key, in the place of the one before. */
export async function upsertAnalysis(
  tx: Db | Tx,
  deploymentId: string,
  given: NewAnalysis,
  at: Date,
): Promise<AnalysisRow> {
  const { result, key, ...columns } = given;
  const data = { ...columns, at, result: (result as unknown as Prisma.InputJsonObject | null) ?? Prisma.DbNull };
  const row = await tx.deploymentAnalysis.upsert({
    where: { deploymentId_key: { deploymentId, key } },
    create: { ...data, key, deploymentId, id: newId("ana", at.getTime()) },
    update: data,
  });
  return row as unknown as AnalysisRow;
}

/** Newest first, without the numbers. */
export async function listAnalyses(
  db: Db | Tx,
  deploymentId: string,
  limit: number,
): Promise<Omit<AnalysisRow, "result">[]> {
  const found = await db.deploymentAnalysis.findMany({
    where: { deploymentId },
    omit: { result: true },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    take: limit,
  });
  return found as Omit<AnalysisRow, "result">[];
}

/** The results of the given analyses, by id. */
export async function findResults(db: Db, ids: readonly string[]): Promise<Map<string, JudgeResult | null>> {
  const found = await db.deploymentAnalysis.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, result: true },
  });
  return new Map(found.map((row) => [row.id, row.result as unknown as JudgeResult | null]));
}

export const toAnalysisSummary = (row: Omit<AnalysisRow, "result">): AnalysisSummary => ({
  id: row.id,
  stepIndex: row.stepIndex,
  attempt: row.attempt,
  kind: row.kind,
  verdict: row.verdict,
  score: row.score,
  sentence: row.sentence,
  from: row.from.toISOString(),
  to: row.to.toISOString(),
  at: row.at.toISOString(),
});
