export { resolveTemporal } from './resolve.js';
export { startTemporal } from './server.js';
