export { cacheFolder, resolveTemporal } from './resolve.js';
export { ensureSearchAttributes } from './search-attributes.js';
export { startTemporal, type TemporalServer } from './server.js';
