-- AlterTable
ALTER TABLE "deployment" ADD COLUMN     "committedAt" TIMESTAMPTZ(3),
ADD COLUMN     "kind" TEXT NOT NULL DEFAULT 'deploy',
ADD COLUMN     "reason" TEXT,
ADD COLUMN     "rollbackOf" TEXT,
ADD COLUMN     "waiting" JSONB,
ADD COLUMN     "watchState" TEXT,
ADD COLUMN     "watchUntil" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "traffic_bucket" ADD COLUMN     "cpuMs" DOUBLE PRECISION,
ADD COLUMN     "errorLines" INTEGER,
ADD COLUMN     "inFlight" DOUBLE PRECISION,
ADD COLUMN     "instances" DOUBLE PRECISION,
ADD COLUMN     "memoryBytes" DOUBLE PRECISION;

-- CreateTable
CREATE TABLE "deployment_step" (
    "deploymentId" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "weight" INTEGER,
    "instances" INTEGER,
    "phase" TEXT,
    "hook" INTEGER,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "startedAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3),
    "note" TEXT,
    "output" JSONB,

    CONSTRAINT "deployment_step_pkey" PRIMARY KEY ("deploymentId","index")
);

-- CreateTable
CREATE TABLE "deployment_decision" (
    "seq" SERIAL NOT NULL,
    "deploymentId" TEXT NOT NULL,
    "decision" TEXT NOT NULL,
    "scope" TEXT NOT NULL DEFAULT 'step',
    "stepIndex" INTEGER,
    "waitingId" TEXT,
    "reason" TEXT NOT NULL,
    "actorKind" TEXT NOT NULL,
    "actorId" TEXT NOT NULL,
    "actorName" TEXT NOT NULL,
    "via" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deployment_decision_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "deployment_analysis" (
    "id" TEXT NOT NULL,
    "deploymentId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "stepIndex" INTEGER,
    "attempt" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "verdict" TEXT NOT NULL,
    "score" DOUBLE PRECISION,
    "sentence" TEXT NOT NULL,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "to" TIMESTAMPTZ(3) NOT NULL,
    "result" JSONB,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deployment_analysis_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployment_lock" (
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "actorKind" TEXT NOT NULL,
    "actorId" TEXT NOT NULL,
    "actorName" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deployment_lock_pkey" PRIMARY KEY ("service","environment")
);

-- CreateIndex
CREATE INDEX "deployment_decision_deploymentId_seq_idx" ON "deployment_decision"("deploymentId", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "deployment_decision_deploymentId_waitingId_key" ON "deployment_decision"("deploymentId", "waitingId");

-- CreateIndex
CREATE INDEX "deployment_analysis_deploymentId_at_idx" ON "deployment_analysis"("deploymentId", "at");

-- CreateIndex
CREATE UNIQUE INDEX "deployment_analysis_deploymentId_key_key" ON "deployment_analysis"("deploymentId", "key");

-- CreateIndex
CREATE INDEX "deployment_watchState_idx" ON "deployment"("watchState");

-- AddForeignKey
ALTER TABLE "deployment_step" ADD CONSTRAINT "deployment_step_deploymentId_fkey" FOREIGN KEY ("deploymentId") REFERENCES "deployment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_decision" ADD CONSTRAINT "deployment_decision_deploymentId_fkey" FOREIGN KEY ("deploymentId") REFERENCES "deployment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_analysis" ADD CONSTRAINT "deployment_analysis_deploymentId_fkey" FOREIGN KEY ("deploymentId") REFERENCES "deployment"("id") ON DELETE CASCADE ON UPDATE CASCADE;
