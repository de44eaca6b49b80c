import type { Plugin } from '../context.js';
import { admin } from './admin.js';
import { comments } from './comments.js';
import { datasetItems } from './dataset-items.js';
import { datasetRunItems } from './dataset-run-items.js';
import { datasetRuns } from './dataset-runs.js';
import { datasetView } from './dataset-view.js';
import { datasets } from './datasets.js';
import { experimentItems } from './experiment-items.js';
import { experiments } from './experiments.js';
import { health } from './health.js';
import { ingestion } from './ingestion.js';
import { metrics } from './metrics.js';
import { metricsDaily } from './metrics-daily.js';
import { models } from './models.js';
import { observations } from './observations.js';
import { observationsV1 } from './observations-v1.js';
import { otlp } from './otlp.js';
import { projects } from './projects.js';
import { promptVersions } from './prompt-versions.js';
import { promptView } from './prompt-view.js';
import { prompts } from './prompts.js';
import { scoreConfigs } from './score-configs.js';
import { scores } from './scores.js';
import { scoresV2 } from './scores-v2.js';
import { scoresV3 } from './scores-v3.js';
import { sessions } from './sessions.js';
import { traceView } from './trace-view.js';
import { traces } from './traces.js';

/** Every capability of the server, one plugin each. */
export const plugins: readonly Plugin[] = [
  health,
  projects,
  datasets,
  datasetItems,
  datasetRunItems,
  datasetRuns,
  scoreConfigs,
  scores,
  scoresV2,
  scoresV3,
  ingestion,
  prompts,
  promptVersions,
  otlp,
  observations,
  experiments,
  experimentItems,
  metrics,
  metricsDaily,
  models,
  comments,
  traces,
  observationsV1,
  sessions,
  traceView,
  datasetView,
  promptView,
  admin,
];
