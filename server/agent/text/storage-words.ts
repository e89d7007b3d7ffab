/** How every message begins that tells of a database that is away; the console knows it by these words. */
export const DATABASE_AWAY = "The database does not answer";
/** in every message that tells of a full disk under the database */
export const DISK_FULL = "disk of the data directory is full";
