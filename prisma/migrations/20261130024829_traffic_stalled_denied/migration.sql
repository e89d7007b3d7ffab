-- AlterTable
ALTER TABLE "traffic_bucket" ADD COLUMN     "denied" INTEGER,
ADD COLUMN     "stalled" BOOLEAN NOT NULL DEFAULT false;
