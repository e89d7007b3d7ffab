-- AlterTable
ALTER TABLE "api_token" ADD COLUMN     "services" TEXT[] DEFAULT ARRAY[]::TEXT[];
