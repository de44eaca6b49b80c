export { experiment } from './experiment.js';
export { prune } from './prune.js';
