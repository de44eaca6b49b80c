export { experiment } from './experiment.js';
