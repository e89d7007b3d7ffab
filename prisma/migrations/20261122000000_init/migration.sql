-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actorKind" TEXT NOT NULL,
    "actorId" TEXT NOT NULL,
    "actorName" TEXT NOT NULL,
    "via" TEXT NOT NULL,
    "requestId" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "targetType" TEXT,
    "targetId" TEXT,
    "before" JSONB,
    "after" JSONB,
    "errorCode" TEXT,
    "reason" TEXT,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployment" (
    "id" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "strategy" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "previousVersion" TEXT,
    "status" TEXT NOT NULL,
    "summary" TEXT NOT NULL,
    "options" JSONB NOT NULL,
    "activeKey" TEXT,
    "actorKind" TEXT NOT NULL,
    "actorId" TEXT NOT NULL,
    "actorName" TEXT NOT NULL,
    "requestId" TEXT NOT NULL,
    "cancelRequested" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "startedAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3),
    "deadlineAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deployment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployment_event" (
    "id" TEXT NOT NULL,
    "deploymentId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "level" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "detail" JSONB,
    "seq" SERIAL NOT NULL,

    CONSTRAINT "deployment_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "health_target" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "origin" TEXT NOT NULL,
    "service" TEXT,
    "environment" TEXT,
    "address" TEXT NOT NULL,
    "spec" JSONB NOT NULL,
    "dependsOn" TEXT[],
    "intervalMs" INTEGER NOT NULL,
    "timeoutMs" INTEGER NOT NULL,
    "failureThreshold" INTEGER NOT NULL,
    "successThreshold" INTEGER NOT NULL,
    "shard" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'unknown',
    "stateSince" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "flapping" BOOLEAN NOT NULL DEFAULT false,
    "flappingReason" TEXT,
    "consecutiveFailures" INTEGER NOT NULL DEFAULT 0,
    "consecutiveSuccesses" INTEGER NOT NULL DEFAULT 0,
    "recent" TEXT NOT NULL DEFAULT '',
    "lastCheckedAt" TIMESTAMPTZ(3),
    "lastLatencyMs" DOUBLE PRECISION,
    "lastMessage" TEXT,
    "causedBy" TEXT,
    "muted" BOOLEAN NOT NULL DEFAULT false,
    "maintenanceUntil" TIMESTAMPTZ(3),
    "active" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "health_target_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "health_result" (
    "targetId" TEXT NOT NULL,
    "slotAt" TIMESTAMPTZ(3) NOT NULL,
    "outcome" TEXT NOT NULL,
    "latencyMs" DOUBLE PRECISION NOT NULL,
    "statusCode" INTEGER,
    "message" TEXT,
    "maintenance" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "health_result_pkey" PRIMARY KEY ("targetId","slotAt")
);

-- CreateTable
CREATE TABLE "health_rollup" (
    "targetId" TEXT NOT NULL,
    "resolution" INTEGER NOT NULL,
    "bucketAt" TIMESTAMPTZ(3) NOT NULL,
    "up" INTEGER NOT NULL,
    "degraded" INTEGER NOT NULL,
    "down" INTEGER NOT NULL,
    "latency" INTEGER[],

    CONSTRAINT "health_rollup_pkey" PRIMARY KEY ("targetId","resolution","bucketAt")
);

-- CreateTable
CREATE TABLE "health_change" (
    "key" TEXT NOT NULL,
    "sequence" BIGSERIAL NOT NULL,
    "targetId" TEXT NOT NULL,
    "shard" INTEGER NOT NULL,
    "from" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    "causedBy" TEXT,
    "message" TEXT,
    "flapping" BOOLEAN NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "deliveredAt" TIMESTAMPTZ(3),

    CONSTRAINT "health_change_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "health_shard" (
    "shard" INTEGER NOT NULL,
    "owner" TEXT,
    "leaseUntil" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "health_shard_pkey" PRIMARY KEY ("shard")
);

-- CreateTable
CREATE TABLE "health_worker" (
    "id" TEXT NOT NULL,
    "leaseUntil" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "health_worker_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "emailVerified" BOOLEAN NOT NULL DEFAULT false,
    "image" TEXT,
    "role" TEXT NOT NULL DEFAULT 'viewer',
    "disabledAt" TIMESTAMPTZ(3),
    "mustChangePassword" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "token" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "ipAddress" TEXT,
    "userAgent" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "account" (
    "id" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "accessToken" TEXT,
    "refreshToken" TEXT,
    "idToken" TEXT,
    "accessTokenExpiresAt" TIMESTAMPTZ(3),
    "refreshTokenExpiresAt" TIMESTAMPTZ(3),
    "scope" TEXT,
    "password" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "verification" (
    "id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "verification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rateLimit" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "lastRequest" BIGINT NOT NULL,

    CONSTRAINT "rateLimit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attempt_counter" (
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "resetsAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "attempt_counter_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "api_token" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "ownerId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "lastUsedAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "api_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident" (
    "id" TEXT NOT NULL,
    "number" SERIAL NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "severity" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "assignee" TEXT,
    "service" TEXT,
    "environment" TEXT,
    "deploymentId" TEXT,
    "causeKey" TEXT,
    "openKey" TEXT,
    "source" TEXT NOT NULL,
    "resolution" TEXT,
    "escalation" INTEGER NOT NULL DEFAULT 0,
    "openedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "acknowledgedAt" TIMESTAMPTZ(3),
    "resolvedAt" TIMESTAMPTZ(3),
    "closedAt" TIMESTAMPTZ(3),
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "incident_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_event" (
    "id" TEXT NOT NULL,
    "incidentId" TEXT NOT NULL,
    "key" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "actorKind" TEXT NOT NULL,
    "actorId" TEXT NOT NULL,
    "actorName" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "detail" JSONB,
    "seq" SERIAL NOT NULL,

    CONSTRAINT "incident_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "live_event" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "topic" TEXT NOT NULL,
    "subjectId" TEXT,

    CONSTRAINT "live_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "executor" (
    "id" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "beatAt" TIMESTAMPTZ(3) NOT NULL,
    "place" TEXT NOT NULL DEFAULT '',
    "pid" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "executor_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "traffic_bucket" (
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "resolution" INTEGER NOT NULL,
    "bucketAt" TIMESTAMPTZ(3) NOT NULL,
    "requests" INTEGER NOT NULL,
    "status2xx" INTEGER NOT NULL,
    "status3xx" INTEGER NOT NULL,
    "status4xx" INTEGER NOT NULL,
    "status5xx" INTEGER NOT NULL,
    "latency" INTEGER[],

    CONSTRAINT "traffic_bucket_pkey" PRIMARY KEY ("service","environment","resolution","bucketAt","version")
);

-- CreateIndex
CREATE INDEX "audit_entry_at_idx" ON "audit_entry"("at" DESC);

-- CreateIndex
CREATE INDEX "audit_entry_targetType_targetId_at_idx" ON "audit_entry"("targetType", "targetId", "at" DESC);

-- CreateIndex
CREATE INDEX "audit_entry_actorId_at_idx" ON "audit_entry"("actorId", "at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "deployment_activeKey_key" ON "deployment"("activeKey");

-- CreateIndex
CREATE INDEX "deployment_service_environment_createdAt_idx" ON "deployment"("service", "environment", "createdAt" DESC);

-- CreateIndex
CREATE INDEX "deployment_createdAt_idx" ON "deployment"("createdAt" DESC);

-- CreateIndex
CREATE INDEX "deployment_event_deploymentId_at_seq_idx" ON "deployment_event"("deploymentId", "at", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "deployment_event_deploymentId_key_key" ON "deployment_event"("deploymentId", "key");

-- CreateIndex
CREATE INDEX "health_target_active_shard_idx" ON "health_target"("active", "shard");

-- CreateIndex
CREATE INDEX "health_result_slotAt_idx" ON "health_result" USING BRIN ("slotAt");

-- CreateIndex
CREATE INDEX "health_rollup_bucketAt_idx" ON "health_rollup" USING BRIN ("bucketAt");

-- CreateIndex
CREATE UNIQUE INDEX "health_change_sequence_key" ON "health_change"("sequence");

-- CreateIndex
CREATE INDEX "health_change_deliveredAt_sequence_idx" ON "health_change"("deliveredAt", "sequence");

-- CreateIndex
CREATE INDEX "health_change_at_idx" ON "health_change"("at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "user_email_key" ON "user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "session_token_key" ON "session"("token");

-- CreateIndex
CREATE INDEX "session_userId_idx" ON "session"("userId");

-- CreateIndex
CREATE INDEX "account_userId_idx" ON "account"("userId");

-- CreateIndex
CREATE INDEX "verification_identifier_idx" ON "verification"("identifier");

-- CreateIndex
CREATE UNIQUE INDEX "rateLimit_key_key" ON "rateLimit"("key");

-- CreateIndex
CREATE INDEX "attempt_counter_resetsAt_idx" ON "attempt_counter"("resetsAt");

-- CreateIndex
CREATE UNIQUE INDEX "api_token_hash_key" ON "api_token"("hash");

-- CreateIndex
CREATE INDEX "api_token_ownerId_idx" ON "api_token"("ownerId");

-- CreateIndex
CREATE UNIQUE INDEX "incident_number_key" ON "incident"("number");

-- CreateIndex
CREATE UNIQUE INDEX "incident_openKey_key" ON "incident"("openKey");

-- CreateIndex
CREATE INDEX "incident_status_openedAt_idx" ON "incident"("status", "openedAt" DESC);

-- CreateIndex
CREATE INDEX "incident_service_environment_openedAt_idx" ON "incident"("service", "environment", "openedAt" DESC);

-- CreateIndex
CREATE INDEX "incident_causeKey_openedAt_idx" ON "incident"("causeKey", "openedAt" DESC);

-- CreateIndex
CREATE INDEX "incident_deploymentId_idx" ON "incident"("deploymentId");

-- CreateIndex
CREATE INDEX "incident_event_incidentId_at_seq_idx" ON "incident_event"("incidentId", "at", "seq");

-- CreateIndex
CREATE INDEX "incident_event_key_idx" ON "incident_event"("key");

-- CreateIndex
CREATE UNIQUE INDEX "incident_event_incidentId_key_key" ON "incident_event"("incidentId", "key");

-- CreateIndex
CREATE INDEX "live_event_at_idx" ON "live_event"("at");

-- CreateIndex
CREATE INDEX "executor_state_beatAt_idx" ON "executor"("state", "beatAt");

-- CreateIndex
CREATE INDEX "traffic_bucket_resolution_bucketAt_idx" ON "traffic_bucket"("resolution", "bucketAt");

-- AddForeignKey
ALTER TABLE "deployment_event" ADD CONSTRAINT "deployment_event_deploymentId_fkey" FOREIGN KEY ("deploymentId") REFERENCES "deployment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account" ADD CONSTRAINT "account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "incident_event" ADD CONSTRAINT "incident_event_incidentId_fkey" FOREIGN KEY ("incidentId") REFERENCES "incident"("id") ON DELETE CASCADE ON UPDATE CASCADE;
