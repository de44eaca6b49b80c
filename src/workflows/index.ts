export { estimate } from './estimate.js';
export { experiment } from './experiment.js';
export { prune } from './prune.js';
