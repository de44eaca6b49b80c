export { postgresAccount } from './account.js';
export { postgresBinaries } from './binaries.js';
export { postgresFolders, postgresPlace } from './place.js';
export { type PostgresServer, startPostgres } from './server.js';
