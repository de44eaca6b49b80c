export { postgresAccount } from './account.js';
export { postgresBinaries } from './binaries.js';
export { postgresFolders, postgresPlace } from './place.js';
export { startPostgres } from './server.js';
