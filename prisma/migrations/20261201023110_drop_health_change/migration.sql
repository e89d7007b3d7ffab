-- Its rows are on the time line since 20261130203932_health_on_timeline, and every later change was written there too.
DROP TABLE "health_change";
