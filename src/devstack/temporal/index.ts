export { cacheFolder, resolveTemporal } from './resolve.js';
export { startTemporal, type TemporalServer } from './server.js';
