export { datasetPush } from './dataset-sync.js';
export { estimate } from './estimate.js';
export { experiment } from './experiment.js';
export { platformMigration } from './platform-migration.js';
export { movePromptLabel, syncPrompt } from './prompts.js';
export { prune } from './prune.js';
export { baseline } from './regression-baseline.js';
export { regression } from './regression.js';
export { scheduled } from './regression-scheduled.js';
